#pragma once

#include "core/crypto/sealer.hpp"
#include "core/json.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace protocol {

/// One entry of a list, ready to be sent.
class ListItem {
public:
    ListItem(std::string key_, std::string json_) : key(std::move(key_)), json(std::move(json_)) {}

    std::string key; ///< unique in the list: where a cursor goes on
    std::string json;
};

/// The page a cursor names.
class ListPage {
public:
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string next_cursor; ///< empty on the last page
};

/// Cursors are sealed and say themselves where they go on: any replica serves them, and nobody's list leads
/// into another. nullopt when `cursor` was not made for the list `name`.
std::optional<ListPage> page_of(std::string_view name,
                                std::vector<ListItem> const& items,
                                std::optional<std::string_view> cursor,
                                std::size_t page_size,
                                core::Sealer const& sealer);

/// `"NAME":[…]` of that page, and `,"nextCursor":"…"` where there is a next one.
void append_page(std::string& out,
                 std::string_view name,
                 std::vector<ListItem> const& items,
                 ListPage const& page);

} // namespace protocol
