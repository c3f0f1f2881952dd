#pragma once

#include "ado/work_items.hpp"
#include "core/json.hpp"
#include "server/tools/clean_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace server {

/// The tags of an item as an array: the service keeps them in one string, parted by `; `.
inline core::Json tags_of(ado::WorkItem const& item) {
    core::Json tags = core::Json::array();
    std::string const all = item.field("System.Tags");
    std::string_view rest = all;
    while (!rest.empty()) {
        std::size_t const end = std::min(rest.find(';'), rest.size());
        std::string_view tag = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        tag.remove_prefix(std::min(tag.find_first_not_of(' '), tag.size()));
        if (!tag.empty()) {
            tags.push_back(clean_line(tag));
        }
    }
    return tags;
}

} // namespace server
