#include "connected.hpp"
#include "server/router/routed_tool.hpp"
#include "server/tools/tools.hpp"

#include <algorithm>
#include <set>

namespace {

using namespace test; // NOLINT: the harness is what these tests are written in

std::string const kCommit(40, 'c');

Json hit(std::string const& path) {
    Json match = {{"charOffset", 0}, {"length", 6}};
    return Json{{"fileName", path.substr(1)},
                {"path", path},
                {"matches", {{"content", Json::array({match})}}},
                {"project", {{"name", "Web"}}},
                {"repository", {{"name", "engine"}, {"type", "git"}}},
                {"versions", {{{"branchName", "main"}, {"changeId", kCommit}}}},
                {"contentId", std::string(40, 'b')}};
}

/// search_code over organizations that each have `files` hits, without `organization`.
class SpanningTest : public testing::Test {
protected:
    SpanningTest() {
        at.http.handle([this](RecordedRequest const& request) { return answer(request); });
        server::RoutedToolEnvironment const env(at.directory, *at.guard, writes, at.limits, false);
        tool = server::make_routed_tool(server::make_search_code_tool(), env);
    }

    core::Result<core::HttpResponse> answer(RecordedRequest const& request) {
        std::string organization;
        for (auto const& [name, count] : files) {
            if (request.url.find("/" + name + "/") != std::string::npos) {
                organization = name;
            }
        }
        std::vector<std::pair<std::string, std::string>> const headers{
            {"Content-Type", "application/json"}, {"X-VSS-UserData", "22157d54:ada@" + organization}};
        if (failing.contains(organization)) {
            return make_response(
                403, R"({"message":"VS403283: no","typeKey":"AccessCheckException"})", headers);
        }
        if (request.method != "POST") {
            Json const item{{"objectId", std::string(40, 'b')},
                            {"path", "/f"},
                            {"commitId", kCommit},
                            {"content", "needle of " + organization + "\n" + std::string(300, 'x') + "\n"}};
            return make_response(200, item.dump(), headers);
        }
        Json const asked = Json::parse(request.body);
        int const skip = asked.at("$skip").get<int>();
        int const count = files.at(organization);
        Json results = Json::array();
        for (int i = skip; i < std::min(count, skip + asked.at("$top").get<int>()); ++i) {
            results.push_back(hit("/" + organization + std::to_string(i) + ".c"));
        }
        return make_response(
            200, Json{{"count", count}, {"results", results}, {"infoCode", 0}}.dump(), headers);
    }

    protocol::ToolResult call(Json const& args) {
        core::Principal const caller("agent", "agent", core::Role::reader);
        protocol::ToolCall const asked(args, caller, at.ctx, client);
        return at.loop.run(tool->call(asked));
    }
    static std::vector<std::string> paths(protocol::ToolResult const& result) {
        std::vector<std::string> out;
        for (Json const& one : result.structured.value("results", Json::array())) {
            out.push_back(one.at("organization").get<std::string>() + one.at("path").get<std::string>());
        }
        return out;
    }
    static std::string notes(protocol::ToolResult const& result) {
        std::string all;
        for (Json const& note : result.structured.value("notes", Json::array())) {
            all += note.get<std::string>() + "\n";
        }
        return all;
    }

    Connected at;
    core::TaskGroup writes{at.loop.executor()};
    protocol::SilentClient client{protocol::ClientFeatures()};
    std::map<std::string, int> files;
    std::set<std::string> failing;
    std::unique_ptr<protocol::ToolHandler> tool;
};

TEST_F(SpanningTest, AllConnectedOrganizationsAreSearchedAndMergedByRank) {
    files = {{"contoso", 2}, {"fabrikam", 3}};
    at.connect("contoso");
    at.connect("fabrikam");
    protocol::ToolResult const result = call({{"query", "needle"}});
    ASSERT_FALSE(result.is_error) << result.text;
    EXPECT_EQ(paths(result),
              (std::vector<std::string>{"contoso/contoso0.c",
                                        "fabrikam/fabrikam0.c",
                                        "contoso/contoso1.c",
                                        "fabrikam/fabrikam1.c",
                                        "fabrikam/fabrikam2.c"}));
    EXPECT_EQ(result.structured.at("total"), 5);
    EXPECT_FALSE(result.structured.contains("cursor"));
    EXPECT_NE(result.text.find("in 2 organizations"), std::string::npos) << result.text;
    Json const& who = result.meta.at("ado-mcpd/identity").at("organizations");
    ASSERT_EQ(who.size(), 2U);
    EXPECT_EQ(who[0], Json::parse(R"({"organization":"contoso","method":"oauth","identity":"ada@contoso"})"));
    EXPECT_EQ(who[1].at("identity"), "ada@fabrikam");
}

TEST_F(SpanningTest, AnOrganizationThatIsNamedIsSearchedAlone) {
    files = {{"contoso", 2}, {"fabrikam", 3}};
    at.connect("contoso");
    at.connect("fabrikam");
    EXPECT_EQ(paths(call({{"query", "needle"}, {"organization", "contoso"}})).size(), 2U);
}

TEST_F(SpanningTest, OneThatFailsIsANoteAndNoError) {
    files = {{"contoso", 2}, {"fabrikam", 3}};
    failing = {"contoso"};
    at.connect("contoso");
    at.connect("fabrikam");
    protocol::ToolResult const result = call({{"query", "needle"}});
    ASSERT_FALSE(result.is_error) << result.text;
    EXPECT_EQ(paths(result).size(), 3U);
    EXPECT_NE(notes(result).find("contoso did not answer"), std::string::npos) << notes(result);
    EXPECT_NE(notes(result).find("VS403283"), std::string::npos) << notes(result);
    failing = {"contoso", "fabrikam"};
    EXPECT_TRUE(call({{"query", "needle"}}).is_error);
}

TEST_F(SpanningTest, TheCursorWalksAllOfThemWithoutLossOrRepetitionWithinItsBudget) {
    files = {{"contoso", 4}, {"fabrikam", 9}, {"northwind", 1}};
    for (auto const& [name, count] : files) {
        at.connect(name);
    }
    for (int const budget : {1024, 1500, 4000, 65536}) {
        SCOPED_TRACE(budget);
        Json args = {{"query", "needle"}, {"top", 2}, {"max_bytes", budget}};
        std::vector<std::string> walked;
        for (int page = 0; page < 60; ++page) {
            protocol::ToolResult const result = call(args);
            ASSERT_FALSE(result.is_error) << result.text;
            EXPECT_LE(result.text.size(), static_cast<std::size_t>(budget));
            EXPECT_LE(result.structured.dump().size(), static_cast<std::size_t>(budget));
            for (std::string const& path : paths(result)) {
                walked.push_back(path);
            }
            if (!result.structured.contains("cursor")) {
                break;
            }
            args["cursor"] = result.structured["cursor"];
        }
        std::sort(walked.begin(), walked.end());
        std::vector<std::string> expected;
        for (auto const& [name, count] : files) {
            for (int i = 0; i < count; ++i) {
                expected.push_back(name + "/" + name + std::to_string(i) + ".c");
            }
        }
        EXPECT_EQ(walked, expected);
    }
}

TEST_F(SpanningTest, ACursorBelongsToTheOrganizationsItBeganWith) {
    files = {{"contoso", 4}, {"fabrikam", 9}, {"northwind", 1}};
    at.connect("contoso");
    at.connect("fabrikam");
    Json const first = call({{"query", "needle"}, {"top", 1}}).structured;
    at.connect("northwind");
    protocol::ToolResult const next = call({{"query", "needle"}, {"top", 1}, {"cursor", first.at("cursor")}});
    EXPECT_TRUE(next.is_error);
    EXPECT_NE(next.text.find("bad_cursor"), std::string::npos) << next.text;
}

TEST_F(SpanningTest, OnlyThoseAreAskedWhoseAllowListsLetTheCallThrough) {
    files = {{"contoso", 2}, {"fabrikam", 3}};
    server::ConnectorPolicy limited;
    limited.projects = {"Payroll"};
    at.connect("contoso", limited);
    at.connect("fabrikam");
    protocol::ToolResult const result = call({{"query", "needle"}, {"project", "Web"}});
    ASSERT_FALSE(result.is_error) << result.text;
    EXPECT_EQ(paths(result).size(), 3U);
    for (RecordedRequest const& request : at.http.requests()) {
        EXPECT_EQ(request.url.find("/contoso/"), std::string::npos) << request.url;
    }
}

TEST_F(SpanningTest, MoreOrganizationsThanTheLimitMustBeNamed) {
    files = {{"contoso", 2}, {"fabrikam", 3}};
    at.connect("contoso");
    at.connect("fabrikam");
    at.limits.search_organizations = 1;
    protocol::ToolResult const result = call({{"query", "needle"}});
    EXPECT_TRUE(result.is_error);
    EXPECT_NE(result.text.find("organization_required"), std::string::npos) << result.text;
}

} // namespace
