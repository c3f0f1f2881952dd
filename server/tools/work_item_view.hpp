#pragma once

#include "ado/comments.hpp"
#include "ado/organization.hpp"
#include "ado/work_items.hpp"
#include "core/json.hpp"
#include "protocol/tool.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace server {

/// `Ada Palmer <ada@example.com>` of an identity, a string as it is, anything else as written; cleaned, one
/// line.
std::string field_line(core::Json const& value);

/// False for fields with a place of their own in answers, and for the service's bookkeeping.
bool is_listed_field(std::string_view reference_name);

/// A work item as it is shown. Texts are cleaned and HTML is text.
class WorkItemView {
public:
    core::Json head = core::Json::object();                 ///< members of the structured form
    std::vector<std::pair<std::string, core::Json>> fields; ///< reference name and value
    std::vector<core::Json> relations;
    std::vector<core::Json> comments;
    bool with_relations = false;
    bool with_comments = false;
    std::size_t comments_total = 0;
    std::vector<std::string> notes;
};

/// The fields a reader wants: without `wanted` all but the service's bookkeeping, else those whose reference
/// name or last part of it is among them, compared without case and blanks. What was not found is noted.
void add_fields(WorkItemView& view, ado::WorkItem const& item, std::vector<std::string> const& wanted);
void add_relations(WorkItemView& view, ado::WorkItem const& item, ado::Organization const& organization);
void add_comments(WorkItemView& view, ado::CommentPage const& page);

/// Both forms within `max_bytes` each: long texts are cut first, then comments and relations left out, the
/// last ones first; notes say so.
protocol::ToolResult make_work_item_answer(WorkItemView view, std::size_t max_bytes);

} // namespace server
