#include "simulator/wiql.hpp"

#include <gtest/gtest.h>

namespace simulator {
namespace {

TimePoint const kNow = from_unix(1'790'000'000);

class WiqlTest : public ::testing::Test {
protected:
    WiqlTest() : world(3, kNow) {
        context.organization = world.find_organization("contoso");
        context.project = world.find_organization("contoso")->find_project("Game Engine");
        context.me = world.find_user(world.home_tenant().id, "ada");
        context.now = kNow;
    }

    std::vector<std::string> titles(std::string const& where) {
        auto const query = parse_wiql("SELECT [System.Id] FROM WorkItems WHERE " + where);
        EXPECT_EQ(query.error, "");
        auto const result = run_wiql(query, context);
        EXPECT_EQ(result.error, "");
        std::vector<std::string> out;
        for (int const id : result.ids) {
            out.push_back(world.find_organization("contoso")->work_items.find(id)->text("System.Title"));
        }
        return out;
    }

    World world;
    WiqlContext context;
};

using Titles = std::vector<std::string>;

TEST_F(WiqlTest, ComparesTextInAnyCase) {
    EXPECT_EQ(titles("[System.Title] = 'crash ON empty header'"), Titles{"Crash on empty header"});
    EXPECT_EQ(titles("[Title] = 'Crash on empty header'"), Titles{"Crash on empty header"});
}

TEST_F(WiqlTest, DoublesQuotesInsideText) {
    EXPECT_TRUE(titles("[System.Title] = 'it''s not there'").empty());
}

TEST_F(WiqlTest, UnderstandsTheProjectMacro) {
    EXPECT_EQ(titles("[System.TeamProject] = @project AND [System.WorkItemType] = 'Task'"),
              Titles{"Write the reconnect test"});
}

TEST_F(WiqlTest, RefusesTheProjectMacroWithoutAProject) {
    context.project = nullptr;
    auto const query = parse_wiql("SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = @project");
    EXPECT_NE(run_wiql(query, context).error, "");
}

TEST_F(WiqlTest, ComparesIdentitiesWithMe) {
    EXPECT_EQ(titles("[System.CreatedBy] = @Me").size(), 8U);
    context.me = world.find_user(world.home_tenant().id, "bo");
    EXPECT_TRUE(titles("[System.CreatedBy] = @Me").empty());
    EXPECT_EQ(titles("[System.CreatedBy] = 'ada.palmer@contoso.example'").size(), 8U);
}

TEST_F(WiqlTest, CountsDaysFromToday) {
    EXPECT_EQ(titles("[System.CreatedDate] >= @today - 2"),
              (Titles{"Audio stutters after resume", "Buy more disk"}));
    EXPECT_EQ(titles("[System.CreatedDate] < @today-25"), Titles{"Send reminders"});
}

TEST_F(WiqlTest, WantsTimePrecisionForTimes) {
    auto const query =
        parse_wiql("SELECT [System.Id] FROM WorkItems WHERE [System.CreatedDate] > '2026-01-01T10:00:00Z'");
    EXPECT_NE(run_wiql(query, context).error.find("date precision"), std::string::npos);
    context.time_precision = true;
    EXPECT_EQ(run_wiql(query, context).error, "");
}

TEST_F(WiqlTest, FindsTagsWhole) {
    EXPECT_EQ(titles("[System.Tags] CONTAINS 'disk'"), Titles{"Buy more disk"});
    EXPECT_TRUE(titles("[System.Tags] CONTAINS 'dis'").empty());
    EXPECT_EQ(titles("[System.Title] CONTAINS 'more'"), Titles{"Buy more disk"});
}

TEST_F(WiqlTest, SupportsInUnderNotAndParentheses) {
    EXPECT_EQ(titles("[System.WorkItemType] IN ('Issue', 'User Story')").size(), 2U);
    EXPECT_EQ(titles("[System.WorkItemType] NOT IN ('Bug', 'Task')").size(), 3U);
    EXPECT_EQ(titles("[System.AreaPath] UNDER 'Game Engine'").size(), 4U);
    EXPECT_EQ(titles("NOT ([System.AreaPath] UNDER 'Game Engine' OR [System.WorkItemType] = 'Task')").size(),
              3U);
    EXPECT_EQ(titles("[System.AssignedTo] IS EMPTY").size(), 8U);
}

TEST_F(WiqlTest, ComparesNumbers) {
    EXPECT_EQ(titles("[Microsoft.VSTS.Common.Priority] <= 1"), Titles{"Crash on empty header"});
    EXPECT_EQ(titles("[System.Id] = 2 OR [System.Id] = 3").size(), 2U);
}

TEST_F(WiqlTest, SortsAsAsked) {
    auto const query =
        parse_wiql("SELECT [System.Id], [System.Title] FROM WorkItems ORDER BY [System.Id] DESC");
    auto const ids = run_wiql(query, context).ids;
    ASSERT_EQ(ids.size(), 8U);
    EXPECT_EQ(ids.front(), 8);
    EXPECT_EQ(query.columns.size(), 2U);
}

TEST_F(WiqlTest, SaysWhatItCannotParse) {
    EXPECT_NE(parse_wiql("SELECT FROM WorkItems").error, "");
    EXPECT_NE(parse_wiql("SELECT [System.Id] FROM Elsewhere").error, "");
    EXPECT_NE(parse_wiql("SELECT [System.Id] FROM WorkItems WHERE [Nope] = 1").error.find("TF51005"),
              std::string::npos);
    EXPECT_NE(parse_wiql("SELECT [System.Id] FROM WorkItems WHERE [System.Id] ~ 1").error, "");
    EXPECT_NE(parse_wiql("SELECT [System.Id] FROM WorkItems WHERE ([System.Id] = 1").error, "");
    EXPECT_NE(parse_wiql("").error, "");
}

} // namespace
} // namespace simulator
