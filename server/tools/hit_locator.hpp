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

/// Every place where one of the terms stands as a whole word, sorted. `found` is set for each term that is
/// there at all, and is as long as `terms`.
std::vector<LocatedHit>
find_terms(std::string_view text, std::span<QueryTerm const> terms, std::vector<bool>& found);

/// Cuts the lines around places that are known; `text` has no byte order mark in front.
FileSnippets
snippets_at(std::string_view text, std::vector<LocatedHit> const& hits, SnippetOptions const& options);

} // namespace server
