#include "protocol/list_pages.hpp"

#include "protocol/json_writer.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace protocol {
namespace {

constexpr std::string_view kPurpose = "mcp-cursor";

/// `OFFSET:KEY` of the first entry of a page.
std::optional<std::size_t> position_of(std::string_view text, std::vector<ListItem> const& items) {
    std::size_t const colon = text.find(':');
    std::size_t offset = 0;
    if (colon == std::string_view::npos ||
        std::from_chars(text.data(), text.data() + colon, offset).ec != std::errc()) {
        return std::nullopt;
    }
    std::string_view const key = text.substr(colon + 1);
    auto const found =
        std::find_if(items.begin(), items.end(), [key](ListItem const& item) { return item.key == key; });
    // The list may have changed meanwhile; where the entry is gone its place is the best there is.
    return found != items.end() ? static_cast<std::size_t>(found - items.begin())
                                : std::min(offset, items.size());
}

} // namespace

std::optional<ListPage> page_of(std::string_view name,
                                std::vector<ListItem> const& items,
                                std::optional<std::string_view> cursor,
                                std::size_t page_size,
                                core::Sealer const& sealer) {
    ListPage page;
    if (cursor) {
        auto const text = sealer.open(kPurpose, name, *cursor);
        auto const begin = text ? position_of(*text, items) : std::nullopt;
        if (!begin) {
            return std::nullopt;
        }
        page.begin = *begin;
    }
    page.end = std::min(items.size(), page.begin + page_size);
    if (page.end < items.size()) {
        page.next_cursor = sealer.seal(kPurpose, name, std::to_string(page.end) + ":" + items[page.end].key);
    }
    return page;
}

void append_page(std::string& out,
                 std::string_view name,
                 std::vector<ListItem> const& items,
                 ListPage const& page) {
    append_json_string(out, name);
    out += ":[";
    for (std::size_t i = page.begin; i < page.end; ++i) {
        if (i != page.begin) {
            out += ',';
        }
        out += items[i].json;
    }
    out += ']';
    if (!page.next_cursor.empty()) {
        out += R"(,"nextCursor":)";
        append_json_string(out, page.next_cursor);
    }
}

} // namespace protocol
