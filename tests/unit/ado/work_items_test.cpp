#include "ado/work_items.hpp"

#include "ado/fetch.hpp"
#include "ado/readers.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

core::Result<ado::WorkItem> read(std::string const& text) {
    return ado::parse_and_read(text, 1 << 20, &ado::read_work_item);
}

TEST(WorkItem, GivesFieldsAsText) {
    auto const item =
        read(R"({"id":973,"rev":4,"fields":{"System.Title":"t","Microsoft.VSTS.Common.Priority":2,
        "System.AssignedTo":{"displayName":"Test User","uniqueName":"user@example.com"},"Custom.Done":true,
        "Custom.Empty":null}})");
    ASSERT_TRUE(item);
    EXPECT_EQ(item->field("System.Title"), "t");
    EXPECT_EQ(item->field("Microsoft.VSTS.Common.Priority"), "2");
    EXPECT_EQ(item->field("System.AssignedTo"), "Test User");
    EXPECT_EQ(item->field("Custom.Done"), "true");
    EXPECT_EQ(item->field("Custom.Empty"), "");
    EXPECT_EQ(item->field("Custom.Absent"), "");
    EXPECT_TRUE(item->relations.is_array());
    EXPECT_EQ(item->html_url, "");
}

TEST(WorkItem, NeedsFields) {
    EXPECT_FALSE(read("{}"));
    EXPECT_FALSE(read("[1]"));
    EXPECT_FALSE(read(R"({"id":1,"fields":[]})"));
}

TEST(WorkItems, LeaveOutWhatIsNotVisible) {
    auto const items =
        ado::parse_and_read(std::string(R"({"value":[null,{"id":1,"fields":{}},null],"count":3})"),
                            1 << 20,
                            &ado::read_work_items);
    ASSERT_TRUE(items);
    EXPECT_EQ(items->size(), 1U);
}

} // namespace
