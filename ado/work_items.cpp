#include "ado/work_items.hpp"

#include "ado/fetch.hpp"
#include "ado/readers.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_set>
#include <utility>

namespace ado {
namespace {

/// Marked as always required on every type, yet filled by the service.
constexpr std::array<std::string_view, 3> kFilledByService = {
    "System.AreaId", "System.IterationId", "System.State"};

WorkItem to_work_item(core::Json& json) {
    WorkItem item;
    item.id = core::find_int(json, "id").value_or(0);
    item.rev = core::find_int(json, "rev").value_or(0);
    item.fields = core::Json::object();
    item.relations = core::Json::array();
    item.formats = core::Json::object();
    if (core::Json* const fields = member_object(json, "fields")) {
        item.fields = std::move(*fields);
    }
    if (core::Json* const relations = member_array(json, "relations")) {
        item.relations = std::move(*relations);
    }
    if (core::Json* const formats = member_object(json, "multilineFieldsFormat")) {
        item.formats = std::move(*formats);
    }
    item.project = item.field("System.TeamProject");
    item.type = item.field("System.WorkItemType");
    item.title = item.field("System.Title");
    item.state = item.field("System.State");
    if (core::Json* const links = member_object(json, "_links")) {
        if (core::Json* const html = member_object(*links, "html")) {
            item.html_url = take_string(*html, "href");
        }
    }
    return item;
}

WorkItemType to_type(core::Json& json) {
    WorkItemType type;
    type.name = take_string(json, "name");
    type.reference_name = take_string(json, "referenceName");
    type.description = take_string(json, "description");
    type.is_disabled = core::find_bool(json, "isDisabled").value_or(false);
    if (core::Json* const states = member_array(json, "states")) {
        for (core::Json& item : *states) {
            WorkItemState state;
            state.name = take_string(item, "name");
            state.category = take_string(item, "category");
            type.states.push_back(std::move(state));
        }
    }
    if (core::Json* const transitions = member_object(json, "transitions")) {
        for (auto const& [from, targets] : transitions->items()) {
            StateTransition transition;
            transition.from = from;
            for (core::Json const& target : targets) {
                if (auto const to = core::find_string(target, "to")) {
                    transition.to.emplace_back(*to);
                }
            }
            type.transitions.push_back(std::move(transition));
        }
    }
    if (core::Json* const fields = member_array(json, "fields")) {
        for (core::Json& item : *fields) {
            core::Json const* const preset = core::find(item, "defaultValue");
            bool const has_default = preset != nullptr && !preset->is_null();
            bool const required = core::find_bool(item, "alwaysRequired").value_or(false) && !has_default;
            std::string name = take_string(item, "referenceName");
            bool const filled =
                std::find(kFilledByService.begin(), kFilledByService.end(), name) != kFilledByService.end();
            if (required && !filled) {
                type.required_fields.push_back(name);
            }
            type.fields.push_back(std::move(name));
        }
    }
    return type;
}

} // namespace

std::string WorkItem::field(std::string_view reference_name) const {
    core::Json const* const value = core::find(fields, reference_name);
    if (value == nullptr || value->is_null()) {
        return {};
    }
    if (value->is_string()) {
        return value->get<std::string>();
    }
    if (value->is_object()) {
        return std::string(core::find_string(*value, "displayName").value_or(""));
    }
    return core::dump_json(*value);
}

core::Result<WorkItem> read_work_item(core::Json& json) {
    if (!core::find_object(json, "fields")) {
        return core::fail(unreadable_answer("a work item without fields"));
    }
    return to_work_item(json);
}

core::Result<std::vector<WorkItem>> read_work_items(core::Json& json) {
    core::Json* const list = member_array(json, "value");
    if (list == nullptr) {
        return core::fail(unreadable_answer("work items without a list"));
    }
    std::vector<WorkItem> out;
    out.reserve(list->size());
    for (core::Json& item : *list) {
        // Left out ones stand as null.
        if (item.is_object()) {
            out.push_back(to_work_item(item));
        }
    }
    return out;
}

core::Result<std::vector<std::int64_t>> read_wiql_ids(core::Json& json) {
    std::vector<std::int64_t> ids;
    if (core::Json const* const items = core::find_array(json, "workItems")) {
        ids.reserve(items->size());
        for (core::Json const& item : *items) {
            if (std::optional<std::int64_t> const id = core::find_int(item, "id")) {
                ids.push_back(*id);
            }
        }
        return ids;
    }
    // A query for links lists pairs: what it found is their targets, each once.
    core::Json const* const links = core::find_array(json, "workItemRelations");
    if (links == nullptr) {
        return core::fail(unreadable_answer("a query result without work items"));
    }
    std::unordered_set<std::int64_t> seen;
    for (core::Json const& link : *links) {
        core::Json const* const target = core::find_object(link, "target");
        std::optional<std::int64_t> const id =
            target == nullptr ? std::nullopt : core::find_int(*target, "id");
        if (id && seen.insert(*id).second) {
            ids.push_back(*id);
        }
    }
    return ids;
}

core::Result<WorkItemType> read_work_item_type(core::Json& json) {
    WorkItemType type = to_type(json);
    if (type.name.empty()) {
        return core::fail(unreadable_answer("a work item type without a name"));
    }
    return type;
}

core::Result<std::vector<WorkItemType>> read_work_item_types(core::Json& json) {
    core::Json* const list = member_array(json, "value");
    if (list == nullptr) {
        return core::fail(unreadable_answer("work item types without a list"));
    }
    std::vector<WorkItemType> out;
    out.reserve(list->size());
    for (core::Json& item : *list) {
        out.push_back(to_type(item));
    }
    return out;
}

} // namespace ado
