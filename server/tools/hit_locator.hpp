#pragma once

#include "server/tools/query_terms.hpp"
#include "server/tools/snippet.hpp"

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace server {

/// A hit's place in the file, in bytes.
class LocatedHit {
public:
    std::size_t begin = 0;
    std::size_t end = 0;
    bool by_text = false;
};

/// Sorted, without duplicates. `text` has no byte order mark in front; hits in the file's name are left out.
std::vector<LocatedHit>
locate_hits(std::string_view text, std::span<IndexedHit const> hits, std::span<QueryTerm const> terms);

} // namespace server
