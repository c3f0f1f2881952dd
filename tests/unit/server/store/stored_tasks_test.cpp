#include "store_test_support.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

namespace {

using protocol::TaskRecord;
using std::chrono::hours;
using std::chrono::seconds;

/// What the SQLite implementation adds: the disk, and other processes.
class StoredTasksTest : public test::StoreFixture {
protected:
    core::SystemTime now() const { return clock_.system_now(); }
    TaskRecord sample(std::string id) const { return test::sample_task(std::move(id), now()); }
    bool uses_index(std::string const& sql, std::string const& index) {
        SQLite::Database database(options().path, SQLite::OPEN_READONLY);
        SQLite::Statement row(database, "EXPLAIN QUERY PLAN " + sql);
        bool found = false;
        while (row.executeStep()) {
            found = found || row.getColumn(3).getString().find(index) != std::string::npos;
        }
        return found;
    }

    std::unique_ptr<server::StateStore> store_ = open();
};

TEST_F(StoredTasksTest, TasksSurviveARestart) {
    get(store_->tasks().insert(sample("t")));
    store_.reset();
    store_ = open();
    auto const read = get(store_->tasks().load("t"));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->arguments, sample("t").arguments);
    EXPECT_EQ(read->version, 1);
}

TEST_F(StoredTasksTest, TwoProcessesSeeEachOthersTasksAndCompareVersions) {
    auto const other = open();
    get(store_->tasks().insert(sample("t")));
    auto mine = get(store_->tasks().load("t"));
    auto theirs = get(other->tasks().load("t"));
    ASSERT_TRUE(mine && theirs);
    theirs->cancel_requested = true;
    theirs->updated_at = now() + seconds(1);
    EXPECT_TRUE(get(other->tasks().save(*theirs)));
    EXPECT_FALSE(get(store_->tasks().save(*mine)));
    EXPECT_EQ(get(store_->tasks().changed_since(now() + seconds(1))), std::vector<std::string>{"t"});
    EXPECT_EQ(get(store_->tasks().renew("runner-1", now() + hours(1))), std::vector<std::string>{"t"});
    EXPECT_EQ(get(other->tasks().count_open("agent-1")), 1U);
    EXPECT_EQ(get(other->tasks().load("t"))->lease_until, now() + hours(1));
}

TEST_F(StoredTasksTest, OfManyWhoClaimAtTheSameTimeEachTaskGoesToOne) {
    constexpr int kTasks = 40;
    constexpr int kRounds = 5;
    for (int round = 0; round < kRounds; ++round) {
        for (int i = 0; i < kTasks; ++i) {
            TaskRecord record = sample(std::to_string(round) + "-" + std::to_string(i));
            record.lease_until = now() - seconds(1);
            get(store_->tasks().insert(record));
        }
        std::vector<std::vector<TaskRecord>> claimed(3);
        std::vector<std::thread> processes;
        for (std::size_t i = 0; i < claimed.size(); ++i) {
            processes.emplace_back([this, i, &claimed] {
                test::Loop loop;
                auto const store = server::open_state_store(loop.executor(), clock_, options());
                ASSERT_TRUE(store);
                auto claim = (*store)->tasks().claim_abandoned("runner-" + std::to_string(i), now(), now());
                auto result = loop.run(std::move(claim));
                ASSERT_TRUE(result) << core::describe(result.error());
                claimed[i] = std::move(*result);
            });
        }
        for (std::thread& process : processes) {
            process.join();
        }
        std::set<std::string> ids;
        std::size_t total = 0;
        for (auto const& portion : claimed) {
            total += portion.size();
            for (TaskRecord const& record : portion) {
                ids.insert(record.id);
            }
        }
        EXPECT_EQ(total, static_cast<std::size_t>(kTasks));
        EXPECT_EQ(ids.size(), static_cast<std::size_t>(kTasks));
    }
}

TEST_F(StoredTasksTest, AskingForAbandonedTasksWritesNothingWhenThereAreNone) {
    auto const other = open();
    get(store_->tasks().insert(sample("t")));
    std::int64_t const before = get(other->data_version());
    EXPECT_TRUE(get(store_->tasks().claim_abandoned("runner-2", now(), now() + seconds(15))).empty());
    EXPECT_TRUE(get(store_->tasks().renew("runner-2", now() + seconds(15))).empty());
    EXPECT_EQ(get(store_->tasks().forget_expired(now())), 0U);
    EXPECT_EQ(get(other->data_version()), before);
}

TEST_F(StoredTasksTest, FrequentQuestionsAreAnsweredFromAnIndex) {
    EXPECT_TRUE(uses_index("SELECT count(*) FROM task WHERE owner = ? AND status IN ('working', "
                           "'input_required')",
                           "task_open_by_owner"));
    EXPECT_TRUE(uses_index("SELECT 1 FROM task WHERE status = 'working' AND lease_until < ? LIMIT 1",
                           "task_working_by_lease"));
    EXPECT_TRUE(
        uses_index("SELECT id FROM task WHERE status = 'working' AND runner = ?", "task_working_by_runner"));
    EXPECT_TRUE(
        uses_index("SELECT id FROM task WHERE updated_at >= ? ORDER BY updated_at", "task_by_change"));
    EXPECT_TRUE(uses_index("SELECT id FROM task WHERE expires_at <= ? ORDER BY expires_at LIMIT ?",
                           "task_by_expiry"));
    EXPECT_TRUE(uses_index("SELECT rowid FROM session_seen WHERE expires_at <= ? ORDER BY expires_at LIMIT ?",
                           "session_seen_by_expiry"));
    EXPECT_TRUE(uses_index("SELECT id, session, expires_at FROM session_revoked WHERE id > ? AND "
                           "+expires_at > ? ORDER BY id LIMIT ?",
                           "PRIMARY KEY"));
    EXPECT_TRUE(uses_index("SELECT count(*), sum(bytes), sum(session = ?) FROM session_letter "
                           "WHERE left_at > ?",
                           "session_letter_sizes"));
}

TEST_F(StoredTasksTest, TaskWithARoleOfANewerVersionGetsTheLeast) {
    get(store_->tasks().insert(sample("t")));
    run_sql("UPDATE task SET owner_role = 'emperor'");
    EXPECT_EQ(get(store_->tasks().load("t"))->owner_role, core::Role::reader);
}

} // namespace
