#pragma once

#include <string>
#include <string_view>

namespace ado {

/// Markdown for a work item field: the service strips what looks like a raw tag, so `<` and `>` become
/// entities, but only outside code spans and code blocks, where an entity would be shown as it stands.
/// Entities that are there already stay as they are, and so does the `>` that begins a quotation.
std::string escape_markdown_field(std::string_view text);

/// The same text as HTML, for servers that know nothing else: headings, paragraphs, lists, quotations,
/// tables, code, emphasis, links. What looks like a tag is shown as it stands; only http, https and mailto
/// become links.
std::string markdown_to_html(std::string_view text);

} // namespace ado
