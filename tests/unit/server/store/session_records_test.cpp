#include "protocol/letter_limits.hpp"
#include "protocol/session_records.hpp"
#include "store_test_support.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using protocol::SessionLetter;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// What every implementation does.
class SessionRecordsTest : public test::StoreFixture, public testing::WithParamInterface<test::Kind> {
protected:
    SessionRecordsTest() {
        if (GetParam() == test::Kind::sqlite) {
            store_ = open();
        } else {
            memory_ = protocol::make_memory_session_records(clock_);
        }
    }
    protocol::SessionRecords& records() { return memory_ ? *memory_ : store_->sessions(); }
    core::SystemTime now() const { return clock_.system_now(); }
    void leave(std::string session, std::string key, std::string body = "{}") {
        get(records().leave(SessionLetter(std::move(session), std::move(key), std::move(body))));
    }
    std::vector<std::string> collect(std::vector<std::string> addresses) {
        std::vector<std::string> keys;
        for (SessionLetter const& letter : get(records().collect(std::move(addresses)))) {
            keys.push_back(letter.session + " " + letter.key);
        }
        return keys;
    }

    std::unique_ptr<server::StateStore> store_;
    std::unique_ptr<protocol::SessionRecords> memory_;
};

INSTANTIATE_TEST_SUITE_P(Both,
                         SessionRecordsTest,
                         testing::Values(test::Kind::memory, test::Kind::sqlite),
                         test::name_of);

TEST_P(SessionRecordsTest, KnowsNothingOfASessionThatWasOnlyOpened) {
    EXPECT_FALSE(records().is_revoked("s"));
    EXPECT_FALSE(get(records().last_seen("s")));
    EXPECT_FALSE(get(records().load_state("s")));
    EXPECT_TRUE(collect({"s answer:1"}).empty());
}

TEST_P(SessionRecordsTest, RevokedSessionIsRevokedUntilItsIdExpires) {
    get(records().revoke("s", now() + hours(1)));
    EXPECT_TRUE(records().is_revoked("s"));
    EXPECT_FALSE(records().is_revoked("other"));
    clock_.advance(hours(1) - seconds(1));
    EXPECT_TRUE(records().is_revoked("s"));
    clock_.advance(seconds(1));
    EXPECT_FALSE(records().is_revoked("s"));
}

TEST_P(SessionRecordsTest, RevokingAgainNeverShortensARevocation) {
    get(records().revoke("s", now() + hours(2)));
    get(records().revoke("s", now() + hours(1)));
    clock_.advance(minutes(90));
    EXPECT_TRUE(records().is_revoked("s"));
    get(records().revoke("s", now() + hours(2)));
    clock_.advance(minutes(90));
    EXPECT_TRUE(records().is_revoked("s"));
    clock_.advance(minutes(30));
    EXPECT_FALSE(records().is_revoked("s"));
}

TEST_P(SessionRecordsTest, RevokingAnExpiredSessionIsNothing) {
    get(records().revoke("s", now()));
    EXPECT_FALSE(records().is_revoked("s"));
}

TEST_P(SessionRecordsTest, LastSeenIsTheLatestNotedAndForgottenWithTheSession) {
    core::SystemTime const start = now();
    core::SystemTime const until = start + hours(1);
    records().note_seen("s", start, until);
    EXPECT_EQ(get(records().last_seen("s")), start);
    records().note_seen("s", start + seconds(5), until);
    records().note_seen("s", start + seconds(3), until);
    EXPECT_EQ(get(records().last_seen("s")), start + seconds(5));
    EXPECT_FALSE(get(records().last_seen("other")));
    clock_.advance(hours(1));
    EXPECT_FALSE(get(records().last_seen("s")));
    records().note_seen("s", now(), until); // its id has expired: not worth a record
    EXPECT_FALSE(get(records().last_seen("s")));
}

TEST_P(SessionRecordsTest, StateIsTheOneSavedLastAndForgottenWithTheSession) {
    get(records().save_state("s", R"({"level":"info"})", now() + hours(1)));
    get(records().save_state("s", R"({"level":"debug"})", now() + hours(1)));
    get(records().save_state("t", "", now() + hours(2)));
    EXPECT_EQ(get(records().load_state("s")), R"({"level":"debug"})");
    EXPECT_EQ(get(records().load_state("t")), "");
    clock_.advance(hours(1));
    EXPECT_FALSE(get(records().load_state("s")));
    EXPECT_TRUE(get(records().load_state("t")));
}

TEST_P(SessionRecordsTest, WhatWasSavedSinceAMarkIsToldOldestFirst) {
    get(records().save_state("before", "{}", now() + hours(1)));
    std::int64_t const start = get(records().saved_since(std::nullopt)).mark;
    EXPECT_TRUE(get(records().saved_since(std::nullopt)).states.empty()) << "a mark to begin with, no more";
    EXPECT_TRUE(get(records().saved_since(start)).states.empty());
    get(records().save_state("a", "1", now() + hours(1)));
    get(records().save_state("b", "2", now() + hours(1)));
    get(records().save_state("before", "3", now() + hours(1)));
    get(records().save_state("gone", "4", now() + minutes(1)));
    clock_.advance(minutes(1));
    protocol::SavedStates const saved = get(records().saved_since(start));
    ASSERT_EQ(saved.states.size(), 3U);
    EXPECT_EQ(saved.states[0].session, "a");
    EXPECT_EQ(saved.states[0].state, "1");
    EXPECT_EQ(saved.states[2].session, "before");
    EXPECT_EQ(saved.states[2].state, "3");
    EXPECT_FALSE(saved.more);
    get(records().save_state("a", "5", now() + hours(1)));
    protocol::SavedStates const later = get(records().saved_since(saved.mark));
    ASSERT_EQ(later.states.size(), 1U);
    EXPECT_EQ(later.states[0].state, "5");
    EXPECT_TRUE(get(records().saved_since(later.mark)).states.empty());
}

TEST_P(SessionRecordsTest, MoreThanAPageIsTakenInPages) {
    std::optional<std::int64_t> mark = get(records().saved_since(std::nullopt)).mark;
    for (int i = 0; i < 300; ++i) {
        get(records().save_state("s" + std::to_string(i), "{}", now() + hours(1)));
    }
    std::size_t told = 0;
    protocol::SavedStates page;
    do {
        page = get(records().saved_since(mark));
        told += page.states.size();
        mark = page.mark;
    } while (page.more);
    EXPECT_EQ(told, 300U);
}

TEST_P(SessionRecordsTest, LettersAreTakenOnceInTheOrderTheyWereLeftByWhomTheyAreFor) {
    leave("a", "answer:1", R"({"text":"é"})");
    leave("b", "cancel:1");
    leave("c", "cancel:2", "");
    leave("a", "answer:1", "again");
    EXPECT_TRUE(collect({}).empty());
    EXPECT_TRUE(collect({"d cancel:1", "a", "a cancel:1", "answer:1"}).empty());
    auto const letters = get(records().collect({"c cancel:2", "a answer:1", "a answer:1", "d cancel:1"}));
    ASSERT_EQ(letters.size(), 3U);
    EXPECT_EQ(letters[0].session, "a");
    EXPECT_EQ(letters[0].key, "answer:1");
    EXPECT_EQ(letters[0].body, R"({"text":"é"})");
    EXPECT_EQ(letters[1].session, "c");
    EXPECT_EQ(letters[1].body, "");
    EXPECT_EQ(letters[2].body, "again");
    EXPECT_TRUE(collect({"a answer:1", "c cancel:2"}).empty());
    EXPECT_EQ(collect({"a answer:1", "b cancel:1"}), std::vector<std::string>{"b cancel:1"});
}

TEST_P(SessionRecordsTest, LettersAreKeptAMinute) {
    leave("s", "early");
    clock_.advance(seconds(30));
    leave("s", "late");
    clock_.advance(seconds(30));
    EXPECT_EQ(collect({"s early", "s late"}), std::vector<std::string>{"s late"});
    leave("s", "unwanted");
    clock_.advance(minutes(1));
    EXPECT_TRUE(collect({"s unwanted"}).empty());
}

TEST_P(SessionRecordsTest, OneSessionCannotFillTheLetterBox) {
    int left = 0;
    SessionLetter const letter("s", "k", "{}");
    while (loop_.run(records().leave(letter))) {
        ASSERT_LT(++left, 10'000);
    }
    core::Error const refused = error_of(records().leave(letter));
    EXPECT_EQ(refused.kind(), core::ErrorKind::overloaded);
    EXPECT_EQ(refused.code(), "letters_full");
    leave("other", "k"); // others still have room
    EXPECT_EQ(collect({"s k"}).size(), static_cast<std::size_t>(left));
    leave("s", "k");
}

TEST_P(SessionRecordsTest, LettersAreBoundedInBytesAndRoomComesBackWithTime) {
    std::string const body(1024 * 1024, 'x');
    int left = 0;
    while (loop_.run(records().leave(SessionLetter("s" + std::to_string(left), "k", body)))) {
        ASSERT_LT(++left, 100);
    }
    EXPECT_GE(left, 4);
    clock_.advance(protocol::kLetterLifetime);
    leave("s", "k", body);
}

TEST_P(SessionRecordsTest, ManySessionsComeAndGo) {
    for (int i = 0; i < 300; ++i) {
        std::string const id = std::to_string(i);
        get(records().revoke("r" + id, now() + minutes(1)));
        records().note_seen("n" + id, now(), now() + minutes(1));
        get(records().save_state("s" + id, id, now() + minutes(1)));
        clock_.advance(seconds(1));
    }
    EXPECT_TRUE(records().is_revoked("r299"));
    EXPECT_FALSE(records().is_revoked("r200"));
    EXPECT_TRUE(get(records().last_seen("n299")));
    EXPECT_FALSE(get(records().last_seen("n200")));
    EXPECT_EQ(get(records().load_state("s299")), "299");
    EXPECT_FALSE(get(records().load_state("s200")));
}

} // namespace
