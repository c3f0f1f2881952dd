#pragma once

#include "core/json.hpp"
#include "core/result.hpp"

#include <string>
#include <vector>

namespace ado {

/// What one field of a work item type takes.
class FieldRule {
public:
    FieldRule() = default;

    std::string reference_name;
    std::string name;
    std::string help;
    std::string preset;                      ///< default value as text; empty = none
    std::vector<std::string> allowed_values; ///< empty = any, and for fields that name people
    bool required = false; ///< the caller must give it: no default, not filled by the service
    bool names_people = false;
};

core::Result<std::vector<FieldRule>> read_field_rules(core::Json& json);

} // namespace ado
