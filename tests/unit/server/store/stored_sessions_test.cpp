#include "store_test_support.hpp"
#include "support/log_capture.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using protocol::SessionLetter;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// What the SQLite implementation adds: the disk, and other processes.
class StoredSessionsTest : public test::StoreFixture {
protected:
    core::SystemTime now() const { return clock_.system_now(); }
    core::SystemTime later() const { return now() + hours(1); }

    std::unique_ptr<server::StateStore> store_ = open();
};

TEST_F(StoredSessionsTest, EverythingSurvivesARestart) {
    core::SystemTime const seen = now();
    get(store_->sessions().revoke("revoked", later()));
    store_->sessions().note_seen("seen", seen, later());
    get(store_->sessions().save_state("state", "{}", later()));
    get(store_->sessions().leave(SessionLetter("letter", "cancel:1", "")));
    store_.reset();
    store_ = open();
    EXPECT_TRUE(store_->sessions().is_revoked("revoked"));
    EXPECT_EQ(get(store_->sessions().last_seen("seen")), seen);
    EXPECT_EQ(get(store_->sessions().load_state("state")), "{}");
    EXPECT_EQ(get(store_->sessions().collect({"letter cancel:1"})).size(), 1U);
}

TEST_F(StoredSessionsTest, RevocationByAnotherProcessIsKnownAfterARefresh) {
    auto const other = open();
    std::int64_t const before = get(store_->data_version());
    get(other->sessions().revoke("s", later()));
    EXPECT_TRUE(other->sessions().is_revoked("s"));
    EXPECT_FALSE(store_->sessions().is_revoked("s"));
    EXPECT_GT(get(store_->data_version()), before);
    get(store_->refresh());
    EXPECT_TRUE(store_->sessions().is_revoked("s"));
    clock_.advance(hours(1));
    EXPECT_FALSE(store_->sessions().is_revoked("s"));
}

TEST_F(StoredSessionsTest, LongerRevocationByAnotherProcessIsKnownAfterARefresh) {
    auto const other = open();
    get(store_->sessions().revoke("s", now() + hours(1)));
    get(other->sessions().revoke("s", now() + hours(2)));
    get(store_->refresh());
    clock_.advance(minutes(90));
    EXPECT_TRUE(store_->sessions().is_revoked("s"));
}

TEST_F(StoredSessionsTest, RefreshTakesUpEveryRevocationHoweverMany) {
    auto const other = open();
    run_sql(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) "
        "INSERT INTO session_revoked (session, expires_at) SELECT 'many' || i, 9000000000000000000 FROM n");
    get(store_->refresh());
    EXPECT_TRUE(store_->sessions().is_revoked("many1"));
    EXPECT_TRUE(store_->sessions().is_revoked("many1000"));
    EXPECT_TRUE(store_->sessions().is_revoked("many2500"));
    get(other->sessions().revoke("last", later()));
    get(store_->refresh());
    EXPECT_TRUE(store_->sessions().is_revoked("last"));
    EXPECT_TRUE(open()->sessions().is_revoked("many2500"));
}

TEST_F(StoredSessionsTest, RevocationCountsFromTheCallOnAndTheFailureToWriteItIsTold) {
    run_sql("DROP TABLE session_revoked");
    auto revoking = store_->sessions().revoke("s", later());
    EXPECT_TRUE(store_->sessions().is_revoked("s"));
    EXPECT_EQ(error_of(std::move(revoking)).code(), "store_failed");
    EXPECT_TRUE(store_->sessions().is_revoked("s"));
}

TEST_F(StoredSessionsTest, FailedRefreshSaysSo) {
    run_sql("DROP TABLE session_revoked");
    EXPECT_EQ(error_of(store_->refresh()).code(), "store_failed");
}

TEST_F(StoredSessionsTest, LettersPassBetweenProcessesAndReachOneReader) {
    auto const other = open();
    get(other->sessions().leave(SessionLetter("s", "answer:7", R"({"x":1})")));
    auto const letters = get(store_->sessions().collect({"s answer:7", "t answer:7"}));
    ASSERT_EQ(letters.size(), 1U);
    EXPECT_EQ(letters[0].key, "answer:7");
    EXPECT_EQ(letters[0].body, R"({"x":1})");
    EXPECT_TRUE(get(other->sessions().collect({"s answer:7"})).empty());
}

TEST_F(StoredSessionsTest, StateSavedByOneProcessIsLoadedByAnother) {
    auto const other = open();
    get(other->sessions().save_state("s", "1", later()));
    EXPECT_EQ(get(store_->sessions().load_state("s")), "1");
    get(store_->sessions().save_state("s", "2", later()));
    EXPECT_EQ(get(other->sessions().load_state("s")), "2");
}

TEST_F(StoredSessionsTest, SeenMarksReachTheDiskWithThePollWithinFiveSeconds) {
    core::SystemTime const seen = now();
    store_->sessions().note_seen("s", seen, later());
    get(store_->data_version());
    EXPECT_EQ(ask_sql("SELECT count(*) FROM session_seen"), 0); // a busy session is not a write a request
    clock_.advance(seconds(4));
    store_->sessions().note_seen("s", seen + seconds(4), later());
    get(store_->data_version());
    EXPECT_EQ(ask_sql("SELECT count(*) FROM session_seen"), 1);
    EXPECT_EQ(get(open()->sessions().last_seen("s")), seen + seconds(4));
    EXPECT_EQ(get(store_->sessions().last_seen("s")), seen + seconds(4));
}

TEST_F(StoredSessionsTest, EarlierMarkOfOneProcessDoesNotReplaceTheLaterOneOfAnother) {
    core::SystemTime const seen = now();
    auto other = open();
    store_->sessions().note_seen("s", seen + seconds(9), later());
    other->sessions().note_seen("s", seen + seconds(3), later());
    store_.reset();
    other.reset();
    EXPECT_EQ(get(open()->sessions().last_seen("s")), seen + seconds(9));
}

TEST_F(StoredSessionsTest, ManySeenSessionsAreWrittenWithoutWaiting) {
    for (int i = 0; i < 1024; ++i) {
        store_->sessions().note_seen(std::to_string(i), now(), later());
    }
    get(store_->data_version()); // behind the write on the store's thread
    EXPECT_EQ(ask_sql("SELECT count(*) FROM session_seen"), 1024);
    EXPECT_EQ(get(store_->sessions().last_seen("17")), now());
}

TEST_F(StoredSessionsTest, MarksThatCouldNotBeWrittenAreKeptAndWrittenLater) {
    core::SystemTime const seen = now();
    store_->sessions().note_seen("s", seen, later());
    run_sql("ALTER TABLE session_seen RENAME TO session_seen_away");
    clock_.advance(seconds(4));
    {
        test::LogCapture log;
        get(store_->data_version());
        EXPECT_NE(log.text().find("store.seen_not_written"), std::string::npos);
    }
    run_sql("ALTER TABLE session_seen_away RENAME TO session_seen");
    EXPECT_EQ(get(store_->sessions().last_seen("s")), seen);
    clock_.advance(seconds(4));
    get(store_->data_version());
    EXPECT_EQ(ask_sql("SELECT count(*) FROM session_seen"), 1);
}

TEST_F(StoredSessionsTest, SessionThatWasOnlyOpenedLeavesNoRow) {
    EXPECT_FALSE(store_->sessions().is_revoked("s"));
    EXPECT_FALSE(get(store_->sessions().last_seen("s")));
    EXPECT_FALSE(get(store_->sessions().load_state("s")));
    store_.reset();
    for (char const* table : {"session_revoked", "session_seen", "session_state", "session_letter"}) {
        EXPECT_EQ(ask_sql(std::string("SELECT count(*) FROM ") + table), 0) << table;
    }
}

TEST_F(StoredSessionsTest, WritesRemoveWhatHasExpiredSomeAtATime) {
    run_sql("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150) "
            "INSERT INTO session_revoked (session, expires_at) SELECT 'old' || i, i FROM n");
    run_sql("INSERT INTO session_seen SELECT session, 0, expires_at FROM session_revoked");
    run_sql("INSERT INTO session_state SELECT session, '', expires_at FROM session_revoked");
    run_sql("INSERT INTO session_letter (session, key, body, bytes, left_at) "
            "SELECT session, '', '', 0, 0 FROM session_revoked");
    for (int i = 0; i < 3; ++i) {
        std::string const id = std::to_string(i);
        get(store_->sessions().revoke(id, later()));
        store_->sessions().note_seen(id, now(), later());
        clock_.advance(seconds(4));
        get(store_->data_version());
        get(store_->sessions().save_state(id, "", later()));
        get(store_->sessions().leave(SessionLetter(id, "", "")));
        if (i == 0) {
            EXPECT_EQ(ask_sql("SELECT count(*) FROM session_revoked"), 150 - 64 + 1);
        }
    }
    for (char const* table : {"session_revoked", "session_seen", "session_state", "session_letter"}) {
        EXPECT_EQ(ask_sql(std::string("SELECT count(*) FROM ") + table), 3) << table;
    }
}

} // namespace
