#include "ado/git_changes.hpp"
#include "ado/wiki.hpp"
#include "ado/wiki_paths.hpp"
#include "ado/wiki_search.hpp"
#include "ado/zip_archive.hpp"
#include "fixture.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace {

using core::Json;

TEST(WikiPaths, APageLiesInAFileOfAnotherName) {
    struct Row {
        char const* mapped;
        char const* file;
        char const* page;
    };
    std::vector<Row> const table{
        {"/", "/Home.md", "/Home"},
        {"/", "/How-to-build%2Dtest.md", "/How to build-test"},
        {"/docs", "/docs/A/B-c.md", "/A/B c"},
        {"/docs/", "/docs/A.md", "/A"},
        {"/", "/Why%3F-%22so%22.md", "/Why? \"so\""},
    };
    for (Row const& row : table) {
        SCOPED_TRACE(row.file);
        EXPECT_EQ(ado::page_of_file(row.mapped, row.file), row.page);
        EXPECT_EQ(ado::file_of_page(row.mapped, row.page), row.file);
    }
    EXPECT_EQ(ado::page_of_file("/docs", "/src/A.md"), std::nullopt);
    EXPECT_EQ(ado::page_of_file("/docs", "/docsA.md"), std::nullopt);
    EXPECT_EQ(ado::page_of_file("/", "/.order"), std::nullopt);
    EXPECT_EQ(ado::page_of_file("/", "/100%-done.md"), "/100% done") << "no escape";
}

TEST(WikiPaths, ASubtreeIsAPageAndWhatIsBelowIt) {
    EXPECT_TRUE(ado::is_below("/", "/A"));
    EXPECT_TRUE(ado::is_below("", "/A"));
    EXPECT_TRUE(ado::is_below("/A", "/A"));
    EXPECT_TRUE(ado::is_below("/A", "/a/B"));
    EXPECT_FALSE(ado::is_below("/A", "/AB"));
    EXPECT_FALSE(ado::is_below("/A/B", "/A"));
}

TEST(WikiSearch, HighlightsBecomePlainText) {
    EXPECT_EQ(
        ado::plain_highlight("a <highlighthit>b</highlighthit> &lt;c&gt; &amp;amp; &#39;d&#x27; &quot;"),
        "a b <c> &amp; 'd' \"");
    EXPECT_EQ(ado::plain_highlight("x < y & z &unknown; &#xD800; &#; &"),
              "x < y & z &unknown; &#xD800; &#; &");
}

TEST(WikiSearch, AnswersAreReadAndOddOnesSurvived) {
    Json json = Json::parse(R"({"count":2,"infoCode":7,"results":[
        {"path":"/A-b.md","contentId":"1","project":{"name":"Web","id":"p"},
         "wiki":{"name":"Web.wiki","id":"w","mappedPath":"/","version":"wikiMaster"},
         "hits":[{"fieldReferenceName":"fileNames","highlights":["no"]},
                 {"fieldReferenceName":"content","highlights":["one <highlighthit>x</highlighthit>", 3]}]},
        {"path":"/nowiki.md"}, 7]})");
    auto const page = ado::read_wiki_search_page(json);
    ASSERT_TRUE(page);
    ASSERT_EQ(page->hits.size(), 1U);
    EXPECT_EQ(page->hits[0].excerpts, (std::vector<std::string>{"one x"}));
    EXPECT_EQ(page->hits[0].mapped_path, "/");
    EXPECT_EQ(page->info_code, 7);
    Json nothing = Json::object();
    EXPECT_FALSE(ado::read_wiki_search_page(nothing));
}

TEST(CommitDiff, FilesThatCameChangedMovedAndWent) {
    Json json = Json::parse(R"({"allChangesIncluded":false,"commonCommit":"c","changes":[
        {"item":{"path":"/docs","isFolder":true,"gitObjectType":"tree"},"changeType":"edit"},
        {"item":{"path":"/a.md","objectId":"1","gitObjectType":"blob"},"changeType":"add"},
        {"item":{"path":"/b.md","objectId":"2","gitObjectType":"blob"},"changeType":"edit, rename",
         "sourceServerItem":"/old.md"},
        {"item":{"path":"/c.md","objectId":"3","gitObjectType":"blob"},"changeType":"delete"},
        {"item":{"path":"/d.md","objectId":"4"},"changeType":"undelete"}, {}]})");
    auto const diff = ado::read_commit_diff(json);
    ASSERT_TRUE(diff);
    EXPECT_EQ(diff->entries, 6U);
    EXPECT_FALSE(diff->complete);
    ASSERT_EQ(diff->changes.size(), 4U);
    EXPECT_EQ(diff->changes[0].object_id, "1");
    EXPECT_EQ(diff->changes[1].old_path, "/old.md");
    EXPECT_TRUE(diff->changes[2].removed);
    EXPECT_FALSE(diff->changes[3].removed);
}

void put(std::string& out, std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) {
        out += static_cast<char>((value >> (8 * i)) & 0xFFU);
    }
}

/// One stored file; what a test breaks in it is given by offset.
std::string stored_zip(std::string const& content, std::uint32_t crc) {
    std::string out;
    std::string directory;
    put(out, 0x04034b50, 4);
    put(directory, 0x02014b50, 4);
    put(directory, 20, 2);
    for (std::string* const head : {&out, &directory}) {
        put(*head, 20, 2);
        put(*head, 0, 4); // flags, stored
        put(*head, 0, 4); // time
        put(*head, crc, 4);
        put(*head, static_cast<std::uint32_t>(content.size()), 4);
        put(*head, static_cast<std::uint32_t>(content.size()), 4);
        put(*head, 4, 2);
        put(*head, 0, 2);
    }
    out += "name" + content;
    put(directory, 0, 4);
    put(directory, 0, 2);
    put(directory, 0, 4);
    put(directory, 0, 4);
    directory += "name";
    auto const start = static_cast<std::uint32_t>(out.size());
    out += directory;
    put(out, 0x06054b50, 4);
    put(out, 0, 4);
    put(out, 1, 2);
    put(out, 1, 2);
    put(out, static_cast<std::uint32_t>(directory.size()), 4);
    put(out, start, 4);
    put(out, 0, 2);
    return out;
}

constexpr std::uint32_t kHelloCrc = 0x3610A686; // of "hello"

TEST(ZipArchive, FilesAreUnpacked) {
    auto const files = ado::read_zip(stored_zip("hello", kHelloCrc), 100);
    ASSERT_TRUE(files) << core::describe(files.error());
    EXPECT_EQ(*files, (std::vector<std::string>{"hello"}));
}

TEST(ZipArchive, BrokenAndGreedyOnesAreRefused) {
    std::string const good = stored_zip("hello", kHelloCrc);
    EXPECT_FALSE(ado::read_zip("", 100));
    EXPECT_FALSE(ado::read_zip("<html>no archive</html>", 100));
    EXPECT_FALSE(ado::read_zip(stored_zip("hello", 1), 100)) << "checksum";
    auto const greedy = ado::read_zip(good, 4);
    ASSERT_FALSE(greedy);
    EXPECT_EQ(greedy.error().code(), "response_too_large");
    for (std::size_t at = 0; at < good.size(); ++at) {
        for (char const value : {'\0', '\xFF', '\x01'}) {
            std::string damaged = good;
            damaged[at] = value;
            auto const read = ado::read_zip(damaged, 100); // whatever it says, it ends
            EXPECT_TRUE(!read || read->size() <= 1U);
        }
        EXPECT_FALSE(ado::read_zip(good.substr(0, at), 100));
    }
}

TEST(Blobs, AreToldByWhatTheyHold) {
    EXPECT_EQ(ado::blob_id("hello"), "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0"); // git hash-object
    auto const blobs = ado::read_blobs(stored_zip("hello", kHelloCrc), 100);
    ASSERT_TRUE(blobs && blobs->size() == 1U);
    EXPECT_EQ((*blobs)[0].object_id, "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0");
    EXPECT_EQ((*blobs)[0].content, "hello");
}

} // namespace
