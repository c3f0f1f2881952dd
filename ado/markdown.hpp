#pragma once

#include <string>
#include <string_view>

namespace ado {

/// Markdown for a work item field: the service strips what looks like a raw tag, so `<` and `>` become
/// entities, but only outside code spans and fenced or indented code, where an entity would be shown as it
/// stands. Autolinks
/// (`<https://...>`) and the `>` that opens a quotation stay.
std::string escape_markdown_field(std::string_view text);

} // namespace ado
