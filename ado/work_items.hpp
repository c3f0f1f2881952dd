#pragma once

#include "core/json.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ado {

class WorkItem {
public:
    WorkItem() = default;

    /// A field's text: a string as it is, an identity's display name, a number or boolean as written; empty
    /// when absent.
    std::string field(std::string_view reference_name) const;

    std::int64_t id = 0; ///< 0 for an item that was only validated
    std::int64_t rev = 0;
    std::string project;
    std::string type;
    std::string title;
    std::string state;
    std::string
        html_url; ///< as the service says (it holds the project's id); see work_item_url() for a readable one
    core::Json fields;    ///< object, reference name -> value
    core::Json relations; ///< array, empty unless expanded
    core::Json
        formats; ///< object: long text fields -> markdown or html; empty where the server knows only HTML
};

class WorkItemState {
public:
    WorkItemState() = default;

    std::string name;
    std::string category;
};

/// From one state an item of a type may go to others.
class StateTransition {
public:
    StateTransition() = default;

    std::string from; ///< empty = where items begin
    std::vector<std::string> to;
};

class WorkItemType {
public:
    WorkItemType() = default;

    std::string name;
    std::string reference_name;
    std::string description;
    bool is_disabled = false;
    std::vector<WorkItemState> states;
    std::vector<StateTransition> transitions;
    std::vector<std::string> fields; ///< reference names
    std::vector<std::string>
        required_fields; ///< that the caller must give: no default, not filled by the service
};

} // namespace ado
