#pragma once

#include "server/tools/snippet.hpp"

#include <cstddef>

namespace server {

/// What a line of a snippet costs in the dearer of an answer's two forms: its number, and as JSON its
/// escapes.
inline constexpr std::size_t kLineBytes = 8;
/// A match as JSON.
inline constexpr std::size_t kMatchBytes = 48;

/// The block from its first matched line on, as far as the bytes go; at least that line, cut short if need
/// be.
SnippetBlock shorten_block(SnippetBlock const& block, std::size_t snippet_bytes);

/// The block with less context, and where that is not enough with fewer matched lines, the later ones gone
/// first; at least one line, whole. `bytes` are for lines and matches.
SnippetBlock tighten_block(SnippetBlock const& block, std::size_t bytes);

} // namespace server
