#include "ado/patch.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace {

using ado::TextFormat;
using ado::WorkItemPatch;
using core::Json;

TEST(WorkItemPatch, BuildsOneAddPerFieldInOrder) {
    WorkItemPatch patch;
    EXPECT_TRUE(patch.empty());
    patch.set("System.Title", "Crash on empty header").set("Microsoft.VSTS.Common.Priority", 2);
    patch.set_tags(std::vector<std::string>{"net", "regression"});
    EXPECT_EQ(patch.document(), Json::parse(R"([
        {"op":"add","path":"/fields/System.Title","value":"Crash on empty header"},
        {"op":"add","path":"/fields/Microsoft.VSTS.Common.Priority","value":2},
        {"op":"add","path":"/fields/System.Tags","value":"net; regression"}])"));
}

TEST(WorkItemPatch, KeepsTheLaterValueOfAField) {
    WorkItemPatch patch;
    patch.set("System.Title", "a").set("System.State", "New").set("System.Title", "b");
    EXPECT_EQ(patch.document().size(), 2U);
    EXPECT_EQ(patch.document()[0]["value"], "b");
}

TEST(WorkItemPatch, SendsMarkdownWithItsFormatAndCleaned) {
    WorkItemPatch patch;
    patch.set_text("System.Description", "a <b> `<c>`", TextFormat::markdown);
    EXPECT_EQ(patch.document(), Json::parse(R"([
        {"op":"add","path":"/fields/System.Description","value":"a &lt;b&gt; `<c>`"},
        {"op":"add","path":"/multilineFieldsFormat/System.Description","value":"Markdown"}])"));
    patch.set_text("System.Description", "<p>a</p>", TextFormat::html);
    EXPECT_EQ(patch.document(),
              Json::parse(R"([{"op":"add","path":"/fields/System.Description","value":"<p>a</p>"}])"));
}

TEST(WorkItemPatch, AddsEveryRelation) {
    WorkItemPatch patch;
    patch.add_relation(
        "System.LinkTypes.Hierarchy-Reverse", "https://dev.azure.com/contoso/_apis/wit/workItems/41", "");
    patch.add_relation("Hyperlink", "https://example.com", "log");
    EXPECT_EQ(patch.document(), Json::parse(R"([
        {"op":"add","path":"/relations/-","value":{"rel":"System.LinkTypes.Hierarchy-Reverse",
            "url":"https://dev.azure.com/contoso/_apis/wit/workItems/41"}},
        {"op":"add","path":"/relations/-","value":{"rel":"Hyperlink","url":"https://example.com",
            "attributes":{"comment":"log"}}}])"));
}

TEST(WorkItemPatch, TestsTheRevisionFirst) {
    WorkItemPatch patch;
    patch.set("System.State", "Done").test_revision(7);
    EXPECT_EQ(patch.document()[0], Json::parse(R"({"op":"test","path":"/rev","value":7})"));
}

TEST(WorkItemPatch, EscapesFieldNamesAsJsonPointer) {
    WorkItemPatch patch;
    patch.set("A/B~C", "x");
    EXPECT_EQ(patch.document()[0]["path"], "/fields/A~1B~0C");
}

TEST(WorkItemPatch, CopiesAndWritesInvalidUtf8AsReplacement) {
    WorkItemPatch patch;
    patch.set("System.Title", "bad \xFF byte");
    WorkItemPatch const copy = patch;
    patch.set("System.Title", "other");
    EXPECT_EQ(Json::parse(copy.to_string())[0]["value"], "bad \xEF\xBF\xBD byte");
}

} // namespace
