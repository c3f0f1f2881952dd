#include "ado/code_search.hpp"

#include "ado/fetch.hpp"
#include "ado/readers.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

core::Result<ado::CodeSearchPage> read(std::string const& text) {
    return ado::parse_and_read(text, 1 << 20, &ado::read_code_search_page);
}

TEST(CodeSearchPage, IsReadWithItsMatchesAndVersions) {
    auto const page = read(R"({"count":37,"results":[{"fileName":"http.cpp","path":"/src/net/http.cpp",
        "matches":{"content":[{"charOffset":1187,"length":11,"line":0,"column":0,"codeSnippet":null,"type":"content"},
                              {"charOffset":4000000000,"length":3,"codeSnippet":"int x;","type":"strlit"}],
                   "fileName":[{"charOffset":0,"length":-1,"line":0,"column":0,"codeSnippet":null,"type":null}]},
        "collection":{"name":"contoso"},"project":{"name":"Contoso","id":"3f0c"},
        "repository":{"name":"engine","id":"77aa","type":"git"},
        "versions":[{"branchName":"main","changeId":"c0ffee"},{"branchName":"dev","changeId":"decade"}],
        "contentId":"b10b"}],"infoCode":9,"facets":{}})");
    ASSERT_TRUE(page);
    EXPECT_EQ(page->count, 37);
    EXPECT_EQ(page->info_code, 9);
    ado::CodeSearchHit const& hit = page->hits.at(0);
    EXPECT_EQ(hit.path, "/src/net/http.cpp");
    EXPECT_EQ(hit.file_name, "http.cpp");
    EXPECT_EQ(hit.project, "Contoso");
    EXPECT_EQ(hit.project_id, "3f0c");
    EXPECT_EQ(hit.repository, "engine");
    EXPECT_EQ(hit.repository_id, "77aa");
    EXPECT_EQ(hit.repository_type, "git");
    EXPECT_EQ(hit.branch, "main");
    EXPECT_EQ(hit.commit, "c0ffee");
    EXPECT_EQ(hit.versions.size(), 2U);
    EXPECT_EQ(hit.content_id, "b10b");
    ASSERT_EQ(hit.matches.size(), 2U);
    EXPECT_EQ(hit.matches[0].char_offset, 1187U);
    EXPECT_EQ(hit.matches[0].length, 11);
    EXPECT_EQ(hit.matches[0].snippet, "");
    EXPECT_EQ(hit.matches[1].snippet, "int x;");
    ASSERT_EQ(hit.file_name_matches.size(), 1U);
    EXPECT_EQ(hit.file_name_matches[0].length, -1);
}

TEST(CodeSearchPage, SurvivesMembersOfTheWrongType) {
    auto const page = read(R"({"results":[7,{"path":5,"matches":[],"versions":{"a":1},"project":null},
        {"matches":{"content":[null,{"charOffset":-5,"length":"x","line":-1}]}}],"infoCode":"y"})");
    ASSERT_TRUE(page);
    EXPECT_EQ(page->hits.size(), 3U);
    EXPECT_EQ(page->count, 3);
    EXPECT_EQ(page->hits[2].matches.at(1).char_offset, 0U);
    EXPECT_FALSE(read("{}"));
    EXPECT_FALSE(read("[]"));
}

TEST(InfoCode, TellsAMistakeFromAnIndexThatIsNotThereYet) {
    EXPECT_EQ(ado::explain_info_code(0).note, ado::IndexNote::none);
    EXPECT_TRUE(ado::explain_info_code(0).sentence.empty());
    for (int const code : {1, 2, 6, 7, 9}) {
        EXPECT_EQ(ado::explain_info_code(code).note, ado::IndexNote::not_indexed_yet) << code;
    }
    for (int const code : {3, 4, 5, 19, 20}) {
        EXPECT_EQ(ado::explain_info_code(code).note, ado::IndexNote::query_mistake) << code;
    }
    EXPECT_EQ(ado::explain_info_code(8).note, ado::IndexNote::trimmed);
    for (int code = 1; code < 30; ++code) {
        EXPECT_FALSE(ado::explain_info_code(code).sentence.empty()) << code;
    }
}

TEST(SearchTerm, IsQuotedWhenItHoldsSyntax) {
    std::vector<std::pair<std::string, std::string>> const table = {
        {"parseHeader", "parseHeader"},
        {"parse header", "\"parse header\""},
        {"f(x)", "\"f(x)\""},
        {"a:b", "\"a:b\""},
        {"a*", "\"a*\""},
        {"say \"hi\" \\", "\"say \\\"hi\\\" \\\\\""},
        {"AND", "\"AND\""},
        {"and", "and"},
        {"", "\"\""},
    };
    for (auto const& [in, out] : table) {
        EXPECT_EQ(ado::quote_search_term(in), out);
    }
}

} // namespace
