#include "server/router/knowledge_rerank.hpp"

#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"
#include "support/scripted_http_client.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <vector>

namespace {

using core::Json;
using server::IndexHit;

/// A provider whose embedding of a text is how often it says `fire` and `water`.
core::Result<core::HttpResponse> embed(test::RecordedRequest const& request) {
    Json const body = Json::parse(request.body);
    Json data = Json::array();
    for (Json const& text : body.at("input")) {
        auto const count = [&text](std::string_view word) {
            std::string const& all = text.get_ref<std::string const&>();
            double found = 0;
            for (std::size_t at = all.find(word); at != std::string::npos; at = all.find(word, at + 1)) {
                ++found;
            }
            return found;
        };
        // Not in order: the index says which one it is.
        data.insert(
            data.begin(),
            Json{{"index", data.size()}, {"embedding", Json::array({count("fire"), count("water")})}});
    }
    return test::make_response(200, Json{{"data", data}}.dump(), {{"Content-Type", "application/json"}});
}

class KnowledgeRerankTest : public testing::Test {
protected:
    KnowledgeRerankTest() {
        embeddings.url = "https://models.example/v1";
        embeddings.model = "small";
        embeddings.api_key = core::Secret("the-key");
        auto opened = server::open_knowledge_index(clock, (directory.path() / "knowledge.db").string());
        EXPECT_TRUE(opened);
        index = std::move(*opened);
        ranker = server::make_embedding_ranker(embeddings, limits, http, *index, clock, pool);
        for (char const* const text : {"water water", "fire water", "fire fire"}) {
            IndexHit hit;
            hit.path = text;
            hit.section.text = text;
            hit.score = 1;
            hits.push_back(hit);
        }
    }
    std::string rank(std::string query) { return loop.run(ranker->rank(std::move(query), hits, ctx)); }
    std::vector<std::string> order() const {
        std::vector<std::string> paths;
        for (IndexHit const& hit : hits) {
            paths.push_back(hit.path);
        }
        return paths;
    }

    test::TempDir directory;
    test::ManualClock clock;
    test::Loop loop;
    core::BlockingPool pool{1};
    server::EmbeddingsConfig embeddings;
    server::Limits limits;
    test::ScriptedHttpClient http;
    std::unique_ptr<server::KnowledgeIndex> index;
    std::unique_ptr<server::HitRanker> ranker;
    std::vector<IndexHit> hits;
    core::CallContext ctx{"request-1", core::Deadline::in(clock, std::chrono::seconds(60))};
};

TEST_F(KnowledgeRerankTest, HitsAreOrderedByTheirLikenessToTheQuery) {
    http.handle(&embed);
    EXPECT_EQ(rank("fire"), "");
    EXPECT_EQ(order(), (std::vector<std::string>{"fire fire", "fire water", "water water"}));
    ASSERT_EQ(http.requests().size(), 1U) << "query and sections in one request";
    EXPECT_EQ(http.requests()[0].url, "https://models.example/v1/embeddings");
    EXPECT_EQ(http.requests()[0].credential, "the-key");
    Json const body = Json::parse(http.requests()[0].body);
    EXPECT_EQ(body.at("model"), "small");
    EXPECT_EQ(body.at("input").size(), 4U);
}

TEST_F(KnowledgeRerankTest, VectorsOfSectionsAreRemembered) {
    http.handle(&embed);
    EXPECT_EQ(rank("fire"), "");
    EXPECT_EQ(rank("water"), "");
    EXPECT_EQ(order().front(), "water water");
    ASSERT_EQ(http.requests().size(), 2U);
    EXPECT_EQ(Json::parse(http.requests()[1].body).at("input").size(), 1U) << "only the query's is new";
}

TEST_F(KnowledgeRerankTest, OnlyTheBestHitsAreLookedAt) {
    limits.knowledge_rerank_hits = 2;
    http.handle(&embed);
    EXPECT_EQ(rank("fire"), "");
    EXPECT_EQ(order(), (std::vector<std::string>{"fire water", "water water", "fire fire"}));
}

TEST_F(KnowledgeRerankTest, WhereTheProviderFailsTheOrderStaysAndANoteSaysSo) {
    std::vector<std::string> const before = order();
    for (auto const& [status, body] : {std::pair(500, "{}"),
                                       std::pair(200, "no json"),
                                       std::pair(200, "{\"data\": []}"),
                                       std::pair(200, "{\"data\": [1, 2, 3, 4]}")}) {
        http.respond(status, body);
        EXPECT_NE(rank("fire").find("Ranked by words alone"), std::string::npos) << body;
        EXPECT_EQ(order(), before);
    }
    http.fail(core::Error(core::ErrorKind::timeout, "too slow"));
    EXPECT_NE(rank("fire").find("too slow"), std::string::npos);
    EXPECT_EQ(order(), before);
    EXPECT_LE(http.requests().back().deadline.remaining(clock.now()), limits.knowledge_rerank_ms);
}

} // namespace
