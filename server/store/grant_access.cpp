#include "server/store/grant_access.hpp"

#include "core/json.hpp"
#include "server/store/database.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace server {
namespace {

void wipe(std::string& text) noexcept {
    core::wipe(text.data(), text.size());
}

} // namespace

core::Secret pack_access(auth::OAuthGrant const& grant) {
    core::Json object = core::Json::object();
    if (!grant.access_token.empty()) {
        object["token"] = grant.access_token.expose();
        object["expires_at"] = to_column(grant.access_expires_at);
        object["refresh_at"] = to_column(grant.access_refresh_at);
    }
    if (!grant.sign_in_claims.empty()) {
        object["claims"] = grant.sign_in_claims;
    }
    if (object.empty()) {
        return core::Secret();
    }
    std::string text = core::dump_json(object);
    core::Secret packed(text);
    wipe(text);
    if (!grant.access_token.empty()) {
        wipe(object["token"].get_ref<std::string&>());
    }
    return packed;
}

void unpack_access(core::Secret const& packed, auth::OAuthGrant& grant) {
    if (packed.empty()) {
        return;
    }
    core::Result<core::Json> object = core::parse_json(packed.expose(), core::JsonLimits());
    if (!object || !object->is_object()) {
        return;
    }
    grant.sign_in_claims = std::string(core::find_string(*object, "claims").value_or(std::string_view()));
    auto const token = object->find("token");
    std::optional<std::int64_t> const expires_at = core::find_int(*object, "expires_at");
    std::optional<std::int64_t> const refresh_at = core::find_int(*object, "refresh_at");
    if (token == object->end() || !token->is_string()) {
        return;
    }
    auto& text = token->get_ref<std::string&>();
    if (expires_at && refresh_at) {
        grant.access_token = core::Secret(text);
        grant.access_expires_at = time_from_column(*expires_at);
        grant.access_refresh_at = time_from_column(*refresh_at);
    }
    wipe(text);
}

} // namespace server
