#pragma once

#include "server/tools/clean_text.hpp"
#include "server/tools/snippet.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace server {

/// Makes snippets fit to be shown; how many characters went.
inline std::size_t clean_blocks(std::vector<SnippetBlock>& blocks) {
    std::size_t removed = 0;
    for (SnippetBlock& block : blocks) {
        // A lone carriage return inside a line would begin a new one when cleaned.
        std::replace(block.text.begin(), block.text.end(), '\r', ' ');
        CleanText clean = clean_text(std::move(block.text));
        block.text = std::move(clean.text);
        removed += clean.removed;
    }
    return removed;
}

} // namespace server
