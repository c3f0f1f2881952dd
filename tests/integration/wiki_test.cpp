#include "integration/support/client_stack.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>
#include <vector>

namespace {

using namespace test; // NOLINT: the harness is what these tests are written in

/// The real daemon before the real simulator, with a PAT of contoso.
class WikiTest : public testing::Test {
protected:
    WikiTest() {
        stack.start();
        stack.attach_pat();
    }

    std::string wiki_url(std::string const& more = {}) const {
        return stack.simulator.url() + "/contoso/Game%20Engine/_wiki/wikis/Game%20Engine.wiki" + more;
    }
    ToolAnswer call(std::string const& tool, Json arguments) {
        arguments["organization"] = "contoso";
        return stack.call(tool, arguments);
    }
    Json rest(std::string const& method, std::string const& path, Json const& body = nullptr) {
        auto const answer = stack.client().rest_json(method, "/api/v2/repos" + path, body);
        EXPECT_TRUE(answer) << core::describe(answer.error());
        return answer ? Json::parse(answer->body) : Json::object();
    }
    Json index_of(std::string const& name) { return rest("GET", "/" + name).value("index", Json::object()); }
    void add(std::string const& name, std::string const& url) {
        Json const made = rest("PUT", "/" + name, {{"url", url}});
        ASSERT_TRUE(made.contains("etag")) << made;
    }
    /// Adds a source and waits for its index.
    Json add_synced(std::string const& name, std::string const& url) {
        add(name, url);
        return wait_synced(name);
    }
    Json wait_synced(std::string const& name, std::string const& commit = {}) {
        Json index;
        EXPECT_TRUE(eventually([&] {
            index = index_of(name);
            return index.value("state", "") == "synced" &&
                   (commit.empty() || index.value("commit", "") == commit);
        })) << index
            << stack.daemon.log();
        return index;
    }
    std::string push(Json change) {
        change["organization"] = "contoso";
        if (!change.contains("repository")) {
            change["project"] = "Game Engine";
            change["repository"] = "Game Engine.wiki";
        }
        return stack.simulator.admin("push", change).at("commit");
    }
    Json sync(std::string const& name, std::string const& commit) {
        EXPECT_EQ(stack.client().rest_json("POST", "/api/v2/repos/" + name + "/sync", Json::object())->status,
                  202);
        return wait_synced(name, commit);
    }
    std::vector<std::string> found(std::string const& query, Json more = Json::object()) {
        more["query"] = query;
        ToolAnswer const answer = call("search_wiki", more);
        EXPECT_TRUE(answer.ok()) << answer.describe();
        std::vector<std::string> paths;
        Json const results = answer.structured().value("results", Json::array());
        for (Json const& result : results) {
            paths.push_back(result.at("path"));
        }
        return paths;
    }
    void forget_counts() { stack.simulator.admin("reset?what=counts"); }
    std::int64_t count(std::string const& route) { return stack.simulator.requests(route); }

    ClientStack stack;
};

using Paths = std::vector<std::string>;

TEST_F(WikiTest, WikiToolsAnswerOnlyWithinKnowledgeSources) {
    forget_counts();
    for (auto const& [tool, arguments] :
         {std::pair("search_wiki", Json{{"query", "pager"}}),
          std::pair("read_wiki_page", Json{{"wiki", "Game Engine.wiki"}, {"path", "/Home"}})}) {
        ToolAnswer const answer = call(tool, arguments);
        ASSERT_TRUE(answer.failed()) << answer.describe();
        EXPECT_NE(answer.text().find("knowledge source"), std::string::npos) << answer.text();
        EXPECT_NE(answer.text().find("PUT /api/v2/repos/"), std::string::npos) << answer.text();
    }
    EXPECT_EQ(count("wikipage") + count("wikisearchresults"), 0);
}

TEST_F(WikiTest, ASearchLeadsToAPageInOneStepAndNeedsNoRequest) {
    Json const index = add_synced("handbook", wiki_url());
    EXPECT_EQ(index.at("branch"), "wikiMaster");
    EXPECT_EQ(index.at("files"), 6) << "pages; .order is none";
    forget_counts();
    ToolAnswer const answer = call("search_wiki", {{"query", "wiki_needle build"}});
    ASSERT_TRUE(answer.ok()) << answer.describe();
    EXPECT_EQ(stack.simulator.admin("counts").at("total"), 0) << "answered from the index";
    Json const results = answer.structured().at("results");
    ASSERT_GE(results.size(), 1U) << answer.describe();
    EXPECT_EQ(results[0].at("path"), "/How to build-test") << answer.describe();
    EXPECT_EQ(answer.structured().at("sources")[0].at("commit"), index.at("commit"));
    ToolAnswer const page =
        call("read_wiki_page", {{"wiki", results[0].at("wiki")}, {"path", results[0].at("path")}});
    ASSERT_TRUE(page.ok()) << page.describe();
    EXPECT_NE(page.structured().at("text").get<std::string>().find("./build.sh all"), std::string::npos);
    EXPECT_EQ(count("wikipage"), 1) << "one request a read";
    ToolAnswer const linked = call("read_wiki_page", {{"url", results[0].at("url")}});
    EXPECT_EQ(linked.structured(), page.structured()) << linked.describe();
    EXPECT_EQ(found("gr\xC3\xB6\xC3\x9F"
                    "e umlauts"),
              (Paths{"/Gr\xC3\xB6\xC3\x9F"
                     "e"}));
    EXPECT_EQ(found("post-mortem"), (Paths{"/On call/What next?"}));
    ToolAnswer const what =
        call("read_wiki_page", {{"wiki", "handbook"}, {"path", "/On-call/What-next%3F.md"}});
    EXPECT_EQ(what.structured().value("path", ""), "/On call/What next?") << what.describe();
}

TEST_F(WikiTest, BeforeThereIsAnIndexTheServiceIsAsked) {
    stack.simulator.fault(
        {{"match", {{"route", "refs"}}}, {"action", "status"}, {"status", 403}, {"times", 0}});
    add("handbook", wiki_url());
    Json index;
    ASSERT_TRUE(eventually([&] {
        index = index_of("handbook");
        return index.value("state", "") == "failed";
    })) << index;
    EXPECT_FALSE(index.value("reason", "").empty()) << index;
    forget_counts();
    ToolAnswer const answer = call("search_wiki", {{"query", "wiki_needle"}});
    ASSERT_TRUE(answer.ok()) << answer.describe();
    EXPECT_EQ(answer.structured().at("results").size(), 2U) << answer.describe();
    EXPECT_EQ(answer.structured().at("sources")[0].at("state"), "live");
    EXPECT_EQ(count("wikisearchresults"), 1);
    Json const results = answer.structured().at("results");
    for (Json const& result : results) {
        ToolAnswer const page =
            call("read_wiki_page", {{"wiki", result.at("wiki")}, {"path", result.at("path")}});
        EXPECT_TRUE(page.ok()) << page.describe();
        EXPECT_NE(page.text().find("wiki_needle"), std::string::npos);
    }
    ToolAnswer const listed = stack.call("list_organizations", Json::object());
    EXPECT_NE(listed.text().find("handbook (failed"), std::string::npos) << listed.text();
    stack.simulator.admin("faults/clear");
    EXPECT_EQ(stack.client().rest_json("POST", "/api/v2/repos/handbook/sync", Json::object())->status, 202);
    wait_synced("handbook");
    EXPECT_EQ(found("wiki_needle").size(), 2U);
}

TEST_F(WikiTest, ASyncTouchesOnlyWhatChanged) {
    add_synced("handbook", wiki_url());
    forget_counts();
    std::string commit =
        push({{"path", "/On-call.md"}, {"content", "# On-call\n\nThe telescope is aligned.\n"}});
    sync("handbook", commit);
    EXPECT_EQ(count("wiki"), 1);
    EXPECT_EQ(count("refs"), 1);
    EXPECT_EQ(count("diffs"), 1);
    EXPECT_EQ(count("blobs") + count("blobszip"), 1) << "one file";
    EXPECT_EQ(count("trees") + count("items"), 0) << "nothing is listed";
    EXPECT_EQ(found("telescope"), (Paths{"/On call"}));
    EXPECT_EQ(found("\"pager rota\""), Paths()) << "what was there before is gone";

    forget_counts();
    commit = push({{"path", "/On-call.md"}, {"delete", true}});
    sync("handbook", commit);
    EXPECT_EQ(count("blobs") + count("blobszip") + count("trees"), 0);
    EXPECT_EQ(found("telescope"), Paths());

    forget_counts();
    sync("handbook", commit);
    EXPECT_TRUE(eventually([this] { return count("refs") >= 1; }));
    EXPECT_EQ(count("diffs") + count("blobs") + count("blobszip") + count("trees"), 0) << "nothing changed";
}

TEST_F(WikiTest, AForcePushIsComparedByObjects) {
    add_synced("handbook", wiki_url());
    forget_counts();
    std::string const commit =
        push({{"path", "/Home.md"}, {"content", "# Home\n\nAstrolabe.\n"}, {"force", true}});
    sync("handbook", commit);
    EXPECT_EQ(count("trees"), 1) << "everything is listed";
    EXPECT_EQ(count("blobs") + count("blobszip"), 1) << "and only what differs is fetched";
    EXPECT_EQ(found("astrolabe"), (Paths{"/Home"}));
    EXPECT_EQ(found("wiki_needle").size(), 2U);
}

TEST_F(WikiTest, APageIdInTheAddressMeansThatSubtree) {
    ToolAnswer const whole = call("read_wiki_page", {{"wiki", "x"}, {"path", "/"}});
    ASSERT_TRUE(whole.failed());
    add_synced("all-of-it", wiki_url());
    std::string id;
    for (int candidate = 1; candidate < 20 && id.empty(); ++candidate) {
        ToolAnswer const page = call("read_wiki_page", {{"url", wiki_url("/" + std::to_string(candidate))}});
        if (page.ok() && page.structured().at("path") == "/On call") {
            id = std::to_string(candidate);
        }
    }
    ASSERT_FALSE(id.empty());
    rest("DELETE", "/all-of-it");
    Json const index = add_synced("on-call", wiki_url("/" + id + "/On-call"));
    EXPECT_EQ(index.at("files"), 3);
    EXPECT_EQ(found("wiki_needle"), (Paths{"/On call/Runbooks"}));
    EXPECT_TRUE(call("read_wiki_page", {{"wiki", "on-call"}, {"path", "/On call"}}).ok());
    ToolAnswer const outside = call("read_wiki_page", {{"wiki", "on-call"}, {"path", "/Home"}});
    ASSERT_TRUE(outside.failed()) << outside.describe();
    EXPECT_NE(outside.text().find("outside"), std::string::npos) << outside.text();
}

TEST_F(WikiTest, ARepositoryThatIsASourceIsFoundAndRead) {
    Json const index = add_synced("docs", stack.simulator.url() + "/contoso/Game%20Engine/_git/engine");
    EXPECT_GT(index.at("files").get<int>(), 0);
    push({{"repository", "engine"},
          {"project", "Game Engine"},
          {"path", "/docs/sextant.md"},
          {"content", "# Sextant\n\n## Use\n\nPoint it at the horizon.\n"}});
    stack.client().rest_json("POST", "/api/v2/repos/docs/sync", Json::object());
    ASSERT_TRUE(eventually([this] { return !found("horizon").empty(); }));
    ToolAnswer const answer = call("search_wiki", {{"query", "sextant horizon"}});
    Json const result = answer.structured().at("results").at(0);
    EXPECT_EQ(result.at("path"), "/docs/sextant.md");
    EXPECT_EQ(result.at("heading"), "Sextant > Use");
    ToolAnswer const page = call("read_wiki_page",
                                 {{"wiki", result.at("wiki")},
                                  {"path", result.at("path")},
                                  {"start_line", result.at("start_line")},
                                  {"end_line", result.at("end_line")}});
    EXPECT_NE(page.structured().value("text", "").find("horizon"), std::string::npos) << page.describe();
    EXPECT_TRUE(call("read_wiki_page", {{"url", result.at("url")}}).ok());
}

TEST_F(WikiTest, ManyPagesComeInFewRequestsAndTheIndexOutlivesTheProcess) {
    constexpr int kPages = 2000;
    stack.simulator.admin("wiki?pages=" + std::to_string(kPages));
    forget_counts();
    auto const began = std::chrono::steady_clock::now();
    Json const index = add_synced("handbook", wiki_url());
    auto const took = std::chrono::steady_clock::now() - began;
    std::cout << kPages << " pages in " << std::chrono::duration_cast<std::chrono::milliseconds>(took).count()
              << " ms\n";
    EXPECT_EQ(index.at("files"), kPages + kPages / 100 + 7);
    EXPECT_LE(count("blobszip"), kPages / 200 + 3) << "many files a request";
    EXPECT_EQ(count("blobs"), 0);
    EXPECT_EQ(count("trees"), 1);
    EXPECT_LE(stack.simulator.admin("counts").at("peak_in_flight").get<int>(), 16);
    EXPECT_EQ(found("needle01234"), (Paths{"/Runbooks/Area 012/Service 01234 certificate"}));

    forget_counts();
    stack.daemon.restart();
    McpClient again(stack.daemon);
    ToolAnswer const answer =
        again.call("search_wiki", {{"organization", "contoso"}, {"query", "needle00042"}});
    EXPECT_EQ(answer.structured().at("results").size(), 1U) << answer.describe();
    EXPECT_EQ(count("blobszip") + count("trees") + count("wikisearchresults"), 0);
}

TEST_F(WikiTest, ASyncThatWasCutOffGoesOnWithWhatIsMissing) {
    stack.simulator.admin("wiki?pages=1000");
    stack.simulator.fault({{"match", {{"route", "blobszip"}}},
                           {"action", "status"},
                           {"status", 403},
                           {"after", 3},
                           {"times", 0}});
    forget_counts();
    add("handbook", wiki_url());
    ASSERT_TRUE(eventually([this] { return index_of("handbook").value("state", "") == "failed"; }));
    std::int64_t const first = count("blobszip");
    stack.simulator.admin("faults/clear");
    forget_counts();
    stack.client().rest_json("POST", "/api/v2/repos/handbook/sync", Json::object());
    wait_synced("handbook");
    EXPECT_LE(count("blobszip"), 6 - 3) << "first " << first;
    EXPECT_EQ(found("needle00999").size(), 1U);
}

TEST_F(WikiTest, ASourceThatIsRemovedIsNotFoundAnyMore) {
    add_synced("handbook", wiki_url());
    EXPECT_EQ(found("wiki_needle").size(), 2U);
    rest("DELETE", "/handbook");
    EXPECT_TRUE(call("search_wiki", {{"query", "wiki_needle"}}).failed());
    EXPECT_EQ(rest("GET", "/handbook").at("code"), "source_not_found");
}

} // namespace
