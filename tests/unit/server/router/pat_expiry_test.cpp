#include "server/router/pat_expiry.hpp"

#include <gtest/gtest.h>

namespace {

using server::PatEnd;
using std::chrono::hours;

core::SystemTime const kNow{std::chrono::sys_days{std::chrono::year{2027} / 1 / 15}};
core::SystemTime const kAutumn{std::chrono::sys_days{std::chrono::year{2026} / 11 / 27}};

TEST(PatExpiry, WarnsAtThirtyFourteenSevenAndOneDays) {
    struct Row {
        int hours_left;
        std::optional<int> reached;
    };
    Row const rows[] = {{31 * 24, std::nullopt},
                        {30 * 24 + 1, std::nullopt},
                        {30 * 24, 30},
                        {15 * 24, 30},
                        {14 * 24, 14},
                        {7 * 24 + 1, 14},
                        {7 * 24, 7},
                        {25, 7},
                        {24, 1},
                        {1, 1},
                        {0, std::nullopt},
                        {-5, std::nullopt}};
    for (Row const& row : rows) {
        EXPECT_EQ(server::reached_warning(kNow + hours(row.hours_left), kNow), row.reached) << row.hours_left;
    }
}

TEST(PatExpiry, SaysWhenItEndsAndWhatToDo) {
    PatEnd const end(kNow + hours(24 * 13 - 1), false);
    EXPECT_EQ(server::describe_pat_end("contoso", end, kNow),
              "The personal access token for contoso ends on 2027-01-27T23:00:00Z, in 13 days.");
    EXPECT_NE(server::pat_end_fix("contoso", end).find("ado-mcpd pat set --organization contoso"),
              std::string::npos);
    EXPECT_EQ(server::describe_pat_end("contoso", PatEnd(kNow + hours(24 * 31), false), kNow), "");
    EXPECT_EQ(server::describe_pat_end("contoso", PatEnd(std::nullopt, false), kNow), "");
    EXPECT_NE(server::describe_pat_end("contoso", PatEnd(kNow - hours(1), false), kNow).find("ended on"),
              std::string::npos);
    EXPECT_NE(server::describe_pat_end("contoso", PatEnd(kNow + hours(3), false), kNow).find("within a day"),
              std::string::npos);
}

TEST(PatExpiry, OneForAllOrganizationsEndsOnTheFirstOfDecember) {
    PatEnd const long_lived(kAutumn + hours(24 * 180), true);
    EXPECT_EQ(long_lived.when(), server::kGlobalPatsEnd);
    EXPECT_EQ(
        server::describe_pat_end("contoso", long_lived, kAutumn),
        "The personal access token for contoso is valid for all organizations of its owner. Such tokens "
        "stop working on 2026-12-01, in 4 days.");
    // One that ends earlier by itself says so.
    PatEnd const short_lived(kAutumn + hours(24), true);
    EXPECT_NE(server::describe_pat_end("contoso", short_lived, kAutumn).find("ends on 2026-11-28"),
              std::string::npos);
    EXPECT_NE(server::describe_pat_end("contoso", PatEnd(std::nullopt, true), kNow).find("stopped working"),
              std::string::npos);
    EXPECT_NE(server::pat_end_fix("contoso", long_lived).find("for the organization contoso alone"),
              std::string::npos);
}

} // namespace
