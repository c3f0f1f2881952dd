#include "fixture.hpp"

#include "ado/projects.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using ado_test::ClientTest;

std::vector<std::string> names(std::vector<ado::Project> const& projects) {
    std::vector<std::string> out;
    for (ado::Project const& project : projects) {
        out.push_back(project.name);
    }
    return out;
}

void respond_page(ClientTest& test, std::string const& body, std::string const& continuation) {
    auto headers = ado_test::json_headers();
    if (!continuation.empty()) {
        headers.emplace_back("x-ms-continuationtoken", continuation);
    }
    test.http.respond(200, body, headers);
}

TEST(ListProjects, FollowsTheContinuationToTheEnd) {
    ClientTest test;
    respond_page(test, R"({"count":2,"value":[{"id":"1","name":"Web"},{"id":"2","name":"Api"}]})", "2");
    respond_page(test, R"({"value":[{"id":"3","name":"Ops","state":"wellFormed"}],"count":1})", "");
    auto const projects = test.loop.run(test.client.list_projects(test.ctx));
    ASSERT_TRUE(projects) << projects.error().message();
    EXPECT_EQ(names(*projects), (std::vector<std::string>{"Web", "Api", "Ops"}));
    ASSERT_EQ(test.http.requests().size(), 2U);
    EXPECT_EQ(test.http.requests()[0].url,
              "https://dev.azure.com/contoso/_apis/projects?stateFilter=wellFormed&$top=200");
    EXPECT_EQ(test.http.requests()[1].url,
              "https://dev.azure.com/contoso/_apis/projects?stateFilter=wellFormed&$top=200"
              "&continuationToken=2");
}

TEST(ListProjects, AnEmptyPageEndsTheList) {
    ClientTest test;
    respond_page(test, R"({"count":0,"value":[]})", "7");
    auto const projects = test.loop.run(test.client.list_projects(test.ctx));
    ASSERT_TRUE(projects);
    EXPECT_TRUE(projects->empty());
    EXPECT_EQ(test.http.requests().size(), 1U);
}

TEST(ListProjects, AnAnswerOfAnotherShapeIsTheUpstreamsFault) {
    ClientTest test;
    test.respond_json(R"({"projects":[]})");
    auto const projects = test.loop.run(test.client.list_projects(test.ctx));
    ASSERT_FALSE(projects);
    EXPECT_EQ(projects.error().code(), "unreadable_answer");
}

TEST(ListAreaPaths, WritesPathsAsFieldsTakeThem) {
    ClientTest test;
    test.respond_json(
        R"({"id":1,"name":"Web Shop","path":"\\Web Shop\\Area","hasChildren":true,"children":[)"
        R"({"name":"Api","path":"\\Web Shop\\Area\\Api","children":[{"name":"Orders"}]},{"name":"Ui"}]})");
    auto const paths = test.loop.run(test.client.list_area_paths("Web Shop", test.ctx));
    ASSERT_TRUE(paths) << paths.error().message();
    EXPECT_EQ(
        *paths,
        (std::vector<std::string>{"Web Shop", "Web Shop\\Api", "Web Shop\\Api\\Orders", "Web Shop\\Ui"}));
    EXPECT_EQ(test.http.requests()[0].url,
              "https://dev.azure.com/contoso/Web%20Shop/_apis/wit/classificationnodes/areas?$depth=14");
}

TEST(ListAreaPaths, ATreeWithoutNamesIsTheUpstreamsFault) {
    ClientTest test;
    test.respond_json("{}");
    EXPECT_FALSE(test.loop.run(test.client.list_area_paths("Web", test.ctx)));
}

TEST(GetBlob, GivesTheBytesEvenWhenTheyLookLikeAPage) {
    ClientTest test;
    std::string const bytes("<\0\xFFhtml>", 8);
    test.http.respond(200, bytes, {{"Content-Type", "application/octet-stream"}});
    auto const blob = test.loop.run(test.client.get_blob("Web", "site", "0a1b", test.ctx));
    ASSERT_TRUE(blob) << blob.error().message();
    EXPECT_EQ(*blob, bytes);
    auto const& request = test.http.requests()[0];
    EXPECT_EQ(request.url,
              "https://dev.azure.com/contoso/Web/_apis/git/repositories/site/blobs/0a1b"
              "?$format=octetStream&api-version=7.1");
    EXPECT_EQ(request.headers.get("Accept"), "application/octet-stream");
    EXPECT_FALSE(request.headers.get("Content-Type"));
}

TEST(GetBlob, ASignInPageIsNoFile) {
    ClientTest test;
    for (int i = 0; i < 2; ++i) {
        test.http.respond(203, "<html>Sign In</html>", {{"Content-Type", "text/html"}});
    }
    auto const blob = test.loop.run(test.client.get_blob("Web", "site", "0a1b", test.ctx));
    ASSERT_FALSE(blob);
    EXPECT_EQ(blob.error().kind(), core::ErrorKind::unauthorized);
}

} // namespace
