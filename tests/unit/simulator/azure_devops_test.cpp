#include "exchange.hpp"

#include "simulator/digest.hpp"

#include <gtest/gtest.h>

namespace simulator::testing {
namespace {

class AzureDevOps : public ::testing::Test {
protected:
    Exchange exchange;
    std::string pat = exchange.pat("contoso", "recommended");

    Json search(Json body) {
        body.emplace("$top", 25);
        body.emplace("$skip", 0);
        auto const reply =
            exchange.post("/contoso/_apis/search/codesearchresults?api-version=7.1", body, pat);
        EXPECT_EQ(reply.status, 200) << reply.body;
        return Exchange::json(reply);
    }
};

TEST(RouteMatching, IgnoresCaseAndTakesTheRestWithAStar) {
    std::vector<std::string> const segments = {
        "contoso", "_apis", "GIT", "repositories", "engine", "Items", "src", "a.cpp"};
    auto const match = match_path("git/repositories/{repository}/items/{*path}", segments, 2);
    ASSERT_TRUE(match.has_value());
    EXPECT_EQ(match->params[0].second, "engine");
    EXPECT_EQ(match->params[1].second, "/src/a.cpp");
    EXPECT_FALSE(match_path("git/repositories/{repository}", segments, 2).has_value());
}

TEST(RouteMatching, WantsTheDollarOfAType) {
    EXPECT_TRUE(match_path("wit/workitems/${type}", {"wit", "workItems", "$User Story"}, 0).has_value());
    EXPECT_FALSE(match_path("wit/workitems/${type}", {"wit", "workItems", "12"}, 0).has_value());
}

TEST_F(AzureDevOps, TheSameSeedGivesTheSameWorld) {
    Exchange other;
    EXPECT_EQ(other.pat("contoso", "full"), exchange.pat("contoso", "full"));
    auto const tip = [](Exchange& e) {
        return e.world()
            .find_organization("contoso")
            ->find_repository("engine", nullptr)
            ->git.branch("main")
            ->id;
    };
    EXPECT_EQ(tip(other), tip(exchange));
    EXPECT_NE(Exchange(8).pat("contoso", "full"), exchange.pat("contoso", "full"));
}

TEST_F(AzureDevOps, ClimbsTheSignInLadder) {
    auto const target = "/contoso/_apis/projects?api-version=7.1";
    EXPECT_EQ(exchange.get(target, pat).status, 200);
    auto const refused = exchange.get(target, "wrong");
    EXPECT_EQ(refused.status, 401);
    EXPECT_TRUE(refused.body.empty());
    auto browser = Exchange::request("GET", target);
    browser.headers.clear();
    auto const redirected = exchange.send(browser, "wrong");
    EXPECT_EQ(redirected.status, 302);
    EXPECT_NE(Exchange::header(redirected, "Location").find("/_signin"), std::string::npos);
    EXPECT_NE(exchange.get(target, exchange.pat("contoso", "expired")).body.find("has expired"),
              std::string::npos);
    auto const no_scope = exchange.get(target, exchange.pat("contoso", "code_only"));
    EXPECT_EQ(no_scope.status, 401);
    EXPECT_TRUE(no_scope.body.empty());
    EXPECT_EQ(exchange.get(target, exchange.pat("fabrikam", "full")).status, 401);
}

TEST_F(AzureDevOps, SaysWhoIsAskingAndEchoesTheSession) {
    auto request = Exchange::request("GET", "/contoso/_apis/connectionData?api-version=7.1-preview.1");
    request.headers.emplace_back("x-tfs-session", "a-session");
    auto const reply = exchange.send(request, pat);
    EXPECT_EQ(Exchange::header(reply, "X-TFS-Session"), "a-session");
    EXPECT_EQ(Exchange::header(reply, "ActivityId"), Exchange::header(reply, "X-VSS-E2EID"));
    EXPECT_NE(Exchange::header(reply, "X-VSS-UserData").find(":ada.palmer@contoso.example"),
              std::string::npos);
    EXPECT_EQ(Exchange::json(exchange.get("/contoso/_apis/connectionData", ""))["authenticatedUser"]["id"],
              "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa");
}

TEST_F(AzureDevOps, KnowsItsApiVersions) {
    auto const key = [&](std::string const& target) { return Exchange::type_key(exchange.get(target, pat)); };
    EXPECT_EQ(key("/contoso/_apis/connectionData?api-version=7.1"), "VssInvalidPreviewVersionException");
    EXPECT_EQ(key("/contoso/_apis/projects?api-version=9.0"), "VssVersionOutOfRangeException");
    auto const post = exchange.post("/contoso/_apis/wit/wiql", {{"query", "x"}}, pat);
    EXPECT_EQ(Exchange::type_key(post), "VssVersionNotSpecifiedException");
    auto by_header = Exchange::request("GET", "/contoso/_apis/projects");
    by_header.headers = {{"accept", "application/json;api-version=6.0"}};
    EXPECT_EQ(exchange.send(by_header, pat).content_type, "application/json; charset=utf-8; api-version=6.0");
}

TEST_F(AzureDevOps, AnswersUnknownThingsInTheirOwnWays) {
    auto const organization = exchange.get("/nowhere/_apis/projects", pat);
    EXPECT_EQ(organization.status, 404);
    EXPECT_EQ(organization.content_type, "text/html; charset=utf-8");
    EXPECT_NE(exchange.get("/contoso/Nope/_apis/git/repositories", pat).body.find("TF200016"),
              std::string::npos);
    auto const controller = exchange.get("/contoso/_apis/wit/workItems/0", pat);
    EXPECT_EQ(controller.content_type, "text/plain; charset=utf-8");
    EXPECT_NE(exchange.get("/contoso/_apis/git/repositories/nope", pat).body.find("TF401019"),
              std::string::npos);
    EXPECT_NE(exchange.get("/contoso/_apis/wit/workitems/999", pat).body.find("TF401232"), std::string::npos);
}

TEST_F(AzureDevOps, GivesMetadataUnlessAskedForBytes) {
    std::string const target =
        "/contoso/Game%20Engine/_apis/git/repositories/engine/items?path=/src/net/backoff.cpp";
    auto const metadata = Exchange::json(exchange.get(target, pat));
    EXPECT_EQ(metadata["gitObjectType"], "blob");
    EXPECT_FALSE(metadata.contains("content"));
    auto const bytes = exchange.get(target + "&$format=octetStream", pat);
    EXPECT_EQ(bytes.content_type, "application/octet-stream");
    EXPECT_EQ(git_object_id("blob", bytes.body), metadata["objectId"]);
    auto const content = Exchange::json(exchange.get(target + "&includeContent=true", pat));
    EXPECT_EQ(content["content"], bytes.body);
}

TEST_F(AzureDevOps, ResolvesVersionsByBareNameOnly) {
    std::string const target =
        "/contoso/_apis/git/repositories/engine/items?path=/docs/streaming.md&$format=text"
        "&versionDescriptor.versionType=branch&versionDescriptor.version=";
    EXPECT_EQ(exchange.get(target + "feature%2Fstreaming-parser", pat).status, 200);
    auto const trap = exchange.get(target + "refs%2Fheads%2Fmain", pat);
    EXPECT_EQ(Exchange::type_key(trap), "GitUnresolvableToCommitException");
    EXPECT_NE(exchange.get(target + "main", pat).body.find("TF401174"), std::string::npos);
}

TEST_F(AzureDevOps, SearchGivesOffsetsAndNoSnippets) {
    auto const found =
        search({{"searchText", "reconnect_backoff"}, {"filters", {{"Project", {"Game Engine"}}}}});
    EXPECT_EQ(found["count"], 5);
    auto const& hit = found["results"][0];
    auto const& match = hit["matches"]["content"][0];
    EXPECT_TRUE(match["codeSnippet"].is_null());
    EXPECT_EQ(match["line"], 0);
    EXPECT_EQ(match["length"], 17);
    std::string const file =
        "/contoso/Game%20Engine/_apis/git/repositories/engine/items?$format=octetStream&path=" +
        hit["path"].get<std::string>() + "&versionDescriptor.versionType=commit&versionDescriptor.version=" +
        hit["versions"][0]["changeId"].get<std::string>();
    auto const body = exchange.get(file, pat).body;
    EXPECT_EQ(body.substr(match["charOffset"].get<std::size_t>(), 17), "reconnect_backoff");
}

TEST_F(AzureDevOps, SearchKeepsItsRules) {
    auto const post = [&](Json const& body) {
        return exchange.post("/contoso/_apis/search/codesearchresults?api-version=7.1", body, pat).status;
    };
    EXPECT_EQ(
        post({{"searchText", "x"}, {"$top", 1}, {"$skip", 0}, {"filters", {{"Repository", {"engine"}}}}}),
        400);
    EXPECT_EQ(post({{"searchText", "x"}, {"$top", 1}, {"$skip", 1001}}), 400);
    auto const crowded = search({{"searchText", "crowded_line"}});
    EXPECT_EQ(crowded["results"][0]["matches"]["content"].size(), 100U);
    auto const branch =
        search({{"searchText", "streaming_needle"},
                {"filters", {{"Project", {"Game Engine"}}, {"Branch", {"feature/streaming-parser"}}}}});
    EXPECT_EQ(branch["count"], 0);
    EXPECT_EQ(branch["infoCode"], 0);
    EXPECT_EQ(search({{"searchText", "oddity_needle"}})["count"], 7);
    EXPECT_EQ(search({{"searchText", "*needle"}})["infoCode"], 4);
}

TEST_F(AzureDevOps, TheIndexFollowsPushesWithALag) {
    exchange.simulator.state().settings.index_lag = std::chrono::seconds(5);
    auto const push =
        "/__sim/push?organization=contoso&repository=engine&path=/new.txt&content=brand_new_needle";
    ASSERT_EQ(exchange.get(push, "").status, 200);
    EXPECT_EQ(exchange.get("/contoso/_apis/git/repositories/engine/items?path=/new.txt", pat).status, 200);
    EXPECT_EQ(search({{"searchText", "brand_new_needle"}})["count"], 0);
    exchange.simulator.state().shift_clock(std::chrono::seconds(6));
    EXPECT_EQ(search({{"searchText", "brand_new_needle"}})["count"], 1);
}

TEST_F(AzureDevOps, TellsTheTenantWithoutACredential) {
    auto const head = exchange.send(Exchange::request("HEAD", "/northwind"), "");
    EXPECT_EQ(Exchange::header(head, "X-VSS-ResourceTenant"), exchange.world().customer_tenant().id);
    auto vssps = Exchange::request("HEAD", "/contoso");
    vssps.host = "vssps.dev.azure.com";
    EXPECT_EQ(exchange.send(vssps, "").status, 404);
}

TEST_F(AzureDevOps, AnswersDiscoveryForOfficialClients) {
    auto const areas = Exchange::json(exchange.get("/contoso/_apis/ResourceAreas", pat));
    EXPECT_EQ(areas["value"][0]["locationUrl"], "https://localhost:1/contoso/");
    auto const git = Exchange::json(exchange.send(Exchange::request("OPTIONS", "/contoso/_apis/git"), pat));
    EXPECT_GT(git["count"].get<int>(), 5);
    EXPECT_EQ(git["value"][0]["area"], "git");
}

TEST_F(AzureDevOps, ServesNonAsciiProjectsAndProjectsById) {
    auto const fabrikam = exchange.pat("fabrikam", "recommended");
    auto const by_name =
        exchange.get("/fabrikam/Gr%C3%B6%C3%9Fe%20und%20Ma%C3%9F/_apis/git/repositories", fabrikam);
    EXPECT_EQ(Exchange::json(by_name)["count"], 1) << by_name.body;
    auto const id = exchange.world().find_organization("contoso")->find_project("Payments")->id;
    EXPECT_EQ(Exchange::json(exchange.get("/contoso/" + id + "/_apis/git/repositories", pat))["count"], 4);
}

} // namespace
} // namespace simulator::testing
