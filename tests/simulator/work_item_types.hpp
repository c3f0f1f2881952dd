#pragma once

#include "simulator/message.hpp"

#include <string>
#include <string_view>
#include <vector>

/// The fields there are, and the work item types of the Basic, Agile and Scrum processes.
namespace simulator {

class FieldDefinition {
public:
    std::string reference_name;
    std::string name;
    std::string type; ///< string integer double dateTime html history plainText treePath identity boolean
    bool read_only = false;
};

class TypeField {
public:
    FieldDefinition const* field = nullptr;
    bool always_required = false;
    Json default_value; ///< null = none
    std::vector<std::string> allowed_values;
};

class StateDefinition {
public:
    std::string name;
    std::string category; ///< Proposed InProgress Resolved Completed Removed
    std::string color;
};

class WorkItemType {
public:
    std::string name;
    std::string reference_name;
    std::string color;
    std::string description;
    std::vector<StateDefinition> states; ///< the first is where items start
    std::string initial_reason;
    std::vector<TypeField> fields;

    TypeField const* find_field(std::string_view reference_name) const;
    bool has_state(std::string_view state) const;
};

std::vector<FieldDefinition> const& all_fields();
/// By reference name or display name, in any case.
FieldDefinition const* find_field(std::string_view name);
/// Types of a process: Basic, Agile or Scrum.
std::vector<WorkItemType> const& work_item_types(std::string_view process);
WorkItemType const* find_work_item_type(std::string_view process, std::string_view name);
std::string_view process_template_id(std::string_view process);

class RelationType {
public:
    std::string reference_name;
    std::string name;
    bool is_work_item_link = true;
    std::string opposite;
    bool forward = true;
};
std::vector<RelationType> const& relation_types();
RelationType const* find_relation_type(std::string_view reference_name);

} // namespace simulator
