#pragma once

#include "core/async.hpp"
#include "core/clock.hpp"
#include "core/http/http_client.hpp"
#include "server/config/config.hpp"
#include "server/knowledge/knowledge_index.hpp"
#include "server/router/knowledge_service.hpp"

#include <memory>

namespace server {

/// Ranks the best hits by the likeness of their embeddings to the query's, from a provider with OpenAI's API
/// (`POST url/embeddings`); BM25 decides where two are alike. Vectors of sections are kept in the index by
/// what the section says, so that a search usually asks for the query's alone. Where the provider fails or is
/// too slow the order stays. `embeddings` is of the configuration; referents outlive it.
std::unique_ptr<HitRanker> make_embedding_ranker(EmbeddingsConfig const& embeddings,
                                                 Limits const& limits,
                                                 core::HttpClient& http,
                                                 KnowledgeIndex& index,
                                                 core::Clock& clock,
                                                 core::BlockingPool& pool);

} // namespace server
