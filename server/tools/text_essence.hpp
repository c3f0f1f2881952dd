#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace server {

/// What two long texts have in common however the service stored them: letters and digits, without tags and
/// entities.
std::string text_essence(std::string_view text);

/// By which a Markdown text is recognised wherever it was written: digests of its essence as Markdown and as
/// HTML. None for a text without letters.
std::vector<std::string> text_digests(std::string_view markdown);
/// Of a text as it is stored.
std::string stored_text_digest(std::string_view text);

} // namespace server
