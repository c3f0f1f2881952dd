#include "ado/readers.hpp"

#include "ado/fetch.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace ado {

std::string take_string(core::Json& object, std::string_view key) {
    if (!object.is_object()) {
        return {};
    }
    auto const it = object.find(key);
    if (it == object.end() || !it->is_string()) {
        return {};
    }
    return std::move(it->get_ref<std::string&>());
}

core::Json* member_object(core::Json& object, std::string_view key) noexcept {
    if (!object.is_object()) {
        return nullptr;
    }
    auto const it = object.find(key);
    return it != object.end() && it->is_object() ? &*it : nullptr;
}

core::Json* member_array(core::Json& object, std::string_view key) noexcept {
    if (!object.is_object()) {
        return nullptr;
    }
    auto const it = object.find(key);
    return it != object.end() && it->is_array() ? &*it : nullptr;
}

std::string bare_branch(std::string name) {
    constexpr std::string_view kHeads = "refs/heads/";
    if (name.starts_with(kHeads)) {
        name.erase(0, kHeads.size());
    }
    return name;
}

core::Result<ConnectionData> read_connection_data(core::Json& json) {
    core::Json* const user = member_object(json, "authenticatedUser");
    if (user == nullptr) {
        return core::fail(unreadable_answer("connection data without a user"));
    }
    ConnectionData data;
    data.id = take_string(*user, "id");
    data.display_name = take_string(*user, "customDisplayName");
    if (data.display_name.empty()) {
        data.display_name = take_string(*user, "providerDisplayName");
    }
    if (core::Json* const properties = member_object(*user, "properties")) {
        if (core::Json* const account = member_object(*properties, "Account")) {
            data.name = take_string(*account, "$value");
        }
    }
    if (data.name.empty()) {
        data.name = data.display_name;
    }
    data.subject_descriptor = take_string(*user, "subjectDescriptor");
    data.deployment_type = take_string(json, "deploymentType");
    data.instance_id = take_string(json, "instanceId");
    // Anonymous callers get an answer too, under an id of one digit repeated.
    bool const anonymous = data.id.find_first_not_of("a-") == std::string::npos ||
                           data.id.find_first_not_of("0-") == std::string::npos;
    data.authenticated = !anonymous;
    return data;
}

} // namespace ado
