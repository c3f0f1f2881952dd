#include "fixture.hpp"

#include "ado/classification.hpp"
#include "ado/comments.hpp"
#include "ado/git_lists.hpp"
#include "ado/type_rules.hpp"
#include "ado/web_links.hpp"
#include "ado/work_items.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace {

using ado_test::ClientTest;

TEST(ListItems, AsksForOneLevelOrAllAndTellsTheKinds) {
    ClientTest test;
    test.respond_json(
        R"({"count":4,"value":[{"objectId":"7","gitObjectType":"tree","commitId":"c0","path":"/src","isFolder":true},)"
        R"({"objectId":"8","gitObjectType":"blob","commitId":"c0","path":"/src/a b.cpp"},)"
        R"({"objectId":"9","gitObjectType":"commit","commitId":"c0","path":"/src/lib"},{"objectId":"10"}]})");
    ado::VersionDescriptor const version(ado::VersionType::branch, "release/1");
    auto const items =
        test.loop.run(test.client.list_items("Web Shop", "site", "/src", version, false, test.ctx));
    ASSERT_TRUE(items) << items.error().message();
    ASSERT_EQ(items->size(), 3U) << "an entry without a path is none";
    EXPECT_EQ((*items)[0].kind, ado::TreeItemKind::folder);
    EXPECT_EQ((*items)[0].object_id, "7");
    EXPECT_EQ((*items)[0].commit_id, "c0");
    EXPECT_EQ((*items)[1].kind, ado::TreeItemKind::file);
    EXPECT_FALSE((*items)[1].size);
    EXPECT_EQ((*items)[2].kind, ado::TreeItemKind::submodule);
    EXPECT_EQ(test.http.requests()[0].url,
              "https://dev.azure.com/contoso/Web%20Shop/_apis/git/repositories/site/items?scopePath=%2Fsrc"
              "&recursionLevel=oneLevel&versionDescriptor.version=release%2F1"
              "&versionDescriptor.versionType=branch");
    test.respond_json(R"({"value":[]})");
    auto const all =
        test.loop.run(test.client.list_items("", "id", "/", ado::VersionDescriptor(), true, test.ctx));
    ASSERT_TRUE(all);
    EXPECT_EQ(
        test.http.requests()[1].url,
        "https://dev.azure.com/contoso/_apis/git/repositories/id/items?scopePath=%2F&recursionLevel=full");
    test.respond_json(R"({"path":"/"})");
    EXPECT_FALSE(
        test.loop.run(test.client.list_items("p", "r", "/", ado::VersionDescriptor(), false, test.ctx)));
}

TEST(ListTree, GivesSizesOfFiles) {
    ClientTest test;
    test.respond_json(
        R"({"objectId":"7","treeEntries":[)"
        R"({"objectId":"8","relativePath":"a.cpp","mode":"100644","gitObjectType":"blob","size":12},)"
        R"({"objectId":"9","relativePath":"sub","mode":"40000","gitObjectType":"tree","size":0}]})");
    auto const tree = test.loop.run(test.client.list_tree("Web", "site", "7", true, test.ctx));
    ASSERT_TRUE(tree) << tree.error().message();
    ASSERT_EQ(tree->size(), 2U);
    EXPECT_EQ((*tree)[0].size, 12);
    EXPECT_FALSE((*tree)[1].size);
    EXPECT_EQ(test.http.requests()[0].url,
              "https://dev.azure.com/contoso/Web/_apis/git/repositories/site/trees/7?recursive=true");
}

TEST(ListCommits, SendsItsCriteriaAndReadsTheAuthors) {
    ClientTest test;
    test.respond_json(
        R"({"count":2,"value":[{"commitId":"c1","author":{"name":"Ada","email":"ada@x.example","date":"2026-03-31T18:36:26Z"},)"
        R"("comment":"Fix it","commentTruncated":true,"changeCounts":{"Add":1,"Edit":2,"Delete":3}},)"
        R"({"commitId":"c0"},{"comment":"none"}]})");
    ado::CommitQuery query;
    query.version = ado::VersionDescriptor(ado::VersionType::tag, "v1");
    query.path = "/src/a b";
    query.author = "ada@x.example";
    query.since = "2026-03-01T00:00:00Z";
    query.until = "2026-03-31T23:59:59Z";
    query.skip = 5;
    query.top = 3;
    auto const commits = test.loop.run(test.client.list_commits("Web", "site", query, test.ctx));
    ASSERT_TRUE(commits) << commits.error().message();
    ASSERT_EQ(commits->size(), 2U);
    ado::CommitInfo const& first = commits->front();
    EXPECT_EQ(first.author, "Ada");
    EXPECT_EQ(first.email, "ada@x.example");
    EXPECT_EQ(first.date, "2026-03-31T18:36:26Z");
    EXPECT_TRUE(first.comment_cut);
    EXPECT_EQ(first.added + 10 * first.edited + 100 * first.deleted, 321);
    EXPECT_EQ(test.http.requests()[0].url,
              "https://dev.azure.com/contoso/Web/_apis/git/repositories/site/commits?searchCriteria.$top=3"
              "&searchCriteria.$skip=5&searchCriteria.itemPath=%2Fsrc%2Fa%20b"
              "&searchCriteria.author=ada%40x.example&searchCriteria.fromDate=2026-03-01T00%3A00%3A00Z"
              "&searchCriteria.toDate=2026-03-31T23%3A59%3A59Z&searchCriteria.itemVersion.version=v1"
              "&searchCriteria.itemVersion.versionType=tag");
}

TEST(ListBranches, GivesBareNames) {
    ClientTest test;
    test.respond_json(
        R"({"value":[{"name":"refs/heads/main","objectId":"1"},{"name":"refs/heads/a/b"}],"count":2})");
    auto const branches = test.loop.run(test.client.list_branches("Web", "site", test.ctx));
    ASSERT_TRUE(branches);
    EXPECT_EQ(*branches, (std::vector<std::string>{"main", "a/b"}));
    EXPECT_EQ(test.http.requests()[0].url,
              "https://dev.azure.com/contoso/Web/_apis/git/repositories/site/refs?filter=heads/&$top=1000");
}

TEST(ReadWorkItem, AsksForRelationsOnlyWhenTheyAreWanted) {
    ClientTest test;
    for (int i = 0; i < 2; ++i) {
        test.respond_json(
            R"({"id":973,"rev":1,"fields":{"System.Title":"t","System.TeamProject":"Web"},)"
            R"("multilineFieldsFormat":{"System.Description":"markdown"},"relations":[{"rel":"Hyperlink","url":"u"}]})");
    }
    auto const plain = test.loop.run(test.client.get_work_item_values(973, false, test.ctx));
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->formats.at("System.Description"), "markdown");
    auto const whole = test.loop.run(test.client.get_work_item_values(973, true, test.ctx));
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->relations.size(), 1U);
    EXPECT_EQ(test.http.requests()[0].url, "https://dev.azure.com/contoso/_apis/wit/workitems/973");
    EXPECT_EQ(test.http.requests()[1].url,
              "https://dev.azure.com/contoso/_apis/wit/workitems/973?$expand=relations");
}

TEST(ListComments, ReadsThePreviewResourceNewestFirst) {
    ClientTest test;
    test.respond_json(
        R"({"totalCount":7,"count":2,"comments":[{"workItemId":9,"id":3,"text":"**b**","format":"markdown",)"
        R"("createdBy":{"displayName":"Ada"},"createdDate":"2026-03-31T18:36:26Z"},)"
        R"({"id":2,"text":"<p>a</p>","isDeleted":true},{"id":1,"text":"<p>a</p>"}],"continuationToken":"2"})");
    auto const page = test.loop.run(test.client.list_comments("Web Shop", 9, 50, test.ctx));
    ASSERT_TRUE(page) << page.error().message();
    EXPECT_EQ(page->total, 7);
    ASSERT_EQ(page->comments.size(), 2U) << "a deleted one is none";
    EXPECT_TRUE(page->comments[0].is_markdown);
    EXPECT_EQ(page->comments[0].author, "Ada");
    EXPECT_FALSE(page->comments[1].is_markdown);
    auto const& request = test.http.requests()[0];
    EXPECT_EQ(request.url,
              "https://dev.azure.com/contoso/Web%20Shop/_apis/wit/workItems/9/comments?order=desc&$top=50");
    EXPECT_EQ(request.headers.get("Accept"), "application/json;api-version=7.1-preview.4");
    test.respond_json(R"({"value":[]})");
    EXPECT_FALSE(test.loop.run(test.client.list_comments("Web", 9, 50, test.ctx)));
}

TEST(ListFieldRules, TellsWhatTheCallerMustGive) {
    ClientTest test;
    test.respond_json(
        R"({"count":5,"value":[)"
        R"({"referenceName":"System.AreaId","name":"Area ID","alwaysRequired":true,"defaultValue":null},)"
        R"({"referenceName":"System.Title","name":"Title","alwaysRequired":true,"defaultValue":null},)"
        R"({"referenceName":"System.State","name":"State","alwaysRequired":true,"defaultValue":"New","allowedValues":["New","Done"]},)"
        R"({"referenceName":"Microsoft.VSTS.Common.Priority","name":"Priority","alwaysRequired":false,"defaultValue":"2","allowedValues":[1,2,"3"]},)"
        R"({"referenceName":"System.AssignedTo","name":"Assigned To","allowedValues":["",{"displayName":"Ada"}]},{"name":"x"}]})");
    auto const rules = test.loop.run(test.client.list_field_rules("Web", "User Story", test.ctx));
    ASSERT_TRUE(rules) << rules.error().message();
    ASSERT_EQ(rules->size(), 5U);
    EXPECT_FALSE((*rules)[0].required) << "the service fills it";
    EXPECT_TRUE((*rules)[1].required);
    EXPECT_FALSE((*rules)[2].required) << "it has a default";
    EXPECT_EQ((*rules)[2].allowed_values, (std::vector<std::string>{"New", "Done"}));
    EXPECT_EQ((*rules)[3].allowed_values, (std::vector<std::string>{"1", "2", "3"}));
    EXPECT_EQ((*rules)[3].preset, "2");
    EXPECT_TRUE((*rules)[4].names_people);
    EXPECT_TRUE((*rules)[4].allowed_values.empty());
    EXPECT_EQ(test.http.requests()[0].url,
              "https://dev.azure.com/contoso/Web/_apis/wit/workitemtypes/User%20Story/fields"
              "?$expand=allowedValues");
}

TEST(ListClassification, ReadsBothTreesInOneRequest) {
    ClientTest test;
    test.respond_json(
        R"({"count":2,"value":[{"id":1,"name":"Web","structureType":"area","path":"\\Web\\Area","children":[{"name":"Api"}]},)"
        R"({"id":2,"name":"Web","structureType":"iteration","children":[{"name":"Sprint 1"}]}]})");
    auto const paths = test.loop.run(test.client.list_classification("Web", test.ctx));
    ASSERT_TRUE(paths) << paths.error().message();
    EXPECT_EQ(paths->areas, (std::vector<std::string>{"Web", "Web\\Api"}));
    EXPECT_EQ(paths->iterations, (std::vector<std::string>{"Web", "Web\\Sprint 1"}));
    EXPECT_EQ(test.http.requests()[0].url,
              "https://dev.azure.com/contoso/Web/_apis/wit/classificationnodes?$depth=14");
}

TEST(QueryWiql, TakesTheTargetsOfAQueryForLinks) {
    ClientTest test;
    test.respond_json(R"({"queryType":"oneHop","queryResultType":"workItemLink","workItemRelations":[)"
                      R"({"target":{"id":5}},{"rel":"x","source":{"id":5},"target":{"id":7}},)"
                      R"({"rel":"x","source":{"id":6},"target":{"id":7}}]})");
    ado::WiqlQuery const query("SELECT [System.Id] FROM WorkItemLinks");
    auto const ids = test.loop.run(test.client.query_wiql(query, test.ctx));
    ASSERT_TRUE(ids) << ids.error().message();
    EXPECT_EQ(*ids, (std::vector<std::int64_t>{5, 7}));
}

TEST(WebLinks, PointAtThePagesOfProjectsRepositoriesAndCommits) {
    ado::Organization const organization = ado_test::contoso();
    EXPECT_EQ(ado::project_url(organization, "Web Shop"), "https://dev.azure.com/contoso/Web%20Shop");
    EXPECT_EQ(ado::repository_url(organization, "Web Shop", "a b"),
              "https://dev.azure.com/contoso/Web%20Shop/_git/a%20b");
    EXPECT_EQ(ado::commit_url(organization, "Web", "site", "c0ffee"),
              "https://dev.azure.com/contoso/Web/_git/site/commit/c0ffee");
}

} // namespace
