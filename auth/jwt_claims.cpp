#include "auth/jwt_claims.hpp"

#include "core/json.hpp"
#include "core/text/base64.hpp"

#include <nlohmann/json.hpp>

namespace auth {
namespace {

std::string text_claim(core::Json const& claims, std::string_view name) {
    return std::string(core::find_string(claims, name).value_or(std::string_view()));
}

} // namespace

std::optional<JwtClaims> read_jwt_claims(std::string_view jwt) {
    std::size_t const first = jwt.find('.');
    std::size_t const second = first == std::string_view::npos ? first : jwt.find('.', first + 1);
    if (second == std::string_view::npos) {
        return std::nullopt;
    }
    std::optional<std::string> const payload =
        core::base64url_decode(jwt.substr(first + 1, second - first - 1));
    if (!payload) {
        return std::nullopt;
    }
    core::JsonLimits limits;
    limits.max_bytes = 64U * 1024;
    core::Result<core::Json> const json = core::parse_json(*payload, limits);
    if (!json || !json->is_object()) {
        return std::nullopt;
    }
    JwtClaims claims;
    claims.issuer = text_claim(*json, "iss");
    claims.subject = text_claim(*json, "sub");
    claims.tenant_id = text_claim(*json, "tid");
    claims.object_id = text_claim(*json, "oid");
    claims.preferred_username = text_claim(*json, "preferred_username");
    if (claims.preferred_username.empty()) {
        claims.preferred_username = text_claim(*json, "upn");
    }
    claims.identity_type = text_claim(*json, "idtyp");
    claims.nonce = text_claim(*json, "nonce");
    claims.has_scope = core::find_string(*json, "scp").has_value();
    if (std::optional<std::string_view> const one = core::find_string(*json, "aud")) {
        claims.audience.emplace_back(*one);
    } else if (core::Json const* several = core::find_array(*json, "aud")) {
        for (core::Json const& entry : *several) {
            if (entry.is_string()) {
                claims.audience.push_back(entry.get<std::string>());
            }
        }
    }
    constexpr std::int64_t kLatest = 9'000'000'000; // in 2255; nanoseconds since 1970 have to fit 64 bits
    if (std::optional<std::int64_t> const exp = core::find_int(*json, "exp");
        exp && *exp > 0 && *exp <= kLatest) {
        claims.expires_at = core::SystemTime(std::chrono::seconds(*exp));
    }
    return claims;
}

} // namespace auth
