#include "server/tools/text_essence.hpp"

#include "ado/markdown.hpp"
#include "core/crypto/digest.hpp"
#include "server/tools/text_fold.hpp"

namespace server {

namespace {

/// Entities the service and we ourselves put in place of markup.
std::size_t skip_entity(std::string_view text) {
    for (std::string_view const entity : {"&lt;", "&gt;", "&amp;", "&quot;", "&nbsp;", "&#39;"}) {
        if (text.starts_with(entity)) {
            return entity.size();
        }
    }
    return 0;
}

} // namespace

std::string text_essence(std::string_view text) {
    std::string essence;
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] == '<') {
            std::size_t const end = text.find('>', at);
            if (end != std::string_view::npos) {
                at = end + 1;
                continue;
            }
        }
        if (std::size_t const entity = text[at] == '&' ? skip_entity(text.substr(at)) : 0; entity > 0) {
            at += entity;
            continue;
        }
        if (is_word_byte(text[at])) {
            essence.push_back(text[at]);
        }
        ++at;
    }
    return essence;
}

std::string stored_text_digest(std::string_view text) {
    return core::hex_encode(core::sha256(text_essence(text)));
}

std::vector<std::string> text_digests(std::string_view markdown) {
    std::vector<std::string> digests;
    if (text_essence(markdown).empty()) {
        return digests;
    }
    digests.push_back(stored_text_digest(ado::escape_markdown_field(markdown)));
    std::string html = stored_text_digest(ado::markdown_to_html(markdown));
    if (html != digests.front()) {
        digests.push_back(std::move(html));
    }
    return digests;
}

} // namespace server
