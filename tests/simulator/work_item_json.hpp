#pragma once

#include "simulator/route.hpp"

namespace simulator {

std::string work_item_url(Call const& call, WorkItem const& item);
Json identity_json(Call const& call, Identity const& identity);
/// `expand`: none | relations | fields | links | all. `fields` limits what is given; empty = all.
Json work_item_json(Call const& call,
                    WorkItem const& item,
                    std::string_view expand,
                    std::vector<std::string> const& fields);
Json comment_json(Call const& call, WorkItem const& item, WorkItemComment const& comment);
Identity const* member_by_vss_id(Organization const& organization, std::string_view vss_id);

/// The path of a node in the area or iteration tree; nullptr when there is none. Backslashes only.
ClassificationNode const* find_node(ClassificationNode const& root, std::string_view path);

} // namespace simulator
