#include "server/router/knowledge_rerank.hpp"

#include "core/crypto/digest.hpp"
#include "core/json.hpp"
#include "core/log.hpp"
#include "core/text/utf8.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <utility>

namespace server {
namespace {

using core::Error;
using core::ErrorKind;

/// Models read no more of a text than about this.
constexpr std::size_t kMostText = 2000;
constexpr std::size_t kMostAnswer = 4U * 1024 * 1024;
constexpr std::size_t kMostNumbers = 16'384;
/// How much BM25 says beside the likeness, which goes from -1 to 1.
constexpr double kWordsWeight = 0.1;

using Vector = std::vector<float>;

std::string text_of(IndexHit const& hit) {
    std::string const text = hit.title + "\n" + hit.section.heading + "\n" + hit.section.text;
    return std::string(core::utf8_prefix(text, kMostText));
}

double likeness(Vector const& a, Vector const& b) {
    if (a.size() != b.size() || a.empty()) {
        return 0;
    }
    double dot = 0;
    double length_a = 0;
    double length_b = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        double const x = static_cast<double>(a[i]);
        double const y = static_cast<double>(b[i]);
        dot += x * y;
        length_a += x * x;
        length_b += y * y;
    }
    double const length = std::sqrt(length_a) * std::sqrt(length_b);
    return length > 0 ? dot / length : 0;
}

core::Result<std::vector<Vector>> read_vectors(std::string_view body, std::size_t count) {
    core::JsonLimits limits;
    limits.max_bytes = kMostAnswer;
    ADOMCPD_TRY(core::Json const json, core::parse_json(body, limits));
    core::Json const* const data = core::find_array(json, "data");
    if (data == nullptr || data->size() != count) {
        return core::fail(ErrorKind::upstream, "its answer has not as many embeddings as were asked for");
    }
    std::vector<Vector> vectors(count);
    for (std::size_t i = 0; i < count; ++i) {
        core::Json const& entry = (*data)[i];
        auto const index = static_cast<std::size_t>(
            std::max<std::int64_t>(core::find_int(entry, "index").value_or(static_cast<std::int64_t>(i)), 0));
        core::Json const* const numbers = core::find_array(entry, "embedding");
        if (index >= count || numbers == nullptr || numbers->empty() || numbers->size() > kMostNumbers) {
            return core::fail(ErrorKind::upstream, "its answer has an embedding that cannot be read");
        }
        for (core::Json const& number : *numbers) {
            vectors[index].push_back(number.is_number() ? number.get<float>() : 0.0F);
        }
    }
    return vectors;
}

class EmbeddingRanker final : public HitRanker {
public:
    EmbeddingRanker(EmbeddingsConfig const& embeddings,
                    Limits const& limits,
                    core::HttpClient& http,
                    KnowledgeIndex& index,
                    core::Clock& clock,
                    core::BlockingPool& pool)
        : embeddings_(embeddings), limits_(limits), http_(http), index_(index), clock_(clock), pool_(pool) {}

    core::Task<std::string>
    rank(std::string query, std::vector<IndexHit>& hits, core::CallContext const& ctx) override {
        std::size_t const count = std::min(hits.size(), limits_.knowledge_rerank_hits);
        if (count < 2) {
            co_return std::string();
        }
        core::CallContext const bounded =
            ctx.shortened(core::Deadline::in(clock_, limits_.knowledge_rerank_ms));
        core::Result<std::vector<double>> const scores =
            co_await score(std::move(query), std::span<IndexHit const>(hits.data(), count), bounded);
        if (!scores) {
            core::log::warn("knowledge.rerank_failed",
                            {{"reason", core::describe(scores.error())}, {"request_id", ctx.request_id}});
            co_return "Ranked by words alone: the embedding provider failed (" + scores.error().message() +
                ").";
        }
        std::vector<std::size_t> order(count);
        for (std::size_t i = 0; i < count; ++i) {
            order[i] = i;
        }
        std::stable_sort(order.begin(), order.end(), [&scores](std::size_t a, std::size_t b) {
            return (*scores)[a] > (*scores)[b];
        });
        std::vector<IndexHit> ranked;
        for (std::size_t const place : order) {
            ranked.push_back(std::move(hits[place]));
        }
        std::move(ranked.begin(), ranked.end(), hits.begin());
        co_return std::string();
    }

private:
    core::Task<core::Result<std::vector<double>>>
    score(std::string query, std::span<IndexHit const> hits, core::CallContext const& ctx) {
        std::vector<std::string> digests;
        for (IndexHit const& hit : hits) {
            digests.push_back(core::hex_encode(core::sha256(text_of(hit))));
        }
        std::map<std::string, Vector> known;
        CO_TRY(known, co_await index_.vectors(embeddings_.model, digests));
        std::vector<std::string> texts;
        std::vector<std::string> asked;
        texts.push_back(std::move(query));
        for (std::size_t i = 0; i < hits.size(); ++i) {
            bool const fresh = !known.contains(digests[i]) &&
                               std::find(asked.begin(), asked.end(), digests[i]) == asked.end();
            if (fresh) {
                texts.push_back(text_of(hits[i]));
                asked.push_back(digests[i]);
            }
        }
        CO_TRY(std::vector<Vector> vectors, co_await embed(std::move(texts), ctx));
        std::map<std::string, Vector> learned;
        for (std::size_t i = 0; i < asked.size(); ++i) {
            known.insert_or_assign(asked[i], vectors[i + 1]);
            learned.emplace(asked[i], std::move(vectors[i + 1]));
        }
        if (!learned.empty()) {
            auto const saved = co_await index_.save_vectors(embeddings_.model, std::move(learned));
            if (!saved) {
                core::log::warn("knowledge.index_failed", {{"reason", core::describe(saved.error())}});
            }
        }
        double const best = std::max(hits.front().score, 1e-9);
        std::vector<double> scores;
        for (std::size_t i = 0; i < hits.size(); ++i) {
            scores.push_back(likeness(vectors.front(), known.at(digests[i])) +
                             kWordsWeight * hits[i].score / best);
        }
        co_return scores;
    }

    core::Task<core::Result<std::vector<Vector>>> embed(std::vector<std::string> texts,
                                                        core::CallContext const& ctx) {
        std::optional<core::Url> const url = core::Url::parse(embeddings_.url + "/embeddings");
        if (!url) {
            co_return core::fail(ErrorKind::invalid_argument, "knowledge.embeddings.url is no URL");
        }
        core::HttpRequest request("POST", *url);
        request.headers.add("Content-Type", "application/json");
        request.headers.add("Accept", "application/json");
        core::Json body = core::Json::object();
        body["model"] = embeddings_.model;
        body["input"] = texts;
        request.body = core::dump_json(body);
        request.credential = embeddings_.api_key.clone();
        request.idempotent = true;
        request.max_response_bytes = kMostAnswer;
        CO_TRY(core::HttpResponse response, co_await http_.send(request, ctx));
        if (response.status != 200) {
            co_return core::fail(ErrorKind::upstream,
                                 "it answered with status " + std::to_string(response.status));
        }
        std::size_t const count = texts.size();
        auto job = [answer = std::move(response.body), count] { return read_vectors(answer, count); };
        core::Result<std::vector<Vector>> vectors = co_await core::run_blocking(pool_, std::move(job));
        co_return vectors;
    }

    EmbeddingsConfig const& embeddings_;
    Limits const& limits_;
    core::HttpClient& http_;
    KnowledgeIndex& index_;
    core::Clock& clock_;
    core::BlockingPool& pool_;
};

} // namespace

std::unique_ptr<HitRanker> make_embedding_ranker(EmbeddingsConfig const& embeddings,
                                                 Limits const& limits,
                                                 core::HttpClient& http,
                                                 KnowledgeIndex& index,
                                                 core::Clock& clock,
                                                 core::BlockingPool& pool) {
    return std::make_unique<EmbeddingRanker>(embeddings, limits, http, index, clock, pool);
}

} // namespace server
