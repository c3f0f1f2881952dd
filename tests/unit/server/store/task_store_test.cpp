#include "protocol/task_store.hpp"
#include "store_test_support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace {

using protocol::TaskRecord;
using protocol::TaskStatus;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// What every implementation does.
class TaskStoreTest : public test::StoreFixture, public testing::WithParamInterface<test::Kind> {
protected:
    TaskStoreTest() {
        if (GetParam() == test::Kind::sqlite) {
            store_ = open();
        } else {
            memory_ = protocol::make_memory_task_store();
        }
    }
    protocol::TaskStore& tasks() { return memory_ ? *memory_ : store_->tasks(); }
    core::SystemTime now() const { return clock_.system_now(); }
    TaskRecord sample(std::string id) const { return test::sample_task(std::move(id), now()); }
    TaskRecord load(std::string const& id) {
        auto record = get(tasks().load(id));
        if (!record) {
            throw std::runtime_error("no task " + id);
        }
        return std::move(*record);
    }
    bool save(TaskRecord record) { return get(tasks().save(std::move(record))); }
    TaskRecord insert(TaskRecord record) {
        std::string const id = record.id;
        get(tasks().insert(std::move(record)));
        return load(id);
    }
    std::vector<TaskRecord> claim(std::string runner) {
        return get(tasks().claim_abandoned(std::move(runner), now(), now() + seconds(15)));
    }
    static std::vector<std::string> sorted(std::vector<std::string> ids) {
        std::sort(ids.begin(), ids.end());
        return ids;
    }

    std::unique_ptr<server::StateStore> store_;
    std::unique_ptr<protocol::TaskStore> memory_;
};

INSTANTIATE_TEST_SUITE_P(Both,
                         TaskStoreTest,
                         testing::Values(test::Kind::memory, test::Kind::sqlite),
                         test::name_of);

TEST_P(TaskStoreTest, EveryFieldComesBack) {
    TaskRecord written = sample("t");
    written.status = TaskStatus::input_required;
    written.requests = R"({"a":{"method":"elicitation/create"}})";
    written.outcome = R"({"isError":false})";
    written.cancel_requested = true;
    written.ttl = milliseconds(1234);
    written.created_at += std::chrono::nanoseconds(7);
    written.version = 77; // the store's own affair
    get(tasks().insert(written));
    TaskRecord const read = load("t");
    EXPECT_EQ(read.id, "t");
    EXPECT_EQ(read.owner, written.owner);
    EXPECT_EQ(read.owner_name, written.owner_name);
    EXPECT_EQ(read.owner_role, core::Role::user);
    EXPECT_EQ(read.tool, written.tool);
    EXPECT_EQ(read.arguments, written.arguments);
    EXPECT_EQ(read.client_features, 0xA5);
    EXPECT_EQ(read.status, TaskStatus::input_required);
    EXPECT_EQ(read.status_message, written.status_message);
    EXPECT_EQ(read.state, written.state);
    EXPECT_EQ(read.requests, written.requests);
    EXPECT_EQ(read.inputs, written.inputs);
    EXPECT_EQ(read.outcome, written.outcome);
    EXPECT_EQ(read.created_at, written.created_at);
    EXPECT_EQ(read.updated_at, written.updated_at);
    EXPECT_EQ(read.ttl, written.ttl);
    EXPECT_TRUE(read.cancel_requested);
    EXPECT_EQ(read.runner, written.runner);
    EXPECT_EQ(read.lease_until, written.lease_until);
    EXPECT_EQ(read.version, 1);
}

TEST_P(TaskStoreTest, SavedFieldsComeBackToo) {
    TaskRecord record = insert(sample("t"));
    record.status = TaskStatus::failed;
    record.status_message = "no";
    record.state = "";
    record.inputs = "{}";
    record.outcome = R"({"code":-32603})";
    record.updated_at += seconds(1);
    record.cancel_requested = true;
    record.runner = "";
    record.lease_until = {};
    ASSERT_TRUE(save(record));
    TaskRecord const read = load("t");
    EXPECT_EQ(read.status, TaskStatus::failed);
    EXPECT_EQ(read.status_message, "no");
    EXPECT_EQ(read.state, "");
    EXPECT_EQ(read.inputs, "{}");
    EXPECT_EQ(read.outcome, record.outcome);
    EXPECT_EQ(read.updated_at, record.updated_at);
    EXPECT_TRUE(read.cancel_requested);
    EXPECT_EQ(read.runner, "");
    EXPECT_EQ(read.lease_until, core::SystemTime());
    EXPECT_EQ(read.arguments, record.arguments);
    EXPECT_EQ(read.version, 2);
}

TEST_P(TaskStoreTest, UnknownTaskIsNeitherLoadedNorSaved) {
    EXPECT_FALSE(get(tasks().load("t")));
    EXPECT_FALSE(save(sample("t")));
    EXPECT_FALSE(get(tasks().load("t")));
}

TEST_P(TaskStoreTest, SecondTaskOfOneIdIsRefusedAndTheFirstStays) {
    insert(sample("t"));
    TaskRecord second = sample("t");
    second.tool = "other";
    EXPECT_EQ(error_of(tasks().insert(second)).kind(), core::ErrorKind::conflict);
    EXPECT_EQ(load("t").tool, "search_code");
}

TEST_P(TaskStoreTest, OfTwoWhoLoadedTheSameVersionOnlyTheFirstSaves) {
    TaskRecord mine = insert(sample("t"));
    TaskRecord theirs = mine;
    theirs.status_message = "theirs";
    mine.status_message = "mine";
    EXPECT_TRUE(save(theirs));
    EXPECT_FALSE(save(mine));
    EXPECT_EQ(load("t").status_message, "theirs");
    EXPECT_EQ(load("t").version, 2);
    mine = load("t");
    EXPECT_TRUE(save(mine));
}

TEST_P(TaskStoreTest, OpenTasksOfAnOwnerAreThoseNotAtTheirEnd) {
    for (TaskStatus const status : {TaskStatus::working,
                                    TaskStatus::input_required,
                                    TaskStatus::completed,
                                    TaskStatus::failed,
                                    TaskStatus::cancelled}) {
        TaskRecord record = sample(std::string(protocol::to_string(status)));
        record.status = status;
        insert(record);
    }
    TaskRecord other = sample("other");
    other.owner = "agent-2";
    insert(other);
    EXPECT_EQ(get(tasks().count_open("agent-1")), 2U);
    EXPECT_EQ(get(tasks().count_open("agent-2")), 1U);
    EXPECT_EQ(get(tasks().count_open("agent-3")), 0U);
}

TEST_P(TaskStoreTest, AbandonedTaskIsClaimedOnceAndItsOldRunnerCannotSaveIt) {
    TaskRecord old = insert(sample("t"));
    clock_.advance(seconds(15));
    EXPECT_TRUE(claim("runner-2").empty()); // the lease has not run out before now
    clock_.advance(milliseconds(1));
    auto const claimed = claim("runner-2");
    ASSERT_EQ(claimed.size(), 1U);
    EXPECT_EQ(claimed[0].id, "t");
    EXPECT_EQ(claimed[0].runner, "runner-2");
    EXPECT_EQ(claimed[0].lease_until, now() + seconds(15));
    EXPECT_EQ(claimed[0].state, old.state);
    EXPECT_EQ(claimed[0].updated_at, old.updated_at);
    EXPECT_TRUE(claim("runner-3").empty());
    EXPECT_FALSE(save(old));
    EXPECT_TRUE(save(claimed[0]));
}

TEST_P(TaskStoreTest, OnlyWorkingTasksAreClaimed) {
    for (TaskStatus const status :
         {TaskStatus::input_required, TaskStatus::completed, TaskStatus::failed, TaskStatus::cancelled}) {
        TaskRecord record = sample(std::string(protocol::to_string(status)));
        record.status = status;
        insert(record);
    }
    clock_.advance(hours(1));
    EXPECT_TRUE(claim("runner-2").empty());
}

TEST_P(TaskStoreTest, ManyAbandonedTasksAreClaimedInPortionsTheLongestAbandonedFirst) {
    for (std::size_t i = 0; i < protocol::kClaimedAtOnce + 3; ++i) {
        TaskRecord record = sample("t" + std::to_string(i));
        record.lease_until = now() - seconds(static_cast<long>(i) + 1);
        get(tasks().insert(record));
    }
    auto const first = claim("runner-2");
    ASSERT_EQ(first.size(), protocol::kClaimedAtOnce);
    for (TaskRecord const& record : first) {
        EXPECT_NE(record.id, "t0");
        EXPECT_NE(record.id, "t2");
    }
    EXPECT_EQ(claim("runner-3").size(), 3U);
    EXPECT_TRUE(claim("runner-4").empty());
}

TEST_P(TaskStoreTest, RenewingKeepsTheVersionAndTellsWhatIsToBeCancelled) {
    TaskRecord mine = insert(sample("mine"));
    TaskRecord cancelled = sample("cancelled");
    cancelled.cancel_requested = true;
    insert(cancelled);
    TaskRecord others = sample("others");
    others.runner = "runner-2";
    others.cancel_requested = true;
    insert(others);
    TaskRecord finished = sample("finished");
    finished.cancel_requested = true;
    finished.status = TaskStatus::completed;
    insert(finished);
    clock_.advance(seconds(10));
    EXPECT_EQ(get(tasks().renew("runner-1", now() + seconds(15))), std::vector<std::string>{"cancelled"});
    clock_.advance(seconds(10));
    auto const claimed = claim("runner-3");
    ASSERT_EQ(claimed.size(), 1U);
    EXPECT_EQ(claimed[0].id, "others");
    EXPECT_EQ(load("mine").version, mine.version);
    EXPECT_TRUE(save(mine));
}

TEST_P(TaskStoreTest, SaveOfALongRoundDoesNotTakeBackTheLeaseRenewedMeanwhile) {
    TaskRecord record = insert(sample("t"));
    core::SystemTime const renewed = now() + hours(1);
    get(tasks().renew("runner-1", renewed));
    record.state = "next";
    ASSERT_TRUE(save(record));
    EXPECT_EQ(load("t").lease_until, renewed);

    record = load("t");
    record.lease_until = renewed + seconds(1);
    ASSERT_TRUE(save(record));
    EXPECT_EQ(load("t").lease_until, renewed + seconds(1));

    record = load("t");
    record.runner.clear(); // handed over
    record.lease_until = now() - seconds(1);
    ASSERT_TRUE(save(record));
    EXPECT_EQ(claim("runner-2").size(), 1U);
}

TEST_P(TaskStoreTest, TaskThatGetsItsAnswersGoesOnUnderTheLeaseItIsGiven) {
    TaskRecord record = sample("t");
    record.status = TaskStatus::input_required;
    record.lease_until = now() + hours(1);
    record = insert(record);
    record.status = TaskStatus::working;
    record.lease_until = now() - seconds(1);
    ASSERT_TRUE(save(record));
    EXPECT_EQ(claim("runner-2").size(), 1U);
}

TEST_P(TaskStoreTest, ChangesSinceAMomentIncludeThoseAtIt) {
    insert(sample("old"));
    TaskRecord changed = insert(sample("changed"));
    clock_.advance(seconds(1));
    core::SystemTime const since = now();
    insert(sample("at"));
    clock_.advance(seconds(1));
    insert(sample("after"));
    changed.updated_at = now();
    ASSERT_TRUE(save(changed));
    EXPECT_EQ(sorted(get(tasks().changed_since(since))),
              (std::vector<std::string>{"after", "at", "changed"}));
    EXPECT_EQ(get(tasks().changed_since({})).size(), 4U);
    EXPECT_TRUE(get(tasks().changed_since(now() + seconds(1))).empty());
}

TEST_P(TaskStoreTest, TasksAreForgottenPastTheirTtlWhateverTheirStatus) {
    insert(sample("working"));
    TaskRecord done = sample("done");
    done.status = TaskStatus::completed;
    insert(done);
    TaskRecord longer = sample("longer");
    longer.ttl = hours(2);
    insert(longer);
    TaskRecord forever = sample("forever");
    forever.ttl = milliseconds::max();
    insert(forever);
    EXPECT_EQ(get(tasks().forget_expired(now() + hours(1) - milliseconds(1))), 0U);
    EXPECT_EQ(get(tasks().forget_expired(now() + hours(1))), 2U);
    EXPECT_FALSE(get(tasks().load("working")));
    EXPECT_FALSE(get(tasks().load("done")));
    EXPECT_TRUE(get(tasks().load("longer")));
    EXPECT_EQ(get(tasks().forget_expired(now() + hours(24 * 365 * 100))), 1U);
    EXPECT_EQ(load("forever").ttl, milliseconds::max());
}

TEST_P(TaskStoreTest, AWholeDaysTasksAreForgottenInOneCall) {
    for (int i = 0; i < 300; ++i) {
        get(tasks().insert(sample(std::to_string(i))));
    }
    EXPECT_EQ(get(tasks().forget_expired(now() + hours(1))), 300U);
    EXPECT_TRUE(get(tasks().changed_since({})).empty());
}

TEST(TaskStatusWords, AreThoseOfTheProtocolAndReadBack) {
    EXPECT_EQ(protocol::to_string(TaskStatus::input_required), "input_required");
    for (char const* word : {"working", "input_required", "completed", "failed", "cancelled"}) {
        auto const status = protocol::parse_task_status(word);
        ASSERT_TRUE(status) << word;
        EXPECT_EQ(protocol::to_string(*status), word);
    }
    EXPECT_FALSE(protocol::parse_task_status("Working"));
    EXPECT_FALSE(protocol::parse_task_status(""));
}

} // namespace
