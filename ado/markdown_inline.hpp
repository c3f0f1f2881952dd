#pragma once

#include <string>
#include <string_view>

namespace ado {

/// Deeper than this nobody nests emphasis, lists and quotations; below it everything is plain text.
inline constexpr int kMarkdownDepth = 16;

/// One paragraph's Markdown as HTML: code spans, links, emphasis, line breaks.
std::string markdown_inline_html(std::string_view text);

void append_escaped_html(std::string& out, std::string_view text);

/// Without blanks, tabs and carriage returns around it.
std::string_view trim_markdown(std::string_view text) noexcept;

} // namespace ado
