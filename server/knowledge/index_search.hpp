#pragma once

#include "core/result.hpp"
#include "server/knowledge/knowledge_index.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

namespace server {

/// Ranked search. A section counts by BM25, headings and titles more than what stands below them, and by its
/// neighbours: what a page says in two sections side by side belongs together. Of a file the best section is
/// the hit. On the thread that owns the database.
core::Result<IndexAnswer> search_index(SQLite::Database& database, IndexQuery const& query);

} // namespace server
