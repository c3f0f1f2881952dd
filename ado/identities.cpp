#include "ado/identities.hpp"

#include "ado/fetch.hpp"
#include "ado/readers.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace ado {
namespace {

/// Properties are `{"$type": "System.String", "$value": "x"}`.
std::string property(core::Json& json, char const* name) {
    core::Json* const properties = member_object(json, "properties");
    core::Json* const entry = properties == nullptr ? nullptr : member_object(*properties, name);
    return entry == nullptr ? std::string() : take_string(*entry, "$value");
}

} // namespace

core::Result<std::vector<Identity>> read_identities(core::Json& json) {
    core::Json* const list = member_array(json, "value");
    if (list == nullptr) {
        return core::fail(unreadable_answer("identities without a list"));
    }
    std::vector<Identity> out;
    for (core::Json& entry : *list) {
        bool const is_group = core::find_bool(entry, "isContainer").value_or(false) ||
                              property(entry, "SchemaClassName") == "Group";
        Identity identity;
        identity.id = take_string(entry, "id");
        identity.name = take_string(entry, "customDisplayName");
        if (identity.name.empty()) {
            identity.name = take_string(entry, "providerDisplayName");
        }
        identity.account = property(entry, "Account");
        identity.is_active = core::find_bool(entry, "isActive").value_or(true);
        if (!is_group && !identity.name.empty()) {
            out.push_back(std::move(identity));
        }
    }
    return out;
}

} // namespace ado
