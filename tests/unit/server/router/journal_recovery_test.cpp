#include "server/router/journal_recovery.hpp"

#include "connected.hpp"
#include "server/tools/created_item.hpp"

#include <gtest/gtest.h>

namespace {

using core::Json;
using server::JournalEntry;

class JournalRecoveryTest : public testing::Test {
protected:
    JournalEntry& left(JournalEntry::State state, std::chrono::minutes ago) {
        server::CreationProbe probe;
        probe.project = "Web Shop";
        probe.type = "Task";
        probe.title = "Cut off";
        JournalEntry entry;
        entry.id = static_cast<std::int64_t>(given_.journal.entries.size()) + 1;
        entry.organization = "contoso";
        entry.tool = "create_work_item";
        entry.idempotency_key = "k";
        entry.probe = probe.to_json().dump();
        entry.state = state;
        entry.created_at = given_.clock.system_now() - ago;
        entry.sent_at = entry.created_at;
        given_.journal.entries.push_back(entry);
        return given_.journal.entries.back();
    }
    void respond_found(int id) {
        given_.respond({{"workItems", {{{"id", id}}}}});
        given_.respond({{"value",
                         {{{"id", id},
                           {"rev", 1},
                           {"fields",
                            {{"System.TeamProject", "Web Shop"},
                             {"System.WorkItemType", "Task"},
                             {"System.Title", "Cut off"},
                             {"System.State", "New"}}}}}}});
    }
    std::size_t settle() { return given_.loop.run(recovery_.settle_open()); }

    test::Connected given_;
    server::JournalRecovery recovery_{given_.journal, given_.directory, given_.clock, given_.limits};
};

TEST_F(JournalRecoveryTest, FindsWhatWasWrittenBeforeTheCrash) {
    given_.connect("contoso");
    left(JournalEntry::State::pending, std::chrono::minutes(1));
    respond_found(77);
    EXPECT_EQ(settle(), 1U);
    JournalEntry const& entry = given_.journal.entries[0];
    EXPECT_EQ(entry.state, JournalEntry::State::done);
    EXPECT_EQ(entry.resource_id, "77");
    Json const result = Json::parse(entry.result);
    EXPECT_EQ(result["id"], 77);
    EXPECT_EQ(result["url"], "https://dev.azure.com/contoso/Web%20Shop/_workitems/edit/77");
    EXPECT_EQ(given_.http.requests().size(), 2U) << "nothing is sent again";
}

TEST_F(JournalRecoveryTest, WaitsUntilNothingCanBeUnderWayAnyMore) {
    given_.connect("contoso");
    left(JournalEntry::State::unresolved, std::chrono::minutes(1));
    given_.respond({{"workItems", Json::array()}});
    EXPECT_EQ(settle(), 0U);
    EXPECT_EQ(given_.journal.entries[0].state, JournalEntry::State::unresolved);
    given_.clock.advance(std::chrono::minutes(5));
    given_.respond({{"workItems", Json::array()}});
    EXPECT_EQ(settle(), 1U);
    EXPECT_EQ(given_.journal.entries[0].state, JournalEntry::State::abandoned);
}

TEST_F(JournalRecoveryTest, LeavesOpenWhatItCannotLookFor) {
    left(JournalEntry::State::pending, std::chrono::minutes(60)); // no connector of its organization
    EXPECT_EQ(settle(), 0U);
    given_.connect("contoso");
    given_.http.fail(core::Error(core::ErrorKind::network, "unreachable"));
    EXPECT_EQ(settle(), 0U) << "a look that failed proves nothing";
    left(JournalEntry::State::pending, std::chrono::minutes(60)).tool = "of_another_version";
    left(JournalEntry::State::pending, std::chrono::minutes(60)).probe = R"({"title":"old"})";
    given_.http.fail(core::Error(core::ErrorKind::network, "unreachable"));
    EXPECT_EQ(settle(), 0U);
    for (JournalEntry const& entry : given_.journal.entries) {
        EXPECT_EQ(entry.state, JournalEntry::State::pending);
    }
}

TEST_F(JournalRecoveryTest, LeavesABusyEntryToItsProcess) {
    given_.connect("contoso");
    left(JournalEntry::State::pending, std::chrono::minutes(10)).busy_until =
        given_.clock.system_now() + std::chrono::seconds(30);
    given_.respond({{"workItems", Json::array()}});
    EXPECT_EQ(settle(), 0U);
    EXPECT_EQ(given_.journal.entries[0].state, JournalEntry::State::pending);
}

TEST_F(JournalRecoveryTest, ForgetsWhatIsOldButNoKeyThatStillAnswers) {
    given_.limits.journal_days = 2;
    given_.loop.run(recovery_.prune());
    EXPECT_EQ(given_.journal.forgotten_before, given_.clock.system_now() - std::chrono::hours(48));
    given_.limits.idempotency_hours = 100;
    given_.loop.run(recovery_.prune());
    EXPECT_EQ(given_.journal.forgotten_before, given_.clock.system_now() - std::chrono::hours(100));
}

} // namespace
