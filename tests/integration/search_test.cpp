#include "integration/support/client_stack.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace {

using namespace test; // NOLINT: the harness is what these tests are written in

bool contains(std::string const& text, std::string const& part) {
    return text.find(part) != std::string::npos;
}

std::string notes_of(ToolAnswer const& answer) {
    std::string all;
    for (Json const& note : answer.structured().value("notes", Json::array())) {
        all += note.get<std::string>() + "\n";
    }
    return all;
}

/// By value: a loop over a part of a temporary would outlive it.
Json results_of(ToolAnswer const& answer) {
    return answer.structured().value("results", Json::array());
}

/// Where a hit is: file, line and column, with the matched length.
using Place = std::tuple<std::string, int, int, int>;

std::vector<Place> places_of(ToolAnswer const& answer) {
    std::vector<Place> places;
    for (Json const& result : results_of(answer)) {
        for (Json const& match : result.value("matches", Json::array())) {
            places.emplace_back(result.at("repository").get<std::string>() +
                                    result.at("path").get<std::string>(),
                                match.at("line").get<int>(),
                                match.at("column").get<int>(),
                                match.at("length").get<int>());
        }
    }
    return places;
}

/// The file's own line, for checking what a search showed of it.
std::string line_of(std::string const& text, int line) {
    std::size_t begin = 0;
    for (int i = 1; i < line; ++i) {
        begin = text.find('\n', begin) + 1;
    }
    return text.substr(begin, text.find('\n', begin) - begin);
}

class SearchTest : public testing::Test {
protected:
    SearchTest() {
        stack.start();
        stack.attach_pat();
    }

    ToolAnswer search(Json arguments) {
        arguments["organization"] = "contoso";
        return stack.call("search_code", arguments);
    }
    ToolAnswer read(Json arguments) {
        arguments["organization"] = "contoso";
        if (!arguments.contains("project")) {
            arguments["project"] = "Game Engine";
        }
        return stack.call("read_file", arguments);
    }
    Json push(Json arguments) {
        arguments["organization"] = "contoso";
        arguments["repository"] = "samples";
        return stack.simulator.admin("push", arguments);
    }

    ClientStack stack;
};

TEST_F(SearchTest, AnEmptyAnswerSaysWhy) {
    struct Row {
        char const* name;
        Json arguments;
        std::vector<std::string> words;
    };
    Json const unindexed = {{"query", "streaming_needle"},
                            {"project", "Game Engine"},
                            {"repository", "engine"},
                            {"branch", "feature/streaming-parser"}};
    Json const unknown_branch = {
        {"query", "x"}, {"project", "Game Engine"}, {"repository", "engine"}, {"branch", "nope"}};
    for (Row const& row : std::vector<Row>{
             {"branch that is not indexed", unindexed, {"is not indexed", "indexed: main", "read_file"}},
             {"branch that is not there", unknown_branch, {"'nope'", "indexed: main"}},
             {"unknown repository",
              {{"query", "x"}, {"project", "Game Engine"}, {"repository", "nope"}},
              {"'nope'", "not in the search index"}},
             {"empty repository",
              {{"query", "x"}, {"project", "Payments"}, {"repository", "empty-repo"}},
              {"empty-repo"}},
             {"no such word", {{"query", "zzz_nowhere"}}, {"default branches", "whole words"}},
             {"a wildcard in front", {{"query", "*backoff"}}, {"wildcard"}},
         }) {
        SCOPED_TRACE(row.name);
        ToolAnswer const answer = search(row.arguments);
        ASSERT_TRUE(answer.ok()) << answer.describe();
        EXPECT_EQ(answer.structured().at("results").size(), 0U);
        for (std::string const& words : row.words) {
            EXPECT_TRUE(contains(notes_of(answer), words)) << notes_of(answer);
            EXPECT_TRUE(contains(answer.text(), words)) << answer.text();
        }
    }
    // Where all branches are indexed the same needle is found.
    Json elsewhere = unindexed;
    elsewhere["project"] = "Payments";
    elsewhere["repository"] = "billing-service";
    ToolAnswer const found = search(elsewhere);
    ASSERT_EQ(found.structured().at("results").size(), 1U) << found.describe();
    EXPECT_EQ(found.structured()["results"][0].at("branch"), "feature/streaming-parser");
}

TEST_F(SearchTest, ARepositoryNeedsNoProject) {
    ToolAnswer const answer = search({{"query", "reconnect_backoff"}, {"repository", "engine"}});
    ASSERT_TRUE(answer.ok()) << answer.describe();
    EXPECT_EQ(answer.structured().at("total"), 5);
    EXPECT_TRUE(contains(notes_of(answer), "no `project` was given")) << notes_of(answer);
}

TEST_F(SearchTest, AMissingExtensionIsAnErrorThatNamesIt) {
    for (int const status : {404, 400}) {
        stack.simulator.admin("index?organization=contoso&code_search_installed=false&missing_status=" +
                              std::to_string(status));
        ToolAnswer const answer = search({{"query", "reconnect_backoff"}});
        EXPECT_TRUE(answer.failed()) << answer.describe();
        EXPECT_TRUE(contains(answer.text(), "Code Search extension")) << answer.text();
        EXPECT_TRUE(contains(answer.text(), "ms.vss-code-search")) << answer.text();
    }
    stack.simulator.admin("index?organization=contoso&code_search_installed=true");
    EXPECT_TRUE(search({{"query", "reconnect_backoff"}}).ok());
}

TEST_F(SearchTest, InfoCodesBecomeSentences) {
    struct Row {
        int code;
        char const* words;
        bool finds; ///< whether the simulator still answers with hits
    };
    for (Row const& row : {Row{1, "indexed anew", false},
                           Row{2, "not started", false},
                           Row{4, "wildcard", true},
                           Row{6, "being indexed", false},
                           Row{8, "fewer results", true},
                           Row{9, "Branches are being indexed", true}}) {
        SCOPED_TRACE(row.code);
        stack.simulator.admin("index?info_code=" + std::to_string(row.code));
        ToolAnswer const answer = search({{"query", "reconnect_backoff"}, {"top", 1}});
        ASSERT_TRUE(answer.ok()) << answer.describe();
        EXPECT_TRUE(contains(notes_of(answer), row.words)) << notes_of(answer);
        EXPECT_EQ(answer.structured().at("results").empty(), !row.finds);
    }
}

TEST_F(SearchTest, OddFilesHaveRightLinesAndSnippetsHoweverTheIndexCounted) {
    std::vector<Place> const expected{{"samples/encodings/Straße über.txt", 1, 8, 13},
                                      {"samples/encodings/crlf.txt", 3, 17, 13},
                                      {"samples/encodings/emoji.md", 3, 20, 13},
                                      {"samples/encodings/latin1.txt", 1, 25, 13},
                                      {"samples/encodings/no_newline_at_end.c", 1, 54, 13},
                                      {"samples/encodings/utf16le.h", 2, 5, 13},
                                      {"samples/encodings/utf8_bom.cs", 5, 51, 13}};
    std::vector<std::string> const lines{
        "Grüße: oddity_needle",
        "third line with oddity_needle",
        "😀😀 two faces, then oddity_needle, then ✅",
        "café in code page 1252, oddity_needle",
        "int last_line_without_newline(void) { return 0; } /* oddity_needle */",
        "int oddity_needle = 7;",
        "    // The needle stands after a byte order mark: oddity_needle"};
    for (std::string const mode : {"plain", "bom_counted", "crlf_as_one"}) {
        SCOPED_TRACE(mode);
        stack.simulator.admin("index?offset_mode=" + mode);
        ToolAnswer const answer = search(
            {{"query", "oddity_needle"}, {"project", "Game Engine"}, {"top", 50}, {"context_lines", 0}});
        ASSERT_TRUE(answer.ok()) << answer.describe();
        std::vector<Place> places = places_of(answer);
        std::sort(places.begin(), places.end());
        EXPECT_EQ(places, expected);
        std::set<std::string> shown;
        for (Json const& result : results_of(answer)) {
            shown.insert(result.at("snippet").get<std::string>());
            EXPECT_EQ(result.at("start_line"), result.at("end_line"));
        }
        EXPECT_EQ(shown, std::set<std::string>(lines.begin(), lines.end()));
        EXPECT_EQ(notes_of(answer), "");
    }
    // read_file counts the same lines.
    for (std::size_t i = 0; i < expected.size(); ++i) {
        std::string const path = std::get<0>(expected[i]).substr(std::string("samples").size());
        int const line = std::get<1>(expected[i]);
        ToolAnswer const answer =
            read({{"repository", "samples"}, {"path", path}, {"start_line", line}, {"end_line", line}});
        ASSERT_TRUE(answer.ok()) << answer.describe();
        std::string const text = answer.structured().at("files")[0].at("text").get<std::string>();
        EXPECT_EQ(text.substr(0, text.find_first_of("\r\n")), lines[i]);
    }
}

TEST_F(SearchTest, ACrowdedFileSaysThatItsHitsAreNotAll) {
    ToolAnswer const answer = search({{"query", "crowded_line"}, {"project", "Game Engine"}});
    ASSERT_TRUE(answer.ok()) << answer.describe();
    EXPECT_EQ(answer.structured().at("total"), 1);
    for (Place const& place : places_of(answer)) {
        EXPECT_EQ(std::get<2>(place), 1);
    }
    Json const first = answer.structured().at("results")[0];
    std::string const snippet = first.at("snippet").get<std::string>();
    int const begin = first.at("start_line").get<int>();
    for (int line = begin; line <= first.at("end_line").get<int>(); ++line) {
        EXPECT_EQ(line_of(snippet, line - begin + 1), "crowded_line(" + std::to_string(line) + ");");
    }
    EXPECT_TRUE(contains(notes_of(answer), "there may be more matches")) << notes_of(answer);
}

TEST_F(SearchTest, OffsetsOfAnOlderCommitStillPointAtTheWord) {
    push({{"path", "/moving.txt"}, {"content", "one\ntwo\nmoving_needle here\n"}});
    Json const query = {{"query", "moving_needle"}, {"project", "Game Engine"}};
    ASSERT_EQ(places_of(search(query)), (std::vector<Place>{{"samples/moving.txt", 3, 1, 13}}));

    // The index lags: it still answers with the old commit, and the snippet is that commit's.
    stack.simulator.admin("index?lag_ms=3600000");
    push({{"path", "/moving.txt"}, {"content", "zero\nöne\ntwo\nmore\n  moving_needle, moved\n"}});
    ToolAnswer const stale = search(query);
    EXPECT_EQ(places_of(stale), (std::vector<Place>{{"samples/moving.txt", 3, 1, 13}})) << stale.describe();
    Json const at = stale.structured().at("results")[0];
    ToolAnswer const same =
        read({{"repository", "samples"}, {"path", "/moving.txt"}, {"ref", at.at("commit")}});
    EXPECT_EQ(line_of(same.structured().at("files")[0].at("text").get<std::string>(), 3),
              "moving_needle here");

    stack.simulator.admin("index?lag_ms=0");
    push({{"path", "/moving.txt"}, {"content", "zero\nöne\ntwo\nmore\n  moving_needle, moved again\n"}});
    EXPECT_EQ(places_of(search(query)), (std::vector<Place>{{"samples/moving.txt", 5, 3, 13}}));
}

TEST_F(SearchTest, ACursorWalkReturnsEveryHitExactlyOnce) {
    struct Row {
        char const* name;
        Json arguments;
        std::size_t files;
    };
    for (Row const& row : std::vector<Row>{
             {"page by page",
              {{"query", "include"}, {"project", "Game Engine"}, {"top", 7}, {"context_lines", 1}},
              0},
             {"by bytes",
              {{"query", "reconnect_backoff"}, {"top", 50}, {"context_lines", 2}, {"max_bytes", 1500}},
              5}}) {
        SCOPED_TRACE(row.name);
        Json whole = row.arguments;
        whole["top"] = 50;
        whole["max_bytes"] = 65536;
        std::vector<Place> expected;
        std::size_t total = 0;
        for (Json cursor; !cursor.is_null() || total == 0;) {
            if (!cursor.is_null()) {
                whole["cursor"] = cursor;
            }
            ToolAnswer const page = search(whole);
            ASSERT_TRUE(page.ok()) << page.describe();
            std::vector<Place> const places = places_of(page);
            expected.insert(expected.end(), places.begin(), places.end());
            total = page.structured().at("total").get<std::size_t>();
            cursor = page.structured().value("cursor", Json());
        }
        EXPECT_GT(total, 1U);
        EXPECT_TRUE(row.files == 0 || row.files == total);

        Json arguments = row.arguments;
        std::vector<Place> walked;
        std::set<std::string> files;
        int pages = 0;
        for (bool more = true; more && pages < 200; ++pages) {
            ToolAnswer const page = search(arguments);
            ASSERT_TRUE(page.ok()) << page.describe();
            for (Json const& result : results_of(page)) {
                files.insert(result.at("repository").get<std::string>() +
                             result.at("path").get<std::string>());
            }
            std::vector<Place> const places = places_of(page);
            walked.insert(walked.end(), places.begin(), places.end());
            more = page.structured().contains("cursor");
            if (more) {
                arguments["cursor"] = page.structured()["cursor"];
                EXPECT_TRUE(contains(page.text(), arguments["cursor"].get<std::string>()));
            }
        }
        EXPECT_GT(pages, 1);
        EXPECT_EQ(files.size(), total);
        EXPECT_EQ(walked, expected);
        EXPECT_EQ(std::set<Place>(walked.begin(), walked.end()).size(), walked.size()) << "a hit came twice";
    }
    // A cursor belongs to its query.
    Json const first = search({{"query", "include"}, {"top", 1}}).structured();
    ToolAnswer const other = search({{"query", "reconnect_backoff"}, {"cursor", first.at("cursor")}});
    EXPECT_TRUE(other.failed());
    EXPECT_TRUE(contains(other.text(), "bad_cursor")) << other.text();
}

TEST_F(SearchTest, TheByteBudgetHoldsForTextAndStructuredContent) {
    Json const table = {{"repository", "samples"}, {"path", "/generated/table.cpp"}};
    for (std::size_t const budget : {1024UL, 1500UL, 4000UL, 16384UL, 65536UL}) {
        SCOPED_TRACE(budget);
        Json file = table;
        file["max_bytes"] = budget;
        std::vector<ToolAnswer> const answers{
            search({{"query", "include"}, {"top", 50}, {"context_lines", 20}, {"max_bytes", budget}}),
            search({{"query", "crowded_line"}, {"top", 50}, {"max_bytes", budget}}),
            read(file),
            read({{"repository", "samples"},
                  {"path", "/nope/" + std::string(900, 'x')},
                  {"max_bytes", budget}})};
        for (ToolAnswer const& answer : answers) {
            std::string const text = answer.result().at("content")[0].at("text").get<std::string>();
            if (answer.ok()) {
                EXPECT_LE(text.size(), budget);
                EXPECT_LE(core::dump_json(answer.structured()).size(), budget);
            } else {
                EXPECT_LE(text.size(), 65536U);
            }
        }
        EXPECT_FALSE(answers[2].structured().at("files").empty());
    }
}

TEST_F(SearchTest, AFileReadInPiecesIsTheWholeFile) {
    Json arguments = {{"repository", "samples"}, {"path", "/generated/table.cpp"}, {"max_bytes", 20000}};
    std::string text;
    int next_line = 1;
    int pages = 0;
    for (bool more = true; more && pages < 50; ++pages) {
        ToolAnswer const page = read(arguments);
        ASSERT_TRUE(page.ok()) << page.describe();
        Json const file = page.structured().at("files").at(0);
        EXPECT_EQ(file.at("start_line"), next_line);
        EXPECT_EQ(file.at("total_lines"), 4101);
        next_line = file.at("end_line").get<int>() + 1;
        text += file.at("text").get<std::string>();
        more = page.structured().contains("cursor");
        if (more) {
            arguments["cursor"] = page.structured()["cursor"];
        }
    }
    EXPECT_EQ(next_line, 4102);
    EXPECT_GT(pages, 2);
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4101);
    EXPECT_EQ(line_of(text, 4100),
              "    0x" + std::to_string(4095U * 2654435761U % 100000000U) + "U, // entry 4095");
}

TEST_F(SearchTest, FilesAreReadByWindowAndVersion) {
    ToolAnswer const window = read(
        {{"repository", "samples"}, {"path", "/generated/crowded.c"}, {"start_line", 10}, {"end_line", 12}});
    ASSERT_TRUE(window.ok()) << window.describe();
    Json const file = window.structured().at("files")[0];
    EXPECT_EQ(file.at("text"), "crowded_line(10);\ncrowded_line(11);\ncrowded_line(12);\n");
    EXPECT_EQ(file.at("start_line"), 10);
    EXPECT_EQ(file.at("end_line"), 12);
    EXPECT_EQ(file.at("total_lines"), 250);
    EXPECT_TRUE(contains(file.at("url").get<std::string>(), "&line=10&")) << file.at("url");

    Json repository;
    for (Json const& candidate :
         stack.simulator.world().at("organizations")[0].at("projects")[0].at("repositories")) {
        if (candidate.at("name") == "engine") {
            repository = candidate;
        }
    }
    std::string const tip = repository.at("branches").at("feature/streaming-parser").get<std::string>();
    for (std::string const& ref :
         {std::string("feature/streaming-parser"), std::string("refs/heads/feature/streaming-parser"), tip}) {
        SCOPED_TRACE(ref);
        ToolAnswer const answer =
            read({{"repository", "engine"}, {"path", "docs/streaming.md"}, {"ref", ref}});
        ASSERT_TRUE(answer.ok()) << answer.describe();
        EXPECT_EQ(answer.structured().at("files")[0].at("commit"), tip);
        EXPECT_TRUE(contains(answer.text(), "streaming_needle"));
    }
    ToolAnswer const tag = read({{"repository", "engine"}, {"path", "/README.md"}, {"ref", "tag:v1.0"}});
    ASSERT_TRUE(tag.ok()) << tag.describe();
    EXPECT_EQ(tag.structured().at("files")[0].at("commit"), repository.at("tags").at("v1.0"));

    ToolAnswer const encoded =
        read({{"repository", "samples"}, {"path", "/deep/with space/and#hash/100%.txt"}});
    EXPECT_TRUE(contains(encoded.text(), "a path that must be encoded")) << encoded.describe();
    ToolAnswer const past =
        read({{"repository", "samples"}, {"path", "/generated/crowded.c"}, {"start_line", 1000}});
    EXPECT_TRUE(contains(notes_of(past), "only 250 lines")) << past.describe();
}

TEST_F(SearchTest, WhatCannotBeReadIsNamed) {
    struct Row {
        char const* name;
        Json arguments;
        char const* words;
    };
    for (Row const& row : std::vector<Row>{
             {"binary", {{"repository", "samples"}, {"path", "/assets/logo.png"}}, "is_binary"},
             {"folder", {{"repository", "samples"}, {"path", "/deep"}}, "is_folder"},
             {"missing path", {{"repository", "samples"}, {"path", "/nope.txt"}}, "TF401174"},
             {"path in another case", {{"repository", "engine"}, {"path", "/readme.md"}}, "TF401174"},
             {"not at this tag",
              {{"repository", "engine"}, {"path", "/CHANGELOG.md"}, {"ref", "tag:v1.0"}},
              "TF401174"},
             {"missing branch",
              {{"repository", "engine"}, {"path", "/README.md"}, {"ref", "nope"}},
              "TF401175"},
             {"missing repository", {{"repository", "nope"}, {"path", "/x"}}, "TF401019"},
             {"missing project", {{"project", "Nope"}, {"repository", "engine"}, {"path", "/x"}}, "TF200016"},
             {"no repository", {{"path", "/x"}}, "`repository` is missing"},
             {"neither path nor files", {{"repository", "engine"}}, "either `path` or `files`"},
             {"end before start",
              {{"repository", "engine"}, {"path", "/README.md"}, {"start_line", 5}, {"end_line", 2}},
              "`end_line` lies before"},
         }) {
        SCOPED_TRACE(row.name);
        ToolAnswer const answer = read(row.arguments);
        EXPECT_TRUE(answer.failed()) << answer.describe();
        EXPECT_TRUE(contains(answer.text(), row.words)) << answer.text();
        EXPECT_FALSE(answer.result().contains("structuredContent"));
    }
    Json files = Json::array();
    files.push_back({{"path", "/nope.txt"}});
    files.push_back({{"path", "/encodings/crlf.txt"}, {"start_line", 2}, {"end_line", 2}});
    files.push_back({{"path", "/assets/logo.png"}});
    ToolAnswer const mixed = read({{"repository", "samples"}, {"files", files}});
    ASSERT_TRUE(mixed.ok()) << mixed.describe();
    EXPECT_EQ(mixed.structured().at("files").size(), 1U);
    EXPECT_TRUE(contains(notes_of(mixed), "/nope.txt: TF401174")) << notes_of(mixed);
    EXPECT_TRUE(contains(notes_of(mixed), "/assets/logo.png")) << notes_of(mixed);
}

} // namespace
