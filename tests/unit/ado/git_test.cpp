#include "ado/git.hpp"

#include "ado/readers.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace {

using ado::read_file_item;
using ado::VersionDescriptor;
using ado::VersionType;

TEST(VersionDescriptor, ReadsWhatPeopleWrite) {
    std::string const commit = "0123456789abcdefABCDEF0123456789abcdefAB";
    struct Row {
        std::string text;
        bool web_form;
        VersionDescriptor expected;
    };
    std::vector<Row> const table = {
        {"", false, VersionDescriptor()},
        {"main", false, {VersionType::branch, "main"}},
        {"feature/x", false, {VersionType::branch, "feature/x"}},
        {"refs/heads/feature/x", false, {VersionType::branch, "feature/x"}},
        {"refs/tags/v1.0", false, {VersionType::tag, "v1.0"}},
        {commit, false, {VersionType::commit, commit}},
        {"abc123", false, {VersionType::branch, "abc123"}},
        {"GBmain", true, {VersionType::branch, "main"}},
        {"GBmain", false, {VersionType::branch, "GBmain"}},
        {"GTv1", true, {VersionType::tag, "v1"}},
        {"GC" + commit, true, {VersionType::commit, commit}},
        {"GCshort", true, {VersionType::branch, "GCshort"}},
    };
    for (Row const& row : table) {
        SCOPED_TRACE(row.text);
        EXPECT_EQ(VersionDescriptor::parse(row.text, row.web_form), row.expected);
    }
}

TEST(FileItem, TakesTheTextAndWhatIsSaidAboutIt) {
    auto const item = read_file_item(
        "\xEF\xBB\xBF{\"objectId\":\"b10b\",\"gitObjectType\":\"blob\",\"commitId\":\"c0ffee\",\"path\":\"/"
        "a.txt\","
        "\"content\":\"tab\\tquote\\\" \\u00e9 \\ud83d\\ude00 "
        "\xC3\xA9\\r\\n\",\"contentMetadata\":{\"encoding\":1200,"
        "\"contentType\":\"text/plain\",\"fileName\":\"a.txt\",\"isBinary\":false,\"vsLink\":null},"
        "\"_links\":{\"self\":{\"href\":\"x\"}},\"url\":\"https://x\"}");
    ASSERT_TRUE(item) << item.error().message();
    EXPECT_EQ(item->content, "tab\tquote\" \xC3\xA9 \xF0\x9F\x98\x80 \xC3\xA9\r\n");
    EXPECT_EQ(item->object_id, "b10b");
    EXPECT_EQ(item->commit_id, "c0ffee");
    EXPECT_EQ(item->path, "/a.txt");
    EXPECT_EQ(item->encoding, 1200);
    EXPECT_EQ(item->content_type, "text/plain");
    EXPECT_FALSE(item->is_binary);
    EXPECT_FALSE(item->is_folder);
    EXPECT_TRUE(item->has_content);
}

TEST(FileItem, KnowsFoldersAndBinaries) {
    auto const folder = read_file_item(
        R"({"objectId":"1","gitObjectType":"tree","commitId":"2","path":"/","isFolder":true})");
    ASSERT_TRUE(folder);
    EXPECT_TRUE(folder->is_folder);
    EXPECT_FALSE(folder->has_content);
    EXPECT_TRUE(
        read_file_item(R"({"objectId":"1","gitObjectType":"Tree","isFolder":true,"path":"/"})")->is_folder);
    auto const binary =
        read_file_item(R"({"objectId":"1","path":"/a","contentMetadata":{"isBinary":true},"content":null})");
    ASSERT_TRUE(binary);
    EXPECT_TRUE(binary->is_binary);
    EXPECT_FALSE(binary->has_content);
}

TEST(FileItem, RepairsInvalidUtf8) {
    auto const item = read_file_item("{\"path\":\"/a\",\"content\":\"x\xFFy\"}");
    ASSERT_TRUE(item);
    EXPECT_EQ(item->content, "x\xEF\xBF\xBDy");
}

TEST(FileItem, RefusesWhatIsNoItem) {
    std::vector<std::string> const table = {
        "", "[]", "{}", "{\"value\":[]}", "{\"path\":\"/a\"", "{\"path\":\"/a\"}x", "null"};
    for (std::string const& text : table) {
        SCOPED_TRACE(text);
        auto const item = read_file_item(text);
        ASSERT_FALSE(item);
        EXPECT_EQ(item.error().kind(), core::ErrorKind::upstream);
    }
}

TEST(FileItem, AgreesWithAParserOnALargeFile) {
    std::string content;
    for (int line = 0; line < 20'000; ++line) {
        content += "\tint value_" + std::to_string(line) + " = \"\\\xC3\xA9\"[0];\r\n";
    }
    nlohmann::json document;
    document["objectId"] = "b";
    document["path"] = "/big.cpp";
    document["content"] = content;
    auto const item = read_file_item(document.dump());
    ASSERT_TRUE(item);
    EXPECT_EQ(item->content, content);
}

} // namespace
