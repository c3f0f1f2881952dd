#include "integration/support/client_stack.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace {

using namespace test; // NOLINT: the harness is what these tests are written in

bool contains(std::string const& text, std::string const& part) {
    return text.find(part) != std::string::npos;
}

std::string notes_of(ToolAnswer const& answer) {
    std::string all;
    Json const notes = answer.structured().value("notes", Json::array());
    for (Json const& note : notes) {
        all += note.get<std::string>() + "\n";
    }
    return all;
}

std::size_t count_results(ToolAnswer const& answer) {
    return answer.structured().value("results", Json::array()).size();
}

class ReachTest : public testing::Test {
protected:
    explicit ReachTest(std::function<void(Json&)> const& change = {}) : stack(change) {
        stack.start();
        stack.attach_pat();
    }

    ClientStack stack;
};

TEST_F(ReachTest, ASearchCostsOneRequestAHitAndNoneForTextsThatAreKept) {
    Json const query = {{"query", "reconnect_backoff"}, {"organization", "contoso"}};
    stack.simulator.admin("reset?what=counts");
    stack.simulator.admin("settings?latency_ms=50");
    ToolAnswer const cold = stack.call("search_code", query);
    ASSERT_TRUE(cold.ok()) << cold.describe();
    EXPECT_EQ(cold.structured().at("total"), 5);
    EXPECT_EQ(stack.simulator.requests("codesearchresults"), 1);
    EXPECT_EQ(stack.simulator.requests("items"), 5);
    EXPECT_GE(stack.simulator.admin("counts").at("peak_in_flight"), 5) << "side by side";
    EXPECT_LE(cold.text().size(), 6000U);
    EXPECT_LE(core::dump_json(cold.structured()).size(), 6000U);

    ToolAnswer const warm = stack.call("search_code", query);
    EXPECT_EQ(warm.structured(), cold.structured());
    EXPECT_EQ(stack.simulator.requests("codesearchresults"), 2);
    EXPECT_EQ(stack.simulator.requests("items"), 5) << "none more";

    stack.simulator.admin("reset?what=counts");
    Json const first = cold.structured().at("results")[0];
    ToolAnswer const read = stack.call("read_file",
                                       {{"organization", "contoso"},
                                        {"project", first.at("project")},
                                        {"repository", first.at("repository")},
                                        {"path", first.at("path")},
                                        {"ref", first.at("commit")}});
    ASSERT_TRUE(read.ok()) << read.describe();
    EXPECT_EQ(stack.simulator.requests("items"), 1) << "who may read is asked every time";
    EXPECT_TRUE(contains(read.text(), "reconnect_backoff"));
}

TEST_F(ReachTest, WithoutTheSearchServiceANamedRepositoryIsReadThrough) {
    Json const query = {{"query", "reconnect_backoff"},
                        {"organization", "contoso"},
                        {"project", "Game Engine"},
                        {"repository", "engine"}};
    ToolAnswer const searched = stack.call("search_code", query);
    ASSERT_TRUE(searched.ok()) << searched.describe();
    std::set<std::string> expected;
    Json const found = searched.structured().at("results");
    for (Json const& result : found) {
        expected.insert(result.at("path").get<std::string>());
    }
    ASSERT_FALSE(expected.empty());
    stack.simulator.admin("index?organization=contoso&code_search_installed=false");
    for (int round = 0; round < 2; ++round) {
        ToolAnswer const listed = stack.call("search_code", query);
        ASSERT_TRUE(listed.ok()) << listed.describe();
        EXPECT_TRUE(contains(notes_of(listed), "read through instead")) << notes_of(listed);
        std::set<std::string> paths;
        Json const results = listed.structured().at("results");
        for (Json const& result : results) {
            paths.insert(result.at("path").get<std::string>());
        }
        EXPECT_EQ(paths, expected);
        stack.simulator.fault({{"match", {{"route", "codesearchresults"}}},
                               {"action", "status"},
                               {"status", 503},
                               {"body", "{}"},
                               {"times", 0}});
    }
    Json everywhere = query;
    everywhere.erase("repository");
    EXPECT_TRUE(stack.call("search_code", everywhere).failed());
}

TEST_F(ReachTest, SeveralOrganizationsAreSearchedWhereNoneIsNamed) {
    auto const attached = stack.client().attach_pat("fabrikam", stack.simulator.pat("fabrikam"));
    ASSERT_TRUE(attached && attached->status == 200);
    ToolAnswer const answer = stack.call("search_code", {{"query", "reconnect_backoff"}, {"top", 50}});
    ASSERT_TRUE(answer.ok()) << answer.describe();
    std::set<std::string> organizations;
    Json const results = answer.structured().at("results");
    for (Json const& result : results) {
        organizations.insert(result.at("organization").get<std::string>());
    }
    EXPECT_TRUE(organizations.contains("contoso") && organizations.contains("fabrikam")) << answer.describe();
    Json const identities = answer.identity().at("organizations");
    EXPECT_EQ(identities.size(), 3U) << identities.dump();

    stack.simulator.fault({{"match", {{"route", "codesearchresults"}, {"organization", "fabrikam"}}},
                           {"action", "status"},
                           {"status", 403},
                           {"body", "{\"message\":\"VS403283: no\"}"},
                           {"times", 0}});
    ToolAnswer const partial = stack.call("search_code", {{"query", "reconnect_backoff"}, {"top", 50}});
    ASSERT_TRUE(partial.ok()) << partial.describe();
    EXPECT_TRUE(contains(notes_of(partial), "fabrikam did not answer")) << notes_of(partial);
    EXPECT_GE(count_results(partial), 5U);
}

TEST_F(ReachTest, PastedAddressesStandForNames) {
    ToolAnswer const found =
        stack.call("search_code", {{"query", "reconnect_backoff"}, {"organization", "contoso"}, {"top", 1}});
    ASSERT_TRUE(found.ok()) << found.describe();
    Json const result = found.structured().at("results")[0];
    ToolAnswer const read = stack.call("read_file", {{"path", result.at("url")}});
    ASSERT_TRUE(read.ok()) << read.describe();
    Json const file = read.structured().at("files")[0];
    for (char const* const name :
         {"organization", "project", "repository", "path", "start_line", "end_line"}) {
        EXPECT_EQ(file.at(name), result.at(name)) << name;
    }
    EXPECT_EQ(file.at("ref"), result.at("commit"));

    ToolAnswer const listed = stack.call(
        "list_files", {{"repository", "https://contoso.visualstudio.com/Game%20Engine/_git/engine"}});
    EXPECT_TRUE(listed.ok()) << listed.describe();
    ToolAnswer const item =
        stack.call("get_work_item", {{"id", "https://dev.azure.com/contoso/_workitems/edit/1"}});
    EXPECT_TRUE(item.ok() || contains(item.text(), "TF401232")) << item.describe();
    ToolAnswer const foreign = stack.call("read_file", {{"path", "https://github.com/contoso/engine"}});
    EXPECT_TRUE(foreign.failed());
    EXPECT_TRUE(contains(foreign.text(), "organization")) << foreign.text();
}

TEST_F(ReachTest, AnAliasIsCalledButNotListed) {
    Json const list = stack.client().ask("tools/list", Json::object()).result();
    EXPECT_FALSE(contains(list.dump(), "search_workitem\"")) << "aliases cost no context";
    ToolAnswer const answer =
        stack.call("search_workitem", {{"searchText", "crash header"}, {"organization", "contoso"}});
    ASSERT_TRUE(answer.ok()) << answer.describe();
    EXPECT_EQ(answer.structured().at("work_items").size(), 1U);
    EXPECT_EQ(answer.identity().at("organization"), "contoso");
}

class LimitedReachTest : public ReachTest {
protected:
    LimitedReachTest()
        : ReachTest([](Json& config) {
              config["tools"] = {{"disable", Json::array({"wit_create_work_item"})}};
              for (Json& connector : config["connectors"]) {
                  if (connector["name"] == "contoso") {
                      connector["repositories"] = Json::array({"Game Engine/engine"});
                  }
              }
          }) {}
};

TEST_F(LimitedReachTest, OtherRepositoriesTurnUpNowhere) {
    std::vector<ToolAnswer> const answers{
        stack.call("search_code", {{"query", "reconnect_backoff"}, {"organization", "contoso"}}),
        stack.call("list_repositories", {{"organization", "contoso"}})};
    for (ToolAnswer const& answer : answers) {
        ASSERT_TRUE(answer.ok()) << answer.describe();
        for (char const* const name : {"samples", "billing-service", "portal", "pipeline"}) {
            EXPECT_FALSE(contains(answer.message.dump(), name)) << answer.describe();
        }
    }
    for (Json const& where :
         {Json{{"project", "Game Engine"}, {"repository", "samples"}, {"path", "/x"}},
          Json{{"path", "https://dev.azure.com/contoso/Game%20Engine/_git/samples?path=/x"}}}) {
        Json args = where;
        args["organization"] = "contoso";
        ToolAnswer const answer = stack.call("read_file", args);
        EXPECT_TRUE(answer.failed());
        EXPECT_TRUE(contains(answer.text(), "repository_not_allowed")) << answer.text();
    }
}

TEST_F(LimitedReachTest, DisablingAToolByItsAliasDisablesBoth) {
    for (char const* const name : {"create_work_item", "wit_create_work_item"}) {
        ToolAnswer const answer = stack.call(name, {{"title", "x"}, {"project", "Game Engine"}});
        EXPECT_FALSE(answer.ok()) << answer.describe();
        EXPECT_TRUE(contains(answer.message.dump(), "Unknown tool")) << answer.describe();
    }
}

/// A collection of an Azure DevOps Server: everything on one base, an older API.
class ServerTest : public testing::Test {
protected:
    void start(std::string const& api_version) {
        stack.emplace([&](Json& config) {
            std::string const root = config["azure_devops"]["base_url"].get<std::string>() + "/tfs/contoso";
            config["azure_devops"] = {{"base_url", root},
                                      {"search_url", root},
                                      {"identity_url", root},
                                      {"api_version", api_version}};
            config["connectors"] = Json::array();
            config["connectors"].push_back(connector(root, Json{{"method", "pat"}}));
            config["connectors"][0]["name"] = "collection";
        });
        stack->start();
    }
    std::optional<ClientStack> stack;
};

TEST_F(ServerTest, ACollectionAnswersOnItsOneBaseInItsOlderVersion) {
    start("6.0");
    stack->attach_pat();
    ToolAnswer const found = stack->call("search_code", {{"query", "reconnect_backoff"}});
    ASSERT_TRUE(found.ok()) << found.describe();
    EXPECT_EQ(found.structured().at("total"), 5);
    Json const result = found.structured().at("results")[0];
    EXPECT_TRUE(contains(result.at("url").get<std::string>(), "/tfs/contoso/")) << result.dump();
    // Its own addresses as arguments: PageUrl.KnowsAServersCollectionAndItsLinks; on loopback a base is no
    // collection's root.
    ToolAnswer const read = stack->call("read_file",
                                        {{"project", result.at("project")},
                                         {"repository", result.at("repository")},
                                         {"path", result.at("path")}});
    EXPECT_TRUE(read.ok()) << read.describe();
    for (char const* const tool : {"list_projects", "list_repositories"}) {
        ToolAnswer const answer = stack->call(tool, Json::object());
        EXPECT_TRUE(answer.ok()) << answer.describe();
    }
    ToolAnswer const made =
        stack->call("create_work_item", {{"project", "Basics"}, {"title", "on the Server"}});
    ASSERT_TRUE(made.ok()) << made.describe();
    EXPECT_TRUE(contains(made.structured().at("url").get<std::string>(), "/tfs/contoso/")) << made.describe();
    ToolAnswer const shown = stack->call(
        "get_work_item", {{"id", made.structured().at("id")}, {"include", Json::array({"comments"})}});
    EXPECT_TRUE(shown.ok()) << shown.describe();
}

TEST_F(ServerTest, AVersionItDoesNotKnowIsNamedWithTheWayOut) {
    start("7.1");
    auto const answer = stack->client().attach_pat("contoso", stack->simulator.pat("contoso"));
    ASSERT_TRUE(answer) << core::describe(answer.error());
    EXPECT_NE(answer->status, 200);
    EXPECT_TRUE(contains(answer->body, "azure_devops.api_version")) << answer->body;
}

} // namespace
