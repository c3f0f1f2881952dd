#include "fixture.hpp"

#include "server/tools/excerpt.hpp"
#include "server/tools/knowledge_base.hpp"
#include "server/tools/page_answer.hpp"

#include <algorithm>
#include <deque>

namespace {

using namespace tools_test;
using server::IndexAnswer;
using server::IndexHit;
using server::IndexQuery;
using server::KnowledgeAnswer;
using server::WikiSource;

/// Sources of a test's choice and an index that answers what the test put there.
class FakeBase final : public server::KnowledgeBase {
public:
    std::vector<WikiSource> sources(std::string const& organization) const override {
        std::vector<WikiSource> fitting;
        std::copy_if(all.begin(), all.end(), std::back_inserter(fitting), [&](WikiSource const& source) {
            return organization.empty() || source.organization == organization;
        });
        return fitting;
    }
    core::Result<ado::SourceUrl> parse_url(std::string_view url) const override {
        return ado::parse_source_url(url, ado::OrganizationUrls());
    }
    void learn_root(std::string const& key, std::string path) override {
        for (WikiSource& source : all) {
            if (source.key == key) {
                source.root_path = path;
            }
        }
    }
    core::Task<core::Result<KnowledgeAnswer>> search(IndexQuery query, core::CallContext const&) override {
        queries.push_back(query);
        KnowledgeAnswer answer;
        answer.found.total = hits.size();
        for (std::size_t i = 0; i < std::min(hits.size(), query.top); ++i) {
            answer.found.hits.push_back(hits[i]);
        }
        co_return answer;
    }

    std::vector<WikiSource> all;
    std::vector<IndexHit> hits;
    std::vector<IndexQuery> queries;
};

WikiSource wiki(std::string name, std::string target, std::string project = "Web Shop") {
    WikiSource source("key of " + name);
    source.name = std::move(name);
    source.organization = "contoso";
    source.project = std::move(project);
    source.target = std::move(target);
    source.root_path = "/";
    return source;
}

WikiSource indexed(WikiSource source) {
    source.synced_at = core::SystemTime(std::chrono::seconds(1'795'392'000));
    source.mark.commit = kCommit;
    source.mark.mapped_path = "/";
    source.mark.root_path = source.root_path;
    return source;
}

IndexHit hit(WikiSource const& source, std::string path, std::string text) {
    IndexHit made;
    made.source = source.key;
    made.path = std::move(path);
    made.section.heading = "Rollback > Steps";
    made.section.anchor = "steps";
    made.section.first_line = 4;
    made.section.last_line = 9;
    made.section.text = std::move(text);
    return made;
}

Json page_json(std::string const& path, std::string const& content) {
    return Json{{"path", path}, {"id", 12}, {"gitItemPath", "/x.md"}, {"content", content}};
}

class SearchWikiTest : public testing::Test {
protected:
    FakeBase base;
    ToolTest tool{server::make_search_wiki_tool(base)};
};

class ReadWikiTest : public testing::Test {
protected:
    ReadWikiTest() { base.all.push_back(wiki("handbook", "Web.wiki")); }
    FakeBase base;
    ToolTest tool{server::make_read_wiki_page_tool(base)};
};

TEST_F(SearchWikiTest, WithoutASourceItSaysHowToAddOne) {
    core::Error const error = tool.error({{"query", "rollback"}});
    EXPECT_EQ(error.code(), "wiki_not_a_source");
    EXPECT_NE(error.fix().find("PUT /api/v2/repos/NAME"), std::string::npos);
    base.all.push_back(wiki("handbook", "Web.wiki"));
    core::Error const other = tool.error({{"query", "rollback"}, {"wiki", "Else.wiki"}});
    EXPECT_NE(other.message().find("handbook (Web.wiki)"), std::string::npos) << "those there are";
    EXPECT_TRUE(tool.http.requests().empty());
}

TEST_F(SearchWikiTest, ProjectsOutsideTheAllowListAreNotSearched) {
    base.all.push_back(indexed(wiki("handbook", "Secret.wiki", "Secret")));
    tool.policy.projects = {"Web Shop"};
    core::Error const error = tool.error({{"query", "rollback"}});
    EXPECT_EQ(error.code(), "wiki_not_a_source");
    EXPECT_EQ(error.message().find("Secret"), std::string::npos);
}

TEST_F(SearchWikiTest, IndexedSourcesAnswerWithSectionsLinesAndFreshness) {
    base.all.push_back(indexed(wiki("handbook", "Web.wiki")));
    base.hits.push_back(hit(base.all[0], "/Ops/How-to-build%2Dtest.md", "## Steps\nthe rollback\n"));
    Json const answer = tool.structured({{"query", "rollback"}});
    Json const& result = answer.at("results").at(0);
    EXPECT_EQ(result.at("path"), "/Ops/How to build-test") << "the page's path, not the file's";
    EXPECT_EQ(result.at("wiki"), "Web.wiki");
    EXPECT_EQ(result.at("heading"), "Rollback > Steps");
    EXPECT_EQ(result.at("start_line"), 4);
    EXPECT_EQ(result.at("url"),
              "https://dev.azure.com/contoso/Web%20Shop/_wiki/wikis/Web.wiki?pagePath=/Ops/"
              "How%20to%20build-test&anchor=steps");
    EXPECT_EQ(answer.at("sources").at(0).at("state"), "indexed");
    EXPECT_EQ(answer.at("sources").at(0).at("commit"), kCommit);
    EXPECT_EQ(answer.at("total"), 1);
    EXPECT_NE(tool.text.find("Web.wiki: as of 2026-11-23T00:00:00Z, commit 0123456."), std::string::npos)
        << tool.text;
    EXPECT_TRUE(tool.http.requests().empty()) << "no request at all";
}

TEST_F(SearchWikiTest, WikisWithoutAnIndexAreSearchedLiveInOneRequest) {
    base.all.push_back(wiki("handbook", "Web.wiki"));
    base.all.push_back(wiki("ops", "Ops.wiki", "Operations"));
    tool.respond(Json::parse(R"({"count":2,"infoCode":0,"results":[
        {"path":"/Roll-back.md","project":{"name":"Web Shop"},"wiki":{"name":"Web.wiki","mappedPath":"/"},
         "hits":[{"fieldReferenceName":"content","highlights":["the <highlighthit>rollback</highlighthit> &amp; more"]}]},
        {"path":"/Other.md","project":{"name":"Else"},"wiki":{"name":"Else.wiki","mappedPath":"/"},"hits":[]}]})"));
    Json const answer = tool.structured({{"query", "rollback"}});
    ASSERT_EQ(answer.at("results").size(), 1U) << "only within sources";
    EXPECT_EQ(answer.at("results").at(0).at("path"), "/Roll back");
    EXPECT_EQ(answer.at("results").at(0).at("snippet"), "the rollback & more");
    EXPECT_EQ(answer.at("sources").at(0).at("state"), "live");
    ASSERT_EQ(tool.http.requests().size(), 1U);
    EXPECT_EQ(tool.http.requests()[0].url,
              "https://almsearch.dev.azure.com/contoso/_apis/search/wikisearchresults?api-version=7.1");
    Json const body = Json::parse(tool.http.requests()[0].body);
    EXPECT_EQ(body.at("filters"),
              Json::parse(R"({"Project":["Operations","Web Shop"],"Wiki":["Ops.wiki","Web.wiki"]})"));
}

TEST_F(SearchWikiTest, ABudgetHoldsAndItsCursorGoesOnWithoutLossOrRepetition) {
    base.all.push_back(indexed(wiki("handbook", "Web.wiki")));
    for (int i = 0; i < 30; ++i) {
        std::string const text = "the rollback " + std::string(static_cast<std::size_t>(i * 9), '"') + "\n";
        base.hits.push_back(hit(base.all[0], "/P" + std::to_string(i) + ".md", text));
    }
    for (std::size_t const budget : {1024U, 1500U, 4096U}) {
        std::vector<std::string> seen;
        Json args{{"query", "rollback"}, {"max_bytes", budget}, {"top", 7}};
        for (int page = 0; page < 60; ++page) {
            Json const answer = tool.structured(args);
            EXPECT_LE(tool.text.size(), budget);
            EXPECT_LE(core::dump_json(answer).size(), budget);
            for (Json const& result : answer.at("results")) {
                seen.push_back(result.at("path"));
            }
            if (!answer.contains("cursor")) {
                break;
            }
            args["cursor"] = answer.at("cursor");
        }
        ASSERT_EQ(seen.size(), 30U) << budget;
        for (std::size_t i = 0; i < seen.size(); ++i) {
            EXPECT_EQ(seen[i], "/P" + std::to_string(i));
        }
    }
}

TEST_F(SearchWikiTest, TheOnlyOrganizationWithSourcesIsMeant) {
    base.all.push_back(wiki("handbook", "Web.wiki"));
    EXPECT_EQ(tool.tool->implied_organization({{"query", "x"}}), "contoso");
    base.all.push_back(wiki("other", "Other.wiki"));
    base.all.back().organization = "fabrikam";
    EXPECT_EQ(tool.tool->implied_organization({{"query", "x"}}), std::nullopt);
    EXPECT_EQ(tool.tool->implied_organization({{"query", "x"}, {"wiki", "other"}}), "fabrikam");
}

TEST_F(ReadWikiTest, APageIsReadWithOneRequest) {
    tool.respond(page_json("/Ops/Roll back", "# Title\nbody\n"));
    Json const answer = tool.structured({{"wiki", "web.WIKI"}, {"path", "Ops/Roll back/"}});
    EXPECT_EQ(answer.at("text"), "# Title\nbody\n");
    EXPECT_EQ(answer.at("path"), "/Ops/Roll back");
    EXPECT_EQ(answer.at("total_lines"), 2);
    EXPECT_EQ(answer.at("wiki"), "Web.wiki");
    ASSERT_EQ(tool.http.requests().size(), 1U);
    EXPECT_NE(tool.http.requests()[0].url.find("pages?path=%2FOps%2FRoll%20back"), std::string::npos);
}

TEST_F(ReadWikiTest, ThePathOfAPagesFileIsTakenForThePage) {
    tool.respond(page_json("/How to build-test", "x\n"));
    EXPECT_EQ(tool.structured({{"wiki", "handbook"}, {"path", "/How-to-build%2Dtest.md"}}).at("path"),
              "/How to build-test");
    EXPECT_NE(tool.http.requests()[0].url.find("path=%2FHow%20to%20build-test&"), std::string::npos);
}

TEST_F(ReadWikiTest, PastedAddressesNameThePageByPathOrId) {
    tool.respond(page_json("/A/B", "x\n"));
    std::string const base_url = "https://dev.azure.com/contoso/Web%20Shop/_wiki/wikis/Web.wiki";
    EXPECT_EQ(tool.structured({{"url", base_url + "/12/B"}}).at("path"), "/A/B");
    EXPECT_NE(tool.http.requests()[0].url.find("/pages/12?includeContent=true"), std::string::npos);
    tool.respond(page_json("/A/B", "x\n"));
    EXPECT_EQ(tool.structured({{"url", base_url + "?pagePath=%2FA%2FB&anchor=steps"}}).at("path"), "/A/B");
    EXPECT_EQ(tool.error({{"url", "https://dev.azure.com/contoso/Else/_wiki/wikis/Web.wiki/12"}}).code(),
              "wiki_not_a_source");
    EXPECT_EQ(tool.error({{"path", "/A"}, {"url", base_url}}).kind(), core::ErrorKind::invalid_argument);
    EXPECT_EQ(tool.tool->implied_organization({{"url", base_url}}), "contoso");
}

TEST_F(ReadWikiTest, ASourceOfAPageIdIsThatPageAndWhatIsBelowIt) {
    base.all[0].page_id = 7;
    base.all[0].root_path.clear();
    tool.respond(Json{{"path", "/Runbooks"}, {"id", 7}});
    tool.respond(page_json("/Runbooks/One", "x\n"));
    EXPECT_EQ(tool.structured({{"wiki", "handbook"}, {"path", "/Runbooks/One"}}).at("path"), "/Runbooks/One");
    EXPECT_EQ(base.all[0].root_path, "/Runbooks") << "asked for once";
    tool.respond(page_json("/Secret", "x\n"));
    core::Error const error = tool.error({{"wiki", "handbook"}, {"path", "/Secret"}});
    EXPECT_EQ(error.code(), "page_not_in_source");
    EXPECT_EQ(tool.http.requests().size(), 3U);
}

TEST_F(ReadWikiTest, ARepositoryOfDocumentsIsReadByItsFiles) {
    base.all[0].is_wiki = false;
    base.all[0].target = "docs";
    tool.respond(file_answer("/run/a.md", "text\n"));
    Json const answer = tool.structured({{"wiki", "docs"}, {"path", "/run/a.md"}});
    EXPECT_EQ(answer.at("text"), "text\n");
    tool.respond(file_answer("/run/a.md", "text\n"));
    EXPECT_EQ(
        tool.structured(
                {{"url", "https://dev.azure.com/contoso/Web%20Shop/_git/docs?path=/run/a.md&version=GBmain"}})
            .at("path"),
        "/run/a.md");
}

TEST_F(ReadWikiTest, ABudgetHoldsToTheByteAndItsCursorGoesOnWithinLinesToo) {
    std::string text;
    for (int i = 0; i < 60; ++i) {
        text += "line " + std::to_string(i) + " \"quoted\" \xC3\xBC" +
                (i % 7 == 3 ? std::string(900, 'y') : "") + "\n";
    }
    text += "a paragraph " + std::string(5000, '\\') + " in one line";
    tool.http.handle([&text](test::RecordedRequest const&) {
        return test::make_response(
            200, page_json("/A", text).dump(), {{"Content-Type", "application/json; charset=utf-8"}});
    });
    for (std::size_t const budget : {1024U, 1300U, 2048U, 5000U}) {
        std::string joined;
        Json args{{"wiki", "handbook"}, {"path", "/A"}, {"max_bytes", budget}};
        for (int part = 0; part < 200; ++part) {
            Json const answer = tool.structured(args);
            EXPECT_LE(tool.text.size(), budget);
            EXPECT_LE(core::dump_json(answer).size(), budget);
            joined += answer.at("text").get<std::string>();
            if (!answer.contains("cursor")) {
                break;
            }
            args["cursor"] = answer.at("cursor");
        }
        EXPECT_EQ(joined, text) << budget;
    }
}

TEST_F(ReadWikiTest, ARangeOfLinesAndAPageThatChangedBetweenTwoParts) {
    tool.respond(page_json("/A", "1\n2\n3\n4\n"));
    Json answer = tool.structured({{"wiki", "handbook"}, {"path", "/A"}, {"start_line", 2}, {"end_line", 3}});
    EXPECT_EQ(answer.at("text"), "2\n3\n");
    EXPECT_EQ(answer.at("start_line"), 2);
    EXPECT_EQ(answer.at("end_line"), 3);
    tool.respond(page_json("/A", "1\n"));
    answer = tool.structured({{"wiki", "handbook"}, {"path", "/A"}, {"start_line", 9}});
    EXPECT_TRUE(mentions(notes_of(answer), "only 1 lines"));
    std::string const old_text(4000, 'x');
    tool.respond(page_json("/A", old_text));
    Json args{{"wiki", "handbook"}, {"path", "/A"}, {"max_bytes", 1024}};
    answer = tool.structured(args);
    args["cursor"] = answer.at("cursor");
    tool.respond(page_json("/A", "short\n"));
    answer = tool.structured(args);
    EXPECT_EQ(answer.at("text"), "short\n");
    EXPECT_TRUE(mentions(notes_of(answer), "was changed"));
}

TEST(WikiExcerpt, TheRunOfLinesWithTheMostWords) {
    std::string const text = "intro\n\nqueue one\nnothing\nnothing\nqueue and rollback\nnext\n";
    server::Excerpt const excerpt = server::best_excerpt(text, {"queue", "rollback"}, 30);
    EXPECT_EQ(excerpt.text.substr(0, excerpt.text.find('\n')), "nothing");
    EXPECT_NE(excerpt.text.find("queue and rollback"), std::string::npos);
    server::Excerpt const cut =
        server::best_excerpt(std::string(500, 'a') + " rollback here", {"rollback"}, 60);
    EXPECT_NE(cut.text.find("rollback"), std::string::npos);
    EXPECT_LE(cut.text.size(), 70U);
    EXPECT_EQ(server::best_excerpt("", {"x"}, 60).text, "");
}

} // namespace
