#include "fixture.hpp"

#include "core/text/utf8.hpp"
#include "server/tools/blob_cache.hpp"

#include <algorithm>

namespace {

using namespace tools_test;

class SearchTest : public ToolTest {
public:
    SearchTest() : ToolTest(server::make_search_code_tool()) {}
};

Json hit(std::string const& path, std::vector<std::pair<int, int>> const& places) {
    Json content = Json::array();
    for (auto const& [offset, length] : places) {
        content.push_back(Json{{"charOffset", offset},
                               {"length", length},
                               {"line", 0},
                               {"column", 0},
                               {"codeSnippet", nullptr},
                               {"type", "content"}});
    }
    return Json{{"fileName", path.substr(path.rfind('/') + 1)},
                {"path", path},
                {"matches", {{"content", content}}},
                {"project", {{"name", "Web Shop"}, {"id", "3f0c"}}},
                {"repository", {{"name", "engine"}, {"id", "77aa"}, {"type", "git"}}},
                {"versions", {{{"branchName", "main"}, {"changeId", kCommit}}}},
                {"contentId", "c0ffee"}};
}

Json page(std::vector<Json> const& hits, int count = -1, int info_code = 0) {
    return Json{{"count", count < 0 ? static_cast<int>(hits.size()) : count},
                {"results", hits},
                {"infoCode", info_code}};
}

std::string const kParser = "#include <x>\n\nint parse() {\n    return 1;\n}\n";

TEST(SearchCode, AnswersWithRealLinesOfTheHitsCommit) {
    SearchTest test;
    test.respond(page({hit("/src/parser.cpp", {{18, 5}})}));
    test.respond(file_answer("/src/parser.cpp", kParser));
    Json const answer = test.structured({{"query", "parse"}, {"project", "Web Shop"}, {"context_lines", 1}});

    ASSERT_EQ(answer["results"].size(), 1U);
    Json const& result = answer["results"][0];
    EXPECT_EQ(result["organization"], "contoso");
    EXPECT_EQ(result["project"], "Web Shop");
    EXPECT_EQ(result["repository"], "engine");
    EXPECT_EQ(result["branch"], "main");
    EXPECT_EQ(result["commit"], kCommit);
    EXPECT_EQ(result["path"], "/src/parser.cpp");
    EXPECT_EQ(result["start_line"], 2);
    EXPECT_EQ(result["end_line"], 4);
    EXPECT_EQ(result["snippet"], "\nint parse() {\n    return 1;");
    EXPECT_EQ(result["matches"], Json::parse(R"([{"line":3,"column":5,"length":5}])"));
    EXPECT_NE(result["url"].get<std::string>().find("version=GC" + kCommit), std::string::npos);
    EXPECT_NE(result["url"].get<std::string>().find("line=2&"), std::string::npos);
    EXPECT_EQ(answer["total"], 1);
    EXPECT_FALSE(answer.contains("cursor"));
    EXPECT_TRUE(notes_of(answer).empty());

    ASSERT_EQ(test.http.requests().size(), 2U);
    std::string const& file = test.http.requests()[1].url;
    EXPECT_NE(file.find("/Web%20Shop/_apis/git/repositories/engine/items?path=%2Fsrc%2Fparser.cpp"),
              std::string::npos);
    EXPECT_NE(file.find("versionDescriptor.version=" + kCommit), std::string::npos);
    EXPECT_NE(file.find("versionType=commit"), std::string::npos);
}

TEST(SearchCode, WritesTheTextForAReader) {
    SearchTest test;
    test.respond(page({hit("/src/parser.cpp", {{18, 5}})}));
    test.respond(file_answer("/src/parser.cpp", kParser));
    test.structured({{"query", "parse"}, {"project", "Web Shop"}, {"context_lines", 1}});
    EXPECT_EQ(test.text.find("1 result; the search matched 1 file.\n[begin "), 0U);
    EXPECT_NE(
        test.text.find(
            "engine/src/parser.cpp:2-4 (main @ 0123456) https://dev.azure.com/contoso/Web%20Shop/_git/"),
        std::string::npos);
    EXPECT_NE(test.text.find("\n2-\n3:int parse() {\n4-    return 1;\n[end "), std::string::npos);
    std::string const first = test.text;
    test.respond(page({hit("/src/parser.cpp", {{18, 5}})}));
    test.respond(file_answer("/src/parser.cpp", kParser));
    test.structured({{"query", "parse"}, {"project", "Web Shop"}, {"context_lines", 1}});
    EXPECT_NE(first, test.text) << "the delimiter must not be foreseeable";
}

struct RequestRow {
    std::string name;
    Json args;
    std::string text;
    Json filters;
};

TEST(SearchCode, TurnsArgumentsIntoTheServicesFilters) {
    std::vector<RequestRow> const table{
        {"query alone", {{"query", "x"}}, "x", Json::object()},
        {"project", {{"query", "x"}, {"project", "P"}}, "x", {{"Project", {"P"}}}},
        {"repository",
         {{"query", "x"}, {"project", "P"}, {"repository", "r"}},
         "x",
         {{"Project", {"P"}}, {"Repository", {"r"}}}},
        {"repository without project becomes a term",
         {{"query", "x"}, {"repository", "my repo"}},
         "x repo:\"my repo\"",
         Json::object()},
        {"branch", {{"query", "x"}, {"branch", "refs/heads/release/1"}}, "x", {{"Branch", {"release/1"}}}},
        {"path", {{"query", "x"}, {"path", "src"}}, "x", {{"Path", {"/src"}}}},
        {"extension", {{"query", "x"}, {"extension", ".cpp"}}, "x ext:cpp", Json::object()},
        {"alternatives keep together",
         {{"query", "x OR y"}, {"extension", "cpp"}},
         "(x OR y) ext:cpp",
         Json::object()},
        {"alternatives alone", {{"query", "x OR y"}}, "x OR y", Json::object()},
    };
    for (RequestRow const& row : table) {
        SCOPED_TRACE(row.name);
        SearchTest test;
        test.http.handle([](test::RecordedRequest const& request) -> core::Result<core::HttpResponse> {
            bool const status = request.url.find("/status/") != std::string::npos;
            return test::make_response(200,
                                       status ? R"({"id":"1","name":"r","indexedBranches":[]})"
                                              : page({}).dump(),
                                       {{"Content-Type", "application/json"}});
        });
        test.structured(row.args);
        Json const body = test.request_body(0);
        EXPECT_EQ(body["searchText"], row.text);
        EXPECT_EQ(body["filters"], row.filters);
        EXPECT_EQ(body["$top"], 10);
        EXPECT_EQ(body["$skip"], 0);
        EXPECT_EQ(body["includeSnippet"], true);
    }
}

TEST(SearchCode, SearchesOnlyTheProjectsTheConnectorAllows) {
    SearchTest test;
    test.policy.projects = {"Web Shop", "Tools"};
    Json other = hit("/secret.cpp", {{0, 6}});
    other["project"]["name"] = "Hidden";
    test.respond(page({other, hit("/src/parser.cpp", {{18, 5}})}));
    test.respond(file_answer("/src/parser.cpp", kParser));
    Json const answer = test.structured({{"query", "parse"}});
    EXPECT_EQ(test.request_body(0)["filters"]["Project"], Json({"Web Shop", "Tools"}));
    ASSERT_EQ(answer["results"].size(), 1U);
    EXPECT_EQ(answer["results"][0]["path"], "/src/parser.cpp");
    EXPECT_TRUE(mentions(notes_of(answer), "1 result left out"));
    EXPECT_EQ(test.http.requests().size(), 2U) << "nothing of the hidden project may be fetched";
}

TEST(SearchCode, UsesTheDefaultProject) {
    SearchTest test;
    test.policy.default_project = "Web Shop";
    test.respond(page({}));
    test.respond({{"id", "1"}, {"name", "engine"}, {"indexedBranches", Json::array()}});
    test.structured({{"query", "x"}, {"repository", "engine"}});
    EXPECT_EQ(test.request_body(0)["filters"],
              Json::parse(R"({"Project":["Web Shop"],"Repository":["engine"]})"));
}

TEST(SearchCode, FetchesTheHitFilesSideBySide) {
    SearchTest test;
    test.http.handle([](test::RecordedRequest const& request) -> core::Result<core::HttpResponse> {
        if (request.method == "POST") {
            std::vector<Json> hits;
            for (int i = 0; i < 5; ++i) {
                hits.push_back(hit("/f" + std::to_string(i) + ".cpp", {{18, 5}}));
            }
            return test::make_response(200, page(hits).dump(), {{"Content-Type", "application/json"}});
        }
        return test::make_response(
            200, file_answer("/f", kParser).dump(), {{"Content-Type", "application/json"}});
    });
    test.http.hold();
    Json const args{{"query", "parse"}};
    auto call = test.loop.spawn(test.start(args));
    test.loop.poll();
    ASSERT_EQ(test.http.held(), 1U);
    test.http.release(1);
    test.loop.poll();
    EXPECT_EQ(test.http.held(), 5U) << "all files must be under way at once";
    test.http.release();
    test.loop.wait(call);
    auto const result = call.take();
    ASSERT_TRUE(result);
    EXPECT_EQ(result->structured["results"].size(), 5U);
    EXPECT_EQ(result->structured["results"][4]["path"], "/f4.cpp") << "order of relevance";
}

TEST(SearchCode, CancellingReachesEveryFetch) {
    SearchTest test;
    test.respond(page({hit("/a.cpp", {{18, 5}}), hit("/b.cpp", {{18, 5}})}));
    test.http.hold();
    Json const args{{"query", "parse"}};
    auto call = test.loop.spawn(test.start(args));
    test.loop.poll();
    test.http.release(1);
    test.loop.poll();
    ASSERT_EQ(test.http.held(), 2U);
    call.cancel();
    test.loop.poll();
    EXPECT_EQ(test.http.held(), 0U);
    EXPECT_TRUE(call.done());
}

TEST(SearchCode, StillListsAFileItCannotRead) {
    SearchTest test;
    test.respond(page({hit("/gone.cpp", {{18, 5}}), hit("/src/parser.cpp", {{18, 5}})}));
    test.http.handle([](test::RecordedRequest const& request) -> core::Result<core::HttpResponse> {
        if (request.url.find("gone") != std::string::npos) {
            return test::make_response(404,
                                       R"({"message":"TF401174: The item '/gone.cpp' could not be found."})",
                                       {{"Content-Type", "application/json"}});
        }
        return test::make_response(
            200, file_answer("/p", kParser).dump(), {{"Content-Type", "application/json"}});
    });
    Json const answer = test.structured({{"query", "parse"}});
    ASSERT_EQ(answer["results"].size(), 2U);
    EXPECT_EQ(answer["results"][0]["path"], "/gone.cpp");
    EXPECT_FALSE(answer["results"][0].contains("start_line"));
    EXPECT_TRUE(answer["results"][1].contains("start_line"));
    EXPECT_TRUE(mentions(notes_of(answer), "/gone.cpp"));
}

TEST(SearchCode, CleansWhatOthersWrote) {
    SearchTest test;
    test.respond(page({hit("/src/parser.cpp", {{3, 5}})}));
    test.respond(file_answer("/src/parser.cpp",
                             "// parse \xE2\x80\xAE"
                             "evil\x1B[2J\n"));
    Json const answer = test.structured({{"query", "parse"}});
    EXPECT_EQ(answer["results"][0]["snippet"], "// parse evil[2J");
    EXPECT_EQ(test.text.find('\x1B'), std::string::npos);
    EXPECT_TRUE(mentions(notes_of(answer), "2 invisible or control characters removed"));
}

TEST(SearchCode, KeepsToItsBudgetAndGoesOnWithTheCursor) {
    std::string file;
    std::vector<std::pair<int, int>> places;
    for (int i = 0; i < 4; ++i) {
        places.emplace_back(static_cast<int>(file.size()), 6);
        file += "needle \"quoted\" \t text number " + std::to_string(i) + std::string(60, 'x') +
                "\n\n\n\n\n\n\n\n\n";
    }
    for (int const budget : {1024, 1500, 2048, 4096}) {
        SCOPED_TRACE(budget);
        SearchTest test;
        test.limits.search_file_bytes = 65536; // a file's own budget is another test's matter
        test.http.handle([&](test::RecordedRequest const& request) -> core::Result<core::HttpResponse> {
            if (request.method == "POST") {
                Json const body = Json::parse(request.body);
                std::vector<Json> hits;
                for (int i = body["$skip"].get<int>(); i < std::min(body["$skip"].get<int>() + 2, 5); ++i) {
                    hits.push_back(hit("/f" + std::to_string(i) + ".cpp", places));
                }
                return test::make_response(200, page(hits, 5).dump(), {{"Content-Type", "application/json"}});
            }
            return test::make_response(
                200, file_answer("/f", file).dump(), {{"Content-Type", "application/json"}});
        });
        Json args{{"query", "needle"}, {"max_bytes", budget}, {"top", 2}};
        std::vector<std::string> seen;
        for (int round = 0; round < 40; ++round) {
            Json const answer = test.structured(args);
            EXPECT_LE(test.text.size(), static_cast<std::size_t>(budget));
            EXPECT_LE(answer.dump().size(), static_cast<std::size_t>(budget));
            for (Json const& result : answer["results"]) {
                seen.push_back(result["path"].get<std::string>() + ":" +
                               std::to_string(result["matches"][0]["line"].get<int>()));
            }
            if (!answer.contains("cursor")) {
                break;
            }
            args["cursor"] = answer["cursor"];
        }
        std::vector<std::string> expected;
        for (int i = 0; i < 5; ++i) {
            for (int const line : {1, 10, 19, 28}) {
                expected.push_back("/f" + std::to_string(i) + ".cpp:" + std::to_string(line));
            }
        }
        EXPECT_EQ(seen, expected) << "every result once, in order";
    }
}

TEST(SearchCode, ShortensAResultThatAloneIsTooLarge) {
    SearchTest test;
    test.respond(page({hit("/src/parser.cpp", {{0, 6}})}));
    test.respond(
        file_answer("/src/parser.cpp", "needle " + std::string(3000, 'y') + "\n" + std::string(390, 'z')));
    Json const answer = test.structured({{"query", "needle"}, {"max_bytes", 1024}});
    ASSERT_EQ(answer["results"].size(), 1U);
    EXPECT_EQ(answer["results"][0]["snippet"].get<std::string>().substr(0, 6), "needle");
    EXPECT_LE(answer.dump().size(), 1024U);
    EXPECT_LE(test.text.size(), 1024U);
    EXPECT_TRUE(mentions(notes_of(answer), "shortened"));
}

TEST(SearchCode, RefusesACursorOfAnotherCall) {
    SearchTest test;
    test.respond(page({hit("/src/parser.cpp", {{18, 5}})}, 30));
    test.respond(file_answer("/src/parser.cpp", kParser));
    std::string const cursor = test.structured({{"query", "parse"}, {"top", 1}})["cursor"];
    test.respond(page({}, 30));
    test.structured({{"query", "parse"}, {"cursor", cursor}});
    EXPECT_EQ(test.request_body(2)["$skip"], 1);
    for (Json const& args : {Json{{"query", "other"}, {"cursor", cursor}},
                             Json{{"query", "parse"}, {"cursor", "AAAA"}},
                             Json{{"query", "parse"}, {"cursor", cursor + "x"}},
                             Json{{"query", "parse"}, {"cursor", ""}}}) {
        core::Error const error = test.error(args);
        EXPECT_EQ(error.kind(), core::ErrorKind::invalid_argument);
        EXPECT_EQ(error.code(), "bad_cursor");
    }
}

TEST(SearchCode, RefusesArgumentsThatCannotMeanAnything) {
    SearchTest test;
    for (Json const& args : {Json{{"query", "  "}},
                             Json{{"query", "x"}, {"project", ".."}},
                             Json{{"query", "x"}, {"repository", "."}},
                             Json{{"query", "x"}, {"extension", "c pp"}}}) {
        EXPECT_EQ(test.error(args).kind(), core::ErrorKind::invalid_argument);
    }
    EXPECT_TRUE(test.http.requests().empty());
}

TEST(SearchCode, SaysThatABranchIsNotIndexed) {
    SearchTest test;
    test.respond(page({}));
    test.respond(Json::parse(
        R"({"id":"1","name":"engine","indexedBranches":[{"name":"refs/heads/main"},{"name":"dev"}]})"));
    Json const answer = test.structured(
        {{"query", "parse"}, {"project", "Web Shop"}, {"repository", "engine"}, {"branch", "release"}});
    EXPECT_TRUE(answer["results"].empty());
    EXPECT_TRUE(mentions(notes_of(answer), "Branch 'release' of repository 'engine' is not indexed"));
    EXPECT_TRUE(mentions(notes_of(answer), "main, dev"));
    EXPECT_EQ(test.text.find("No results.\n"), 0U);
    EXPECT_NE(test.http.requests()[1].url.find("/_apis/search/status/repositories/engine"),
              std::string::npos);
}

TEST(SearchCode, SaysWhyItFoundNothing) {
    struct Row {
        std::string name;
        Json args;
        int info_code;
        std::string words;
    };
    std::vector<Row> const table{
        {"being indexed", {{"query", "x"}}, 6, "being indexed"},
        {"indexing not started", {{"query", "x"}}, 2, "not started"},
        {"wildcard refused", {{"query", "*x"}}, 4, "wildcard"},
        {"leading wildcard, unnoticed by the service", {{"query", "*x"}}, 0, "may not begin with"},
        {"default branches only", {{"query", "x"}}, 0, "Only default branches were searched"},
        {"branch without repository", {{"query", "x"}, {"branch", "b"}}, 0, "only if it is indexed"},
        {"whole words", {{"query", "x"}}, 0, "whole words"},
    };
    for (Row const& row : table) {
        SCOPED_TRACE(row.name);
        SearchTest test;
        test.respond(page({}, 0, row.info_code));
        Json const answer = test.structured(row.args);
        EXPECT_TRUE(mentions(notes_of(answer), row.words)) << answer.dump();
        EXPECT_EQ(answer["total"], 0);
    }
}

TEST(SearchCode, ReportsAMissingSearchExtension) {
    for (int const status : {400, 404}) {
        SearchTest test;
        test.http.respond(
            status, R"({"message":"The resource cannot be found."})", {{"Content-Type", "application/json"}});
        core::Error const error = test.error({{"query", "parse"}});
        EXPECT_NE((error.message() + error.fix()).find("Code Search"), std::string::npos) << error.fix();
    }
}

TEST(SearchCode, ShowsTheHeadOfAFileFoundByItsName) {
    SearchTest test;
    Json by_name = hit("/readme.md", {});
    by_name["matches"] = Json::parse(R"({"fileName":[{"charOffset":0,"length":-1}]})");
    test.respond(page({by_name}));
    test.respond(file_answer("/readme.md", "# Title\n\ntext\n"));
    Json const answer = test.structured({{"query", "file:readme.md"}});
    EXPECT_EQ(answer["results"][0]["start_line"], 1);
    EXPECT_EQ(answer["results"][0]["snippet"], "# Title\n\ntext");
    EXPECT_TRUE(answer["results"][0]["matches"].empty());
}

TEST(SearchCode, TakesTheVersionOfTheBranchThatWasAskedFor) {
    SearchTest test;
    Json found = hit("/src/parser.cpp", {{18, 5}});
    std::string const other(40, 'b');
    found["versions"] = Json::array({{{"branchName", "main"}, {"changeId", kCommit}},
                                     {{"branchName", "refs/heads/dev"}, {"changeId", other}}});
    test.respond(page({found}));
    test.respond(file_answer("/src/parser.cpp", kParser));
    Json const answer = test.structured({{"query", "parse"}, {"branch", "dev"}});
    EXPECT_EQ(answer["results"][0]["branch"], "dev");
    EXPECT_EQ(answer["results"][0]["commit"], other);
    EXPECT_NE(test.http.requests()[1].url.find(other), std::string::npos);
}

/// 64 KB of code with the needle every hundred lines.
std::string long_file(std::vector<std::pair<int, int>>& places) {
    std::string file;
    for (int line = 0; file.size() < 64 * 1024; ++line) {
        if (line % 100 == 50) {
            file += "    auto result = ";
            places.emplace_back(static_cast<int>(file.size()), 6);
            file += "needle(argument, another_argument); // the line that is looked for\n";
        } else {
            file += "    do_something_else_" + std::to_string(line) + "(with, several, \"arguments\");\n";
        }
    }
    return file;
}

TEST(SearchCode, FiveHitsOfLongFilesStayBelowSixKilobytes) {
    SearchTest test;
    std::vector<std::pair<int, int>> places;
    std::string const file = long_file(places);
    std::vector<Json> hits;
    for (int i = 0; i < 5; ++i) {
        hits.push_back(hit("/src/some/folder/with/a/long/name/file" + std::to_string(i) + ".cpp", places));
    }
    test.respond(page(hits));
    for (int i = 0; i < 5; ++i) {
        test.respond(file_answer("/f", file));
    }
    Json const answer = test.structured({{"query", "needle"}});
    EXPECT_EQ(answer["results"].size(), 5U) << "one place of each";
    for (Json const& result : answer["results"]) {
        EXPECT_NE(result["snippet"].get<std::string>().find("needle(argument"), std::string::npos);
        EXPECT_FALSE(result["matches"].empty());
    }
    EXPECT_LE(test.text.size(), 6000U);
    EXPECT_LE(answer.dump().size(), 6000U);
    EXPECT_TRUE(mentions(notes_of(answer), "more places in these files not shown"));
}

TEST(SearchCode, OneFileMayTakeWhatFiveWouldShare) {
    SearchTest test;
    std::vector<std::pair<int, int>> places;
    std::string const file = long_file(places);
    test.respond(page({hit("/src/file.cpp", places)}));
    test.respond(file_answer("/src/file.cpp", file));
    Json const answer = test.structured({{"query", "needle"}, {"context_lines", 1}});
    EXPECT_GE(answer["results"].size(), 4U);
    EXPECT_LE(answer.dump().size(), 6000U);
}

TEST(SearchCode, KeptTextsCostNoRequestAndBelongToTheIdentityThatReadThem) {
    SearchTest test;
    server::BlobCache blobs(1024 * 1024, 512 * 1024);
    test.blobs = &blobs;
    std::string identity = "22157d54-1821-6536-a446-928b06348385:ada@contoso.example";
    Json found = hit("/src/parser.cpp", {{18, 5}});
    found["contentId"] = file_answer("/src/parser.cpp", kParser)["objectId"];
    test.http.handle([&](test::RecordedRequest const& request) -> core::Result<core::HttpResponse> {
        Json const body = request.method == "POST" ? page({found}) : file_answer("/src/parser.cpp", kParser);
        return test::make_response(
            200, body.dump(), {{"Content-Type", "application/json"}, {"X-VSS-UserData", identity}});
    });
    Json const cold = test.structured({{"query", "parse"}});
    EXPECT_EQ(test.http.requests().size(), 2U);
    EXPECT_EQ(blobs.size(), 1U);
    Json const warm = test.structured({{"query", "parse"}});
    EXPECT_EQ(test.http.requests().size(), 3U) << "the search alone";
    EXPECT_EQ(warm, cold);

    identity = "11157d54-1821-6536-a446-928b06348385:bo@contoso.example";
    EXPECT_EQ(test.structured({{"query", "parse"}}), cold);
    EXPECT_EQ(test.http.requests().size(), 5U) << "nobody reads with another's rights";
    EXPECT_EQ(blobs.size(), 2U);
}

TEST(SearchCode, WhoIsNotNamedIsNotServedFromTheCache) {
    SearchTest test;
    server::BlobCache blobs(1024 * 1024, 512 * 1024);
    test.blobs = &blobs;
    for (int round = 1; round <= 2; ++round) {
        test.respond(page({hit("/src/parser.cpp", {{18, 5}})}));
        test.respond(file_answer("/src/parser.cpp", kParser));
        test.structured({{"query", "parse"}});
        EXPECT_EQ(test.http.requests().size(), 2U * static_cast<std::size_t>(round));
    }
    EXPECT_EQ(blobs.size(), 0U);
}

TEST(SearchCode, RepositoriesOffTheAllowListTurnUpNowhere) {
    SearchTest test;
    test.policy.projects = {"Web Shop"};
    test.policy.repositories = {"Web Shop/engine"};
    Json other = hit("/secret.cpp", {{0, 6}});
    other["repository"]["name"] = "vault";
    test.respond(page({other, hit("/src/parser.cpp", {{18, 5}})}));
    test.respond(file_answer("/src/parser.cpp", kParser));
    Json const answer = test.structured({{"query", "parse"}});
    EXPECT_EQ(test.request_body(0)["filters"]["Repository"], Json({"engine"}));
    EXPECT_EQ(answer.dump().find("vault"), std::string::npos);
    EXPECT_EQ(test.text.find("vault"), std::string::npos);
    EXPECT_EQ(test.http.requests().size(), 2U);
}

TEST(SearchCode, SaysWhereTheServiceStopsListing) {
    SearchTest test;
    test.respond(page({hit("/src/parser.cpp", {{18, 5}})}, 5000));
    test.respond(file_answer("/src/parser.cpp", kParser));
    Json const answer = test.structured({{"query", "parse"}});
    EXPECT_TRUE(mentions(notes_of(answer), "only the first 2,000 of these files"));
    EXPECT_EQ(answer["total"], 5000);
}

TEST(SearchCode, ADisabledOrEmptyRepositoryIsSaidToBe) {
    struct Row {
        char const* name;
        Json repository;
        char const* words;
    };
    for (Row const& row : {Row{"disabled", {{"id", "1"}, {"name", "r"}, {"isDisabled", true}}, "is disabled"},
                           Row{"empty", {{"id", "1"}, {"name", "r"}, {"isDisabled", false}}, "is empty"}}) {
        SCOPED_TRACE(row.name);
        SearchTest test;
        test.respond(page({}));
        test.http.respond(404, R"({"message":"no status"})", {{"Content-Type", "application/json"}});
        test.respond(row.repository);
        Json const answer = test.structured({{"query", "x"}, {"project", "P"}, {"repository", "r"}});
        EXPECT_TRUE(mentions(notes_of(answer), row.words)) << answer.dump();
    }
}

/// A repository of three files behind a search service that is not there.
void serve_listing(SearchTest& test, int search_status) {
    test.http.handle(
        [search_status](test::RecordedRequest const& request) -> core::Result<core::HttpResponse> {
            std::vector<std::pair<std::string, std::string>> const json{{"Content-Type", "application/json"}};
            auto const in_url = [&request](char const* part) {
                return request.url.find(part) != std::string::npos;
            };
            if (request.method == "POST") {
                return test::make_response(search_status, R"({"message":"not here"})", json);
            }
            if (in_url("scopePath")) {
                Json const items{{"value",
                                  {{{"objectId", std::string(40, 'e')},
                                    {"gitObjectType", "tree"},
                                    {"commitId", kCommit},
                                    {"path", "/"},
                                    {"isFolder", true}}}}};
                return test::make_response(200, items.dump(), json);
            }
            if (in_url("/trees/")) {
                Json entries = Json::array();
                for (char const* const path : {"b/two.cpp", "a.cpp", "logo.png", "notes.txt"}) {
                    entries.push_back({{"objectId", std::string(40, 'a')},
                                       {"relativePath", path},
                                       {"gitObjectType", "blob"},
                                       {"size", 40}});
                }
                return test::make_response(200, Json{{"treeEntries", entries}}.dump(), json);
            }
            bool const is_note = in_url("notes.txt");
            return test::make_response(
                200, file_answer("/f", is_note ? "nothing to see" : "int x;\nint parse();\n").dump(), json);
        });
}

TEST(SearchCode, ReadsThroughANamedRepositoryWhereTheServiceIsMissing) {
    for (int const status : {404, 503}) {
        SCOPED_TRACE(status);
        SearchTest test;
        serve_listing(test, status);
        Json args{{"query", "Parse"}, {"project", "P"}, {"repository", "engine"}, {"top", 1}};
        Json const first = test.structured(args);
        EXPECT_TRUE(mentions(notes_of(first), "read through instead"));
        EXPECT_EQ(first["total"], 2);
        ASSERT_EQ(first["results"].size(), 1U);
        EXPECT_EQ(first["results"][0]["path"], "/a.cpp");
        EXPECT_EQ(first["results"][0]["commit"], kCommit);
        EXPECT_EQ(first["results"][0]["matches"], Json::parse(R"([{"line":2,"column":5,"length":5}])"));
        ASSERT_TRUE(first.contains("cursor"));
        args["cursor"] = first["cursor"];
        Json const second = test.structured(args);
        EXPECT_EQ(second["results"][0]["path"], "/b/two.cpp");
        EXPECT_FALSE(second.contains("cursor"));
        for (test::RecordedRequest const& request : test.http.requests()) {
            EXPECT_EQ(request.url.find("logo.png"), std::string::npos);
        }
    }
}

TEST(SearchCode, AReadThroughIsBoundedAndSaysWhatItLeftOut) {
    SearchTest test;
    test.limits.search_fallback_files = 1;
    serve_listing(test, 503);
    Json const answer = test.structured({{"query", "parse"}, {"project", "P"}, {"repository", "engine"}});
    EXPECT_EQ(answer["total"], 1);
    EXPECT_TRUE(mentions(notes_of(answer), "2 more were not read"));
    SearchTest off;
    off.limits.search_fallback_files = 0;
    serve_listing(off, 503);
    EXPECT_EQ(off.error({{"query", "parse"}, {"project", "P"}, {"repository", "engine"}}).kind(),
              core::ErrorKind::upstream);
}

TEST(SearchCode, ReadsThroughNothingWithoutARepository) {
    SearchTest test;
    serve_listing(test, 503);
    EXPECT_EQ(test.error({{"query", "parse"}, {"project", "P"}}).kind(), core::ErrorKind::upstream);
}

} // namespace
