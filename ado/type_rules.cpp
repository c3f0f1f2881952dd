#include "ado/type_rules.hpp"

#include "ado/fetch.hpp"
#include "ado/readers.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace ado {
namespace {

/// Marked as always required on every type, yet filled by the service.
constexpr std::array<std::string_view, 3> kFilledByService = {
    "System.AreaId", "System.IterationId", "System.State"};

std::string as_text(core::Json const& value) {
    if (value.is_string()) {
        return value.get<std::string>();
    }
    if (value.is_object()) {
        return std::string(core::find_string(value, "displayName").value_or(""));
    }
    return value.is_null() ? std::string() : core::dump_json(value);
}

void read_values(core::Json const& list, FieldRule& rule) {
    for (core::Json const& value : list) {
        // People are listed as objects, a whole organization of them.
        if (value.is_object()) {
            rule.names_people = true;
            rule.allowed_values.clear();
            return;
        }
        std::string text = as_text(value);
        if (!text.empty()) {
            rule.allowed_values.push_back(std::move(text));
        }
    }
}

} // namespace

core::Result<std::vector<FieldRule>> read_field_rules(core::Json& json) {
    core::Json* const list = member_array(json, "value");
    if (list == nullptr) {
        return core::fail(unreadable_answer("fields without a list"));
    }
    std::vector<FieldRule> out;
    out.reserve(list->size());
    for (core::Json& entry : *list) {
        FieldRule rule;
        rule.reference_name = take_string(entry, "referenceName");
        if (rule.reference_name.empty()) {
            continue;
        }
        rule.name = take_string(entry, "name");
        rule.help = take_string(entry, "helpText");
        if (core::Json const* const preset = core::find(entry, "defaultValue")) {
            rule.preset = as_text(*preset);
        }
        if (core::Json const* const values = core::find_array(entry, "allowedValues")) {
            read_values(*values, rule);
        }
        bool const filled =
            std::find(kFilledByService.begin(), kFilledByService.end(), rule.reference_name) !=
            kFilledByService.end();
        rule.required =
            core::find_bool(entry, "alwaysRequired").value_or(false) && rule.preset.empty() && !filled;
        out.push_back(std::move(rule));
    }
    return out;
}

} // namespace ado
