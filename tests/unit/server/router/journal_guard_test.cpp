#include "server/router/journal_guard.hpp"

#include "memory_journal.hpp"
#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"

#include <gtest/gtest.h>

namespace {

using core::Error;
using core::ErrorKind;
using core::Result;
using core::Task;
using server::GuardedWrite;
using server::JournalEntry;
using server::WriteGuard;
using server::WriteOutcome;

/// An upstream that counts what it made, and whose answers can get lost.
class Upstream {
public:
    enum class Mode { answers, loses_answer_after_commit, loses_request, refuses, throttles_once };

    Result<WriteOutcome> create() {
        ++requests;
        Mode const now = mode;
        if (now == Mode::refuses) {
            return core::fail(Error(ErrorKind::invalid_argument, "TF401320: Rule Error").with_not_sent());
        }
        if (now == Mode::throttles_once) {
            mode = Mode::answers;
            return core::fail(Error(ErrorKind::rate_limited, "slow down")
                                  .with_retry_after(std::chrono::seconds(2))
                                  .with_not_sent());
        }
        if (now == Mode::loses_request) {
            return core::fail(ErrorKind::network, "connection reset");
        }
        items.push_back(std::to_string(100 + items.size()));
        if (now == Mode::loses_answer_after_commit) {
            return core::fail(ErrorKind::network, "connection reset");
        }
        return outcome(items.back());
    }

    std::optional<WriteOutcome> find(std::vector<std::string> const& known) {
        ++look_ups;
        for (std::string const& item : items) {
            if (std::find(known.begin(), known.end(), item) == known.end() && look_ups > visible_after) {
                return outcome(item);
            }
        }
        return std::nullopt;
    }

    static WriteOutcome outcome(std::string const& id) {
        WriteOutcome made;
        made.resource_id = id;
        made.result = core::Json{{"id", id}};
        return made;
    }

    Mode mode = Mode::answers;
    int requests = 0;
    int look_ups = 0;
    int visible_after = 0;
    std::vector<std::string> items;
};

Task<Result<WriteOutcome>> send_to(Upstream* upstream) {
    co_return upstream->create();
}

Task<Result<std::optional<WriteOutcome>>> look_in(Upstream* upstream, std::vector<std::string> known) {
    co_return upstream->find(known);
}

class JournalGuardTest : public testing::Test {
protected:
    /// Starts a call and lets time pass until it is done.
    Result<WriteOutcome> call(GuardedWrite const& write) {
        auto running = loop_.spawn(guard_->run(write, send_, look_up_, caller_, ctx_));
        for (int step = 0; step < 200 && !running.done(); ++step) {
            loop_.poll();
            clock_.advance(std::chrono::milliseconds(100));
        }
        return running.take();
    }

    static GuardedWrite write_of(std::string title, std::optional<std::string> key = std::nullopt) {
        GuardedWrite write;
        write.organization = "contoso";
        write.tool = "create_work_item";
        write.idempotency_key = std::move(key);
        write.arguments = core::Json{{"title", title}};
        write.probe = core::Json{{"title", title}};
        return write;
    }

    test::Loop loop_;
    test::ManualClock clock_;
    test::MemoryJournal journal_{clock_};
    Upstream upstream_;
    WriteGuard::Send send_ = [this] { return send_to(&upstream_); };
    WriteGuard::LookUp look_up_ = [this](core::SystemTime, std::vector<std::string> known) {
        return look_in(&upstream_, std::move(known));
    };
    core::Principal caller_{"agent-1", "agent", core::Role::user};
    core::CallContext ctx_{"request-1", core::Deadline::in(clock_, std::chrono::seconds(55))};
    std::unique_ptr<WriteGuard> guard_ = server::make_journal_guard(journal_, clock_, std::chrono::hours(24));
};

TEST_F(JournalGuardTest, JournalsBeforeItSends) {
    bool journalled = false;
    WriteGuard::Send const send = [&] {
        journalled =
            journal_.entries.size() == 1 && journal_.entries[0].state == JournalEntry::State::pending;
        return send_to(&upstream_);
    };
    GuardedWrite const write = write_of("a");
    auto const outcome = loop_.run(guard_->run(write, send, look_up_, caller_, ctx_));
    ASSERT_TRUE(outcome);
    EXPECT_TRUE(journalled);
    EXPECT_EQ(journal_.entries[0].state, JournalEntry::State::done);
    EXPECT_EQ(journal_.entries[0].resource_id, "100");
}

TEST_F(JournalGuardTest, TwoCallsWithoutAKeyAreTwoWrites) {
    EXPECT_TRUE(call(write_of("same")));
    EXPECT_TRUE(call(write_of("same")));
    EXPECT_EQ(upstream_.items.size(), 2U);
}

TEST_F(JournalGuardTest, TheSameKeyAnswersWithTheFirstItem) {
    auto const first = call(write_of("a", "key"));
    auto const second = call(write_of("a", "key"));
    ASSERT_TRUE(first && second);
    EXPECT_TRUE(first->created);
    EXPECT_FALSE(second->created);
    EXPECT_EQ(second->resource_id, first->resource_id);
    EXPECT_EQ(upstream_.requests, 1);
}

TEST_F(JournalGuardTest, TheSameKeyWithOtherArgumentsIsRefused) {
    EXPECT_TRUE(call(write_of("a", "key")));
    auto const other = call(write_of("b", "key"));
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code(), "idempotency_key_reused");
    EXPECT_EQ(upstream_.requests, 1);
}

TEST_F(JournalGuardTest, FindsTheItemAfterALostAnswerInsteadOfSendingAgain) {
    upstream_.mode = Upstream::Mode::loses_answer_after_commit;
    auto const outcome = call(write_of("a"));
    ASSERT_TRUE(outcome) << outcome.error().message();
    EXPECT_EQ(outcome->resource_id, "100");
    EXPECT_TRUE(outcome->created);
    EXPECT_EQ(upstream_.requests, 1);
    EXPECT_EQ(upstream_.items.size(), 1U);
    EXPECT_EQ(journal_.entries[0].state, JournalEntry::State::done);
}

TEST_F(JournalGuardTest, LooksAgainWhileTheItemIsNotVisibleYet) {
    upstream_.mode = Upstream::Mode::loses_answer_after_commit;
    upstream_.visible_after = 3;
    EXPECT_TRUE(call(write_of("a")));
    EXPECT_EQ(upstream_.requests, 1);
    EXPECT_EQ(upstream_.look_ups, 4);
}

TEST_F(JournalGuardTest, ALostAnswerIsNotMistakenForAnEarlierTwin) {
    ASSERT_TRUE(call(write_of("same")));
    upstream_.mode = Upstream::Mode::loses_answer_after_commit;
    auto const second = call(write_of("same"));
    ASSERT_TRUE(second);
    EXPECT_EQ(second->resource_id, "101");
}

TEST_F(JournalGuardTest, SaysThatTheOutcomeIsUnknownWhenNothingIsFound) {
    upstream_.mode = Upstream::Mode::loses_request;
    auto const outcome = call(write_of("a"));
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code(), "outcome_unknown");
    EXPECT_EQ(upstream_.requests, 1);
    EXPECT_EQ(journal_.entries[0].state, JournalEntry::State::unresolved);
}

TEST_F(JournalGuardTest, AKeyFindsTheItemOfACallThatACrashCutOff) {
    JournalEntry entry;
    entry.caller = caller_.id;
    upstream_.mode = Upstream::Mode::loses_answer_after_commit;
    upstream_.visible_after = 100;
    ASSERT_FALSE(call(write_of("a", "key")));
    journal_.entries[0].state = JournalEntry::State::pending; // what a kill between send and note leaves
    upstream_.visible_after = 0;
    upstream_.mode = Upstream::Mode::answers;

    auto const again = call(write_of("a", "key"));
    ASSERT_TRUE(again);
    EXPECT_FALSE(again->created);
    EXPECT_EQ(again->resource_id, "100");
    EXPECT_EQ(upstream_.items.size(), 1U);
}

TEST_F(JournalGuardTest, AKeyIsSentAgainOnlyOnceNoRequestCanBeUnderWay) {
    upstream_.mode = Upstream::Mode::loses_request;
    ASSERT_FALSE(call(write_of("a", "key")));
    upstream_.mode = Upstream::Mode::answers;
    ASSERT_FALSE(call(write_of("a", "key")));
    EXPECT_EQ(upstream_.requests, 1);

    clock_.advance(std::chrono::minutes(10));
    core::CallContext const later("request-2", core::Deadline::in(clock_, std::chrono::seconds(55)));
    GuardedWrite const write = write_of("a", "key");
    auto const outcome = loop_.run(guard_->run(write, send_, look_up_, caller_, later));
    ASSERT_TRUE(outcome);
    EXPECT_EQ(upstream_.requests, 2);
    EXPECT_EQ(upstream_.items.size(), 1U);
}

TEST_F(JournalGuardTest, ARefusedWriteLeavesTheKeyFree) {
    upstream_.mode = Upstream::Mode::refuses;
    auto const refused = call(write_of("a", "key"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message(), "TF401320: Rule Error");
    EXPECT_EQ(upstream_.look_ups, 0);
    upstream_.mode = Upstream::Mode::answers;
    EXPECT_TRUE(call(write_of("a", "key")));
}

TEST_F(JournalGuardTest, WaitsOutAShortRefusalOnce) {
    upstream_.mode = Upstream::Mode::throttles_once;
    EXPECT_TRUE(call(write_of("a")));
    EXPECT_EQ(upstream_.requests, 2);
    EXPECT_EQ(upstream_.items.size(), 1U);
}

TEST_F(JournalGuardTest, KeysOfDifferentCallersAreApart) {
    ASSERT_TRUE(call(write_of("a", "key")));
    core::Principal const other("agent-2", "agent", core::Role::user);
    GuardedWrite const write = write_of("a", "key");
    auto const outcome = loop_.run(guard_->run(write, send_, look_up_, other, ctx_));
    ASSERT_TRUE(outcome);
    EXPECT_TRUE(outcome->created);
    EXPECT_EQ(upstream_.items.size(), 2U);
}

TEST_F(JournalGuardTest, TwinsUnderWayAtOnceAreSentOneAfterAnother) {
    int at_once = 0;
    int most = 0;
    core::Event first_may_end;
    WriteGuard::Send const slow = [&]() -> Task<Result<WriteOutcome>> {
        struct Helper {
            static Task<Result<WriteOutcome>>
            run(Upstream* upstream, core::Event* gate, int* at_once, int* most) {
                *most = std::max(*most, ++*at_once);
                bool const released = co_await gate->wait(core::Deadline::never());
                static_cast<void>(released);
                --*at_once;
                co_return upstream->create();
            }
        };
        return Helper::run(&upstream_, &first_may_end, &at_once, &most);
    };
    GuardedWrite const write = write_of("same", "key");
    auto first = loop_.spawn(guard_->run(write, slow, look_up_, caller_, ctx_));
    auto second = loop_.spawn(guard_->run(write, slow, look_up_, caller_, ctx_));
    loop_.poll();
    EXPECT_EQ(most, 1);
    first_may_end.set();
    loop_.wait(first);
    loop_.wait(second);
    EXPECT_EQ(upstream_.requests, 1);
    EXPECT_FALSE(second.take()->created);
}

/// The entry another process made for the same content.
JournalEntry entry_of_another_process(test::MemoryJournal const& journal, core::Clock& clock) {
    JournalEntry entry = journal.entries.at(0);
    entry.id = static_cast<std::int64_t>(journal.entries.size()) + 1;
    entry.state = JournalEntry::State::pending;
    entry.resource_id.clear();
    entry.idempotency_key.reset();
    entry.busy_until = clock.system_now() + std::chrono::seconds(60);
    return entry;
}

TEST_F(JournalGuardTest, WhatATwinOfAnotherProcessMayHaveMadeIsNotTaken) {
    ASSERT_TRUE(call(write_of("same")));
    journal_.entries.push_back(entry_of_another_process(journal_, clock_));
    upstream_.mode = Upstream::Mode::loses_request;
    upstream_.items.push_back("200"); // the twin's, whose answer is on its way
    auto const lost = call(write_of("same"));
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().code(), "outcome_unknown");
    EXPECT_EQ(journal_.entries[2].state, JournalEntry::State::unresolved);
}

TEST_F(JournalGuardTest, WhatATwinOfAnotherProcessAccountsForIsPassedOver) {
    ASSERT_TRUE(call(write_of("same")));
    JournalEntry twin = entry_of_another_process(journal_, clock_);
    twin.organization = "CONTOSO"; // not among the known ones, yet the store has it
    twin.state = JournalEntry::State::done;
    twin.resource_id = "101";
    journal_.entries.push_back(twin);
    upstream_.items.push_back("101");
    upstream_.mode = Upstream::Mode::loses_answer_after_commit;
    auto const found = call(write_of("same"));
    ASSERT_TRUE(found) << found.error().message();
    EXPECT_EQ(found->resource_id, "102");
}

TEST_F(JournalGuardTest, AKeyAnswersWithWhatAnotherProcessSettlesMeanwhile) {
    ASSERT_TRUE(call(write_of("a", "key")));
    JournalEntry& entry = journal_.entries[0];
    entry.state = JournalEntry::State::pending;
    entry.resource_id.clear();
    upstream_.visible_after = 1000;
    GuardedWrite const write = write_of("a", "key");
    auto running = loop_.spawn(guard_->run(write, send_, look_up_, caller_, ctx_));
    for (int step = 0; step < 200 && !running.done(); ++step) {
        loop_.poll();
        clock_.advance(std::chrono::milliseconds(100));
        if (step == 5) {
            journal_.entries[0].state = JournalEntry::State::done;
            journal_.entries[0].resource_id = "100";
        }
    }
    auto const answer = running.take();
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_EQ(answer->resource_id, "100");
    EXPECT_FALSE(answer->created);
    EXPECT_EQ(upstream_.requests, 1);
}

TEST_F(JournalGuardTest, AKeyIsFreeOnceAnotherProcessSettledThatNothingWasWritten) {
    ASSERT_TRUE(call(write_of("a", "key")));
    journal_.entries[0].state = JournalEntry::State::pending;
    journal_.entries[0].resource_id.clear();
    upstream_.items.clear();
    GuardedWrite const write = write_of("a", "key");
    auto running = loop_.spawn(guard_->run(write, send_, look_up_, caller_, ctx_));
    for (int step = 0; step < 200 && !running.done(); ++step) {
        loop_.poll();
        clock_.advance(std::chrono::milliseconds(100));
        if (step == 2) {
            journal_.entries[0].state = JournalEntry::State::abandoned;
        }
    }
    auto const answer = running.take();
    ASSERT_TRUE(answer) << answer.error().message();
    EXPECT_TRUE(answer->created);
    EXPECT_EQ(upstream_.requests, 2);
}

TEST_F(JournalGuardTest, AfterASecondLossTheWaitBeginsAnew) {
    upstream_.mode = Upstream::Mode::loses_request;
    ASSERT_FALSE(call(write_of("a", "key")));
    clock_.advance(std::chrono::minutes(6));
    core::CallContext const later("request-2", core::Deadline::in(clock_, std::chrono::minutes(60)));
    GuardedWrite const write = write_of("a", "key");
    auto second = loop_.spawn(guard_->run(write, send_, look_up_, caller_, later));
    for (int step = 0; step < 200 && !second.done(); ++step) {
        loop_.poll();
        clock_.advance(std::chrono::milliseconds(100));
    }
    EXPECT_FALSE(second.take());
    EXPECT_EQ(upstream_.requests, 2);
    auto third = loop_.spawn(guard_->run(write, send_, look_up_, caller_, later));
    for (int step = 0; step < 200 && !third.done(); ++step) {
        loop_.poll();
        clock_.advance(std::chrono::milliseconds(100));
    }
    EXPECT_FALSE(third.take());
    EXPECT_EQ(upstream_.requests, 2) << "the second request may still be on its way";
}

} // namespace
