#include "fixture.hpp"

#include "ado/work_items.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace {

using ado_test::ClientTest;
using core::ErrorKind;
using core::Json;

std::string const kEmptySearch = R"({"count":0,"results":[],"infoCode":0,"facets":{}})";

TEST(Client, AsksWhoWeAre) {
    ClientTest test;
    test.respond_json(ado_test::kAlive);
    auto const who = test.loop.run(test.client.connection_data(test.ctx));
    ASSERT_TRUE(who) << who.error().message();
    EXPECT_TRUE(who->authenticated);
    EXPECT_EQ(who->id, "22157d54-1821-6536-a446-928b06348385");
    EXPECT_EQ(who->name, "user@example.com");
    EXPECT_EQ(who->display_name, "Test User");
    EXPECT_EQ(who->subject_descriptor, "aad.Mj");
    auto const& request = test.http.requests().at(0);
    EXPECT_EQ(request.url, "https://dev.azure.com/contoso/_apis/connectionData");
    EXPECT_EQ(request.headers.get("Accept"), "application/json;api-version=7.1-preview.1");
}

TEST(Client, TakesTheAnonymousIdentityForARefusal) {
    for (std::string const id :
         {"aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa", "00000000-0000-0000-0000-000000000000", ""}) {
        SCOPED_TRACE(id);
        ClientTest test;
        test.respond_json(R"({"authenticatedUser":{"id":")" + id +
                          R"(","providerDisplayName":"Anonymous"}})");
        auto const who = test.loop.run(test.client.connection_data(test.ctx));
        ASSERT_FALSE(who);
        EXPECT_EQ(who.error().kind(), ErrorKind::unauthorized);
    }
}

TEST(Client, SearchesCodeInOneProjectByItsRoute) {
    ClientTest test;
    test.respond_json(kEmptySearch);
    ado::CodeSearchRequest search("parseHeader ext:cpp");
    search.projects = {"My Project"};
    search.repositories = {"engine"};
    search.branches = {"main"};
    search.paths = {"/src"};
    search.top = 10;
    search.skip = 20;
    auto const page = test.loop.run(test.client.search_code(search, test.ctx));
    ASSERT_TRUE(page) << page.error().message();
    EXPECT_EQ(page->count, 0);
    auto const& request = test.http.requests().at(0);
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.url,
              "https://almsearch.dev.azure.com/contoso/My%20Project/_apis/search/"
              "codesearchresults?api-version=7.1");
    EXPECT_EQ(request.headers.get("Content-Type"), "application/json; charset=utf-8");
    EXPECT_EQ(request.headers.get("Accept"), "application/json");
    EXPECT_TRUE(request.idempotent);
    EXPECT_EQ(Json::parse(request.body),
              Json::parse(R"({"searchText":"parseHeader ext:cpp","$skip":20,"$top":10,
        "filters":{"Project":["My Project"],"Repository":["engine"],"Branch":["main"],"Path":["/src"]},
        "includeFacets":false,"includeSnippet":true})"));
}

TEST(Client, SearchesSeveralProjectsByTheOrganizationsRoute) {
    ClientTest test;
    test.respond_json(kEmptySearch);
    ado::CodeSearchRequest search("x");
    search.projects = {"A", "B"};
    search.top = 5000;
    ASSERT_TRUE(test.loop.run(test.client.search_code(search, test.ctx)));
    auto const& request = test.http.requests().at(0);
    EXPECT_EQ(request.url,
              "https://almsearch.dev.azure.com/contoso/_apis/search/codesearchresults?api-version=7.1");
    EXPECT_EQ(Json::parse(request.body)["$top"], 1000);
}

TEST(Client, RefusesSearchesTheServiceWouldRefuse) {
    ClientTest test;
    ado::CodeSearchRequest without_project("x");
    without_project.repositories = {"engine"};
    ado::CodeSearchRequest too_far("x");
    too_far.skip = 1001;
    for (ado::CodeSearchRequest const& search : {without_project, too_far}) {
        auto const page = test.loop.run(test.client.search_code(search, test.ctx));
        ASSERT_FALSE(page);
        EXPECT_EQ(page.error().kind(), ErrorKind::invalid_argument);
        EXPECT_FALSE(page.error().fix().empty());
    }
    EXPECT_TRUE(test.http.requests().empty());
}

TEST(Client, PointsToTheExtensionWhenCodeSearchIsNotThere) {
    ClientTest test;
    test.http.respond(404, "<html>", {{"Content-Type", "text/html"}});
    ado::CodeSearchRequest const search("x");
    auto const page = test.loop.run(test.client.search_code(search, test.ctx));
    ASSERT_FALSE(page);
    EXPECT_NE(page.error().fix().find("Code Search extension"), std::string::npos);
}

TEST(Client, ShowsTheBranchThatWasAskedFor) {
    ClientTest test;
    test.respond_json(R"({"count":1,"results":[{"fileName":"a","path":"/a","matches":{},
        "versions":[{"branchName":"main","changeId":"1"},{"branchName":"dev","changeId":"2"}]}],"infoCode":0})");
    ado::CodeSearchRequest search("x");
    search.projects = {"P"};
    search.branches = {"dev"};
    auto const page = test.loop.run(test.client.search_code(search, test.ctx));
    ASSERT_TRUE(page);
    EXPECT_EQ(page->hits.at(0).branch, "dev");
    EXPECT_EQ(page->hits.at(0).commit, "2");
}

TEST(Client, AsksForTheIndexStatusOfARepository) {
    ClientTest test;
    test.respond_json(R"({"id":"77aa","name":"engine","indexedBranches":[{"name":"refs/heads/main",
        "lastIndexedChangeId":"c0ffee","lastProcessedTime":"2026-01-01T00:00:00Z"}]})");
    std::string const project = "P";
    std::string const repository = "engine";
    auto const status = test.loop.run(test.client.get_repository_index_status(project, repository, test.ctx));
    ASSERT_TRUE(status);
    EXPECT_TRUE(status->indexes("main"));
    EXPECT_FALSE(status->indexes("dev"));
    EXPECT_EQ(test.http.requests().at(0).url,
              "https://almsearch.dev.azure.com/contoso/P/_apis/search/status/repositories/engine");
}

TEST(Client, ReadsAFileInOneRequest) {
    struct Row {
        ado::VersionDescriptor version;
        std::string query;
    };
    std::string const commit(40, 'c');
    std::vector<Row> const table = {
        {ado::VersionDescriptor(), ""},
        {ado::VersionDescriptor(ado::VersionType::branch, "feature/a&b"),
         "&versionDescriptor.version=feature%2Fa%26b&versionDescriptor.versionType=branch"},
        {ado::VersionDescriptor(ado::VersionType::tag, "v1"),
         "&versionDescriptor.version=v1&versionDescriptor.versionType=tag"},
        {ado::VersionDescriptor(ado::VersionType::commit, commit),
         "&versionDescriptor.version=" + commit + "&versionDescriptor.versionType=commit"},
    };
    for (Row const& row : table) {
        SCOPED_TRACE(row.query);
        ClientTest test;
        test.respond_json(
            R"({"objectId":"b10b","gitObjectType":"blob","commitId":"c0ffee","path":"/src/a b.cpp",)"
            R"("content":"line 1\nline 2\n","contentMetadata":{"encoding":65001,"contentType":"text/plain",)"
            R"("fileName":"a b.cpp","extension":"cpp","isBinary":false},"url":"https://x"})");
        std::string const project = "Gr\xC3\xB6\xC3\x9F"
                                    "e 1";
        std::string const repository = "engine";
        std::string const path = "/src/a b.cpp";
        auto const item =
            test.loop.run(test.client.get_item(project, repository, path, row.version, test.ctx));
        ASSERT_TRUE(item) << item.error().message();
        EXPECT_EQ(item->content, "line 1\nline 2\n");
        EXPECT_EQ(item->commit_id, "c0ffee");
        ASSERT_EQ(test.http.requests().size(), 1U);
        EXPECT_EQ(
            test.http.requests()[0].url,
            "https://dev.azure.com/contoso/Gr%C3%B6%C3%9Fe%201/_apis/git/repositories/engine/items"
            "?path=%2Fsrc%2Fa%20b.cpp&includeContent=true&includeContentMetadata=true&resolveLfs=false" +
                row.query);
    }
}

TEST(Client, ReadsRepositories) {
    ClientTest test;
    std::string const repository_json =
        R"({"id":"77aa","name":"engine","project":{"id":"3f0c","name":"P"},"defaultBranch":"refs/heads/main",)"
        R"("size":12,"remoteUrl":"https://contoso@dev.azure.com/r","webUrl":"https://dev.azure.com/r","isDisabled":true})";
    test.respond_json(repository_json);
    std::string const none;
    std::string const id = "77aa";
    auto const repository = test.loop.run(test.client.get_repository(none, id, test.ctx));
    ASSERT_TRUE(repository);
    EXPECT_EQ(repository->default_branch, "main");
    EXPECT_EQ(repository->project, "P");
    EXPECT_EQ(repository->size, 12);
    EXPECT_TRUE(repository->is_disabled);
    EXPECT_EQ(test.http.requests().at(0).url, "https://dev.azure.com/contoso/_apis/git/repositories/77aa");

    test.respond_json(R"({"value":[)" + repository_json + R"(,{"id":"88bb","name":"empty"}],"count":2})");
    auto const all = test.loop.run(test.client.list_repositories(none, test.ctx));
    ASSERT_TRUE(all);
    ASSERT_EQ(all->size(), 2U);
    EXPECT_EQ(all->at(1).default_branch, "");
    EXPECT_EQ(test.http.requests().at(1).url, "https://dev.azure.com/contoso/_apis/git/repositories");
}

TEST(Client, CreatesAWorkItemOnce) {
    ClientTest test;
    test.respond_json(R"({"id":973,"rev":1,"fields":{"System.TeamProject":"My Project","System.Title":"Crash",
        "System.WorkItemType":"Product Backlog Item","System.State":"New"},
        "_links":{"html":{"href":"https://dev.azure.com/contoso/guid/_workitems/edit/973"}}})");
    std::string const project = "My Project";
    std::string const type = "Product Backlog Item";
    ado::WorkItemPatch patch;
    patch.set("System.Title", "Crash");
    ado::WriteOptions const options;
    auto const item = test.loop.run(test.client.create_work_item(project, type, patch, options, test.ctx));
    ASSERT_TRUE(item) << item.error().message();
    EXPECT_EQ(item->id, 973);
    EXPECT_EQ(item->rev, 1);
    EXPECT_EQ(item->title, "Crash");
    EXPECT_EQ(item->type, "Product Backlog Item");
    EXPECT_EQ(item->project, "My Project");
    EXPECT_EQ(item->state, "New");
    EXPECT_EQ(item->html_url, "https://dev.azure.com/contoso/guid/_workitems/edit/973");
    auto const& request = test.http.requests().at(0);
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.url,
              "https://dev.azure.com/contoso/My%20Project/_apis/wit/workitems/"
              "$Product%20Backlog%20Item?api-version=7.1");
    EXPECT_EQ(request.headers.get("Content-Type"), "application/json-patch+json");
    EXPECT_EQ(request.body, R"([{"op":"add","path":"/fields/System.Title","value":"Crash"}])");
    EXPECT_FALSE(request.idempotent);
}

TEST(Client, ValidatesAWorkItemWithoutCreatingIt) {
    ClientTest test;
    test.respond_json(R"({"id":null,"fields":{"System.Title":"Crash"}})");
    std::string const project = "P";
    std::string const type = "Bug";
    ado::WorkItemPatch const patch;
    ado::WriteOptions const options(true);
    auto const item = test.loop.run(test.client.create_work_item(project, type, patch, options, test.ctx));
    ASSERT_TRUE(item);
    EXPECT_EQ(item->id, 0);
    EXPECT_EQ(test.http.requests().at(0).url,
              "https://dev.azure.com/contoso/P/_apis/wit/workitems/$Bug?validateOnly=true&api-version=7.1");
    EXPECT_TRUE(test.http.requests().at(0).idempotent);
}

TEST(Client, ReadsWorkItems) {
    ClientTest test;
    test.respond_json(
        R"({"id":5,"rev":2,"fields":{"System.Title":"a"},"relations":[{"rel":"Hyperlink","url":"x"}]})");
    auto const item = test.loop.run(test.client.get_work_item(5, test.ctx));
    ASSERT_TRUE(item);
    EXPECT_EQ(item->relations.size(), 1U);
    EXPECT_EQ(test.http.requests().at(0).url,
              "https://dev.azure.com/contoso/_apis/wit/workitems/5?$expand=all");

    test.respond_json(R"({"count":2,"value":[{"id":7,"fields":{"System.Title":"b"}},null]})");
    std::vector<std::int64_t> const ids = {7, 8};
    std::vector<std::string> const fields = {"System.Title"};
    auto const items = test.loop.run(test.client.get_work_items(ids, fields, test.ctx));
    ASSERT_TRUE(items);
    ASSERT_EQ(items->size(), 1U);
    EXPECT_EQ(items->at(0).title, "b");
    auto const& request = test.http.requests().at(1);
    EXPECT_EQ(request.url, "https://dev.azure.com/contoso/_apis/wit/workitemsbatch?api-version=7.1");
    EXPECT_EQ(Json::parse(request.body),
              Json::parse(R"({"ids":[7,8],"errorPolicy":"omit","fields":["System.Title"]})"));
    EXPECT_TRUE(request.idempotent);

    std::vector<std::int64_t> const none;
    EXPECT_TRUE(test.loop.run(test.client.get_work_items(none, fields, test.ctx))->empty());
    std::vector<std::int64_t> const too_many(201, 1);
    EXPECT_FALSE(test.loop.run(test.client.get_work_items(too_many, fields, test.ctx)));
    EXPECT_EQ(test.http.requests().size(), 2U);
}

TEST(Client, QueriesForIds) {
    ClientTest test;
    test.respond_json(R"({"queryType":"flat","workItems":[{"id":974,"url":"x"},{"id":975,"url":"y"}]})");
    ado::WiqlQuery query("SELECT [System.Id] FROM WorkItems WHERE [System.Tags] CONTAINS " +
                         ado::quote_wiql("it's"));
    query.project = "My Project";
    query.top = 2;
    query.time_precision = true;
    auto const ids = test.loop.run(test.client.query_wiql(query, test.ctx));
    ASSERT_TRUE(ids);
    EXPECT_EQ(*ids, (std::vector<std::int64_t>{974, 975}));
    auto const& request = test.http.requests().at(0);
    EXPECT_EQ(request.url,
              "https://dev.azure.com/contoso/My%20Project/_apis/wit/"
              "wiql?$top=2&timePrecision=true&api-version=7.1");
    EXPECT_EQ(request.body,
              R"({"query":"SELECT [System.Id] FROM WorkItems WHERE [System.Tags] CONTAINS 'it''s'"})");
    EXPECT_TRUE(request.idempotent);
}

TEST(Client, ListsWorkItemTypes) {
    ClientTest test;
    test.respond_json(R"({"count":1,"value":[{"name":"Bug","referenceName":"Microsoft.VSTS.WorkItemTypes.Bug",
        "description":"d","states":[{"name":"New","color":"b2b2b2","category":"Proposed"}],
        "fields":[{"referenceName":"System.Title","alwaysRequired":true},
                  {"referenceName":"System.State","alwaysRequired":true},
                  {"referenceName":"Custom.Team","alwaysRequired":true,"defaultValue":"A"},
                  {"referenceName":"System.Tags","alwaysRequired":false,"defaultValue":null}]}]})");
    std::string const project = "P";
    auto const types = test.loop.run(test.client.list_work_item_types(project, test.ctx));
    ASSERT_TRUE(types);
    ASSERT_EQ(types->size(), 1U);
    EXPECT_EQ(types->at(0).name, "Bug");
    EXPECT_EQ(types->at(0).states.at(0).category, "Proposed");
    EXPECT_EQ(types->at(0).fields.size(), 4U);
    EXPECT_EQ(types->at(0).required_fields, std::vector<std::string>{"System.Title"});
    EXPECT_EQ(test.http.requests().at(0).url, "https://dev.azure.com/contoso/P/_apis/wit/workitemtypes");
}

TEST(ClientLimits, AnOlderServerIsAskedInItsOwnVersions) {
    struct Row {
        char const* version;
        char const* connection_data;
        char const* comments;
        char const* search;
    };
    for (Row const& row : {Row{"7.1", "7.1-preview.1", "7.1-preview.4", ""},
                           Row{"7.0", "7.0-preview.1", "7.0-preview.3", "7.0-preview.1"},
                           Row{"6.0", "6.0-preview.1", "6.0-preview.3", "6.0-preview.1"},
                           Row{"5.0", "5.0-preview.1", "5.0-preview.2", "5.0-preview.1"}}) {
        ado::ClientLimits limits;
        limits.use_version(row.version);
        EXPECT_EQ(limits.api_version, row.version);
        EXPECT_EQ(limits.connection_data_version, row.connection_data);
        EXPECT_EQ(limits.comments_version, row.comments);
        EXPECT_EQ(limits.search_version, row.search);
    }
    ado::ClientLimits const untouched;
    ado::ClientLimits newest;
    newest.use_version("7.1");
    EXPECT_EQ(newest.comments_version, untouched.comments_version);
    EXPECT_EQ(newest.connection_data_version, untouched.connection_data_version);
}

} // namespace
