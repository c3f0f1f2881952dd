#pragma once

#include "server/tools/query_terms.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace server {

/// Where the search index says a hit is: UTF-16 code units from the start of the file. Not to be trusted
/// blindly: the index may have seen another commit, counted a byte order mark, or counted CR LF as one.
class IndexedHit {
public:
    std::int64_t offset = 0;
    std::int64_t length = 0; ///< -1: a hit in the file's name
};

class SnippetOptions {
public:
    std::size_t context_lines = 3;
    std::size_t max_blocks = 5;       ///< per file
    std::size_t max_matches = 20;     ///< listed per block
    std::size_t max_line_chars = 400; ///< a longer line is shown around its first match
};

/// Line from 1; column from 1 and length count characters (Unicode code points), as editors show them. The
/// column is the file's own, also where a long line is shown in part.
class SnippetMatch {
public:
    std::size_t line = 0;
    std::size_t column = 0;
    std::size_t length = 0;
    friend bool operator==(SnippetMatch const&, SnippetMatch const&) = default;
};

class SnippetBlock {
public:
    std::size_t start_line = 0;
    std::size_t end_line = 0;
    std::string text; ///< the lines joined by `\n`, without one at the end
    std::vector<SnippetMatch> matches;
};

class FileSnippets {
public:
    std::vector<SnippetBlock> blocks; ///< in the order of the file
    std::size_t more_blocks = 0;      ///< left out because of max_blocks
    std::size_t located = 0;          ///< hits whose place is known
    std::size_t found_by_text = 0;    ///< of these, hits the index had elsewhere
};

/// Cuts the lines around the hits out of a file. `text` is the decoded file in valid UTF-8. A hit is taken
/// where its offset fits one of the `terms`; one that fits nowhere is looked for by text, nearest first.
/// Blocks that touch become one. A file that was found only by its name yields its first lines, without
/// matches; no blocks mean that no hit was found again.
FileSnippets make_snippets(std::string_view text,
                           std::span<IndexedHit const> hits,
                           std::span<QueryTerm const> terms,
                           SnippetOptions const& options);

} // namespace server
