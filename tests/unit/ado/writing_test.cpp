#include "fixture.hpp"

#include "ado/artifact_url.hpp"
#include "ado/comments.hpp"
#include "ado/identities.hpp"
#include "ado/markdown.hpp"
#include "ado/work_items.hpp"

#include <nlohmann/json.hpp>

namespace {

using ado_test::ClientTest;
using ado_test::contoso;

TEST(MarkdownHtml, WritesWhatPeopleWrite) {
    for (auto const& [markdown, html] : std::vector<std::pair<std::string, std::string>>{
             {"Hello **big** *world*", "<p>Hello <strong>big</strong> <em>world</em></p>"},
             {"one\ntwo", "<p>one<br>two</p>"},
             {"a\n\nb", "<p>a</p><p>b</p>"},
             {"## Steps", "<h2>Steps</h2>"},
             {"#42 is not a heading", "<p>#42 is not a heading</p>"},
             {"- a\n- b", "<ul><li>a</li><li>b</li></ul>"},
             {"1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"},
             {"- a\n  - b\n- c", "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"},
             {"> said\n> so", "<blockquote><p>said<br>so</p></blockquote>"},
             {"```cpp\nif (a < b) *x*\n```\nend", "<pre><code>if (a &lt; b) *x*\n</code></pre><p>end</p>"},
             {"use `a<b> & c`", "<p>use <code>a&lt;b&gt; &amp; c</code></p>"},
             {"[page](https://example.com/?a=1&b=2)",
              "<p><a href=\"https://example.com/?a=1&amp;b=2\">page</a></p>"},
             {"see https://example.com/x.",
              "<p>see <a href=\"https://example.com/x\">https://example.com/x</a>.</p>"},
             {"[no](javascript:alert(1))", "<p>[no](javascript:alert(1))</p>"},
             {"<script>x</script>", "<p>&lt;script&gt;x&lt;/script&gt;</p>"},
             {"snake_case_name", "<p>snake_case_name</p>"},
             {"2 * 3 * 4", "<p>2 * 3 * 4</p>"},
             {"---", "<hr>"},
             {"| a | b |\n|---|---|\n| 1 | 2 |",
              "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>"},
             {"", ""}}) {
        EXPECT_EQ(ado::markdown_to_html(markdown), html) << markdown;
    }
}

TEST(MarkdownHtml, EndsOnTextMeantToHoldItUp) {
    for (char const* const piece : {"[", "<", "*a ", "`", "> ", "- ", "~~", "_a", "| a |\n"}) {
        std::string text;
        while (text.size() < 200'000) {
            text += piece;
        }
        EXPECT_FALSE(ado::markdown_to_html(text).empty());
    }
}

TEST(ArtifactUrl, KnowsWhatAPageShows) {
    using Kind = ado::ArtifactUrl::Kind;
    std::string const commit(40, 'a');
    std::string const base = "https://dev.azure.com/Contoso/";
    struct Row {
        std::string url;
        Kind kind;
        std::string project;
        std::string value;
    };
    for (Row const& row : std::vector<Row>{
             {base + "Web%20Shop/_git/engine/commit/" + commit, Kind::commit, "Web Shop", commit},
             {"https://contoso.visualstudio.com/DefaultCollection/Web/_git/engine/commit/" + commit,
              Kind::commit,
              "Web",
              commit},
             {base + "_git/engine/pullrequest/12?_a=files", Kind::pull_request, "engine", "12"},
             {base + "Web/_git/engine?version=GBfeature%2Fx", Kind::branch, "Web", "feature/x"},
             {base + "Web/_build/results?buildId=77&view=results", Kind::build, "Web", "77"},
             {base + "Web/_workitems/edit/9/", Kind::work_item, "Web", "9"}}) {
        SCOPED_TRACE(row.url);
        auto const artifact = ado::parse_artifact_url(row.url, contoso());
        ASSERT_TRUE(artifact);
        EXPECT_EQ(artifact->kind, row.kind);
        EXPECT_EQ(artifact->project, row.project);
        EXPECT_EQ(artifact->value, row.value);
    }
    for (std::string const& other :
         {std::string("https://example.com/contoso/Web/_git/engine/commit/") + commit,
          base + "Web/_git/engine?path=/a.cpp&version=GBmain",
          base + "Web/_git/engine/commit/abc",
          base + "Web/_wiki/wikis/w/1",
          base + "%zz",
          std::string("https://dev.azure.com/contosoo/_workitems/edit/1")}) {
        EXPECT_FALSE(ado::parse_artifact_url(other, contoso())) << other;
    }
}

TEST(ArtifactUrl, BecomesTheServicesOwnId) {
    using Kind = ado::ArtifactUrl::Kind;
    EXPECT_EQ(ado::artifact_id(ado::ArtifactUrl(Kind::commit, "p", "r", "abc"), "P", "R"),
              "vstfs:///Git/Commit/P%2FR%2Fabc");
    EXPECT_EQ(ado::artifact_id(ado::ArtifactUrl(Kind::pull_request, "p", "r", "12"), "P", "R"),
              "vstfs:///Git/PullRequestId/P%2FR%2F12");
    EXPECT_EQ(ado::artifact_id(ado::ArtifactUrl(Kind::branch, "p", "r", "a/b"), "P", "R"),
              "vstfs:///Git/Ref/P%2FR%2FGBa%2Fb");
    EXPECT_EQ(ado::artifact_id(ado::ArtifactUrl(Kind::build, "p", "", "7"), "", ""),
              "vstfs:///Build/Build/7");
}

TEST(Client, UpdatesAWorkItemOnce) {
    ClientTest test;
    test.respond_json(R"({"id":9,"rev":3,"fields":{"System.Title":"t"},"relations":[]})");
    std::string const project = "My Project";
    ado::WorkItemPatch patch;
    patch.set("System.State", "Active");
    patch.remove_relation(1);
    patch.clear("Custom.X");
    patch.test_revision(2);
    ado::WriteOptions const options;
    auto const item = test.loop.run(test.client.update_work_item(project, 9, patch, options, test.ctx));
    ASSERT_TRUE(item);
    EXPECT_EQ(item->rev, 3);
    auto const& request = test.http.requests().at(0);
    EXPECT_EQ(request.method, "PATCH");
    EXPECT_EQ(request.url,
              "https://dev.azure.com/contoso/My%20Project/_apis/wit/workItems/"
              "9?$expand=relations&api-version=7.1");
    EXPECT_EQ(request.headers.get("Content-Type"), "application/json-patch+json");
    EXPECT_EQ(request.body,
              R"([{"op":"test","path":"/rev","value":2},)"
              R"({"op":"add","path":"/fields/System.State","value":"Active"},)"
              R"({"op":"remove","path":"/relations/1"},{"op":"remove","path":"/fields/Custom.X"}])");
    EXPECT_FALSE(request.idempotent);
}

TEST(Client, CommentsOnce) {
    ClientTest test;
    test.respond_json(R"({"id":5001,"text":"hi","format":"markdown","createdDate":"2026-11-23T10:00:00Z",
        "createdBy":{"displayName":"Ada","id":"guid-1","uniqueName":"ada@example.com"}})");
    std::string const project = "P";
    std::string const text = "hi";
    auto const comment =
        test.loop.run(test.client.add_comment(project, 9, text, ado::TextFormat::markdown, test.ctx));
    ASSERT_TRUE(comment);
    EXPECT_EQ(comment->id, 5001);
    EXPECT_EQ(comment->author_id, "guid-1");
    EXPECT_EQ(comment->author_account, "ada@example.com");
    EXPECT_TRUE(comment->is_markdown);
    auto const& request = test.http.requests().at(0);
    EXPECT_EQ(request.url,
              "https://dev.azure.com/contoso/P/_apis/wit/workItems/9/"
              "comments?format=markdown&api-version=7.1-preview.4");
    EXPECT_EQ(request.body, R"({"text":"hi"})");
    EXPECT_FALSE(request.idempotent);
}

TEST(Client, FindsPeople) {
    ClientTest test;
    test.respond_json(R"({"count":2,"value":[
        {"id":"g1","providerDisplayName":"Alex Kim","isActive":true,
         "properties":{"SchemaClassName":{"$value":"User"},"Account":{"$value":"alex@example.com"}}},
        {"id":"g2","providerDisplayName":"[Web]\\Contributors","isContainer":true,"properties":{}}]})");
    std::string const text = "Alex Kim";
    auto const people = test.loop.run(test.client.find_identities(text, test.ctx));
    ASSERT_TRUE(people);
    ASSERT_EQ(people->size(), 1U);
    EXPECT_EQ(people->at(0).name, "Alex Kim");
    EXPECT_EQ(people->at(0).account, "alex@example.com");
    EXPECT_EQ(
        test.http.requests().at(0).url,
        "https://vssps.dev.azure.com/contoso/_apis/identities?searchFilter=General&filterValue=Alex%20Kim");
}

TEST(Client, ReadsTheWaysBetweenStates) {
    ClientTest test;
    test.respond_json(R"({"name":"Bug","states":[{"name":"New"},{"name":"Active"}],
        "transitions":{"":[{"to":"New"}],"New":[{"to":"Active"},{"to":"Closed"}],"Odd":[7]}})");
    std::string const project = "P";
    std::string const bug = "Bug";
    auto const type = test.loop.run(test.client.get_work_item_type(project, bug, test.ctx));
    ASSERT_TRUE(type);
    bool found = false;
    for (ado::StateTransition const& transition : type->transitions) {
        if (transition.from == "New") {
            found = true;
            EXPECT_EQ(transition.to, (std::vector<std::string>{"Active", "Closed"}));
        }
    }
    EXPECT_TRUE(found);
}

} // namespace
