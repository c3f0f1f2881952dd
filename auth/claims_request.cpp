#include "auth/claims_request.hpp"

#include "auth/auth_challenge.hpp"
#include "core/http/http_message.hpp"
#include "core/json.hpp"
#include "core/text/base64.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>

namespace auth {
namespace {

/// It travels in URLs: what is longer is not a claims request anybody means.
constexpr std::size_t kLongestClaims = 4096;
constexpr std::string_view kCapabilities = R"({"access_token":{"xms_cc":{"values":["cp1"]}}})";

std::optional<core::Json> read_object(std::string_view text) {
    core::JsonLimits limits;
    limits.max_bytes = kLongestClaims;
    limits.max_depth = 16;
    core::Result<core::Json> json = core::parse_json(text, limits);
    if (!json || !json->is_object()) {
        return std::nullopt;
    }
    return std::move(*json);
}

/// Either alphabet, with or without padding.
std::optional<std::string> decode_base64(std::string_view text) {
    std::string url(text.substr(0, 2 * kLongestClaims));
    std::ranges::replace(url, '+', '-');
    std::ranges::replace(url, '/', '_');
    while (url.ends_with('=')) {
        url.pop_back();
    }
    return core::base64url_decode(url);
}

/// No recursion deeper than read_object() let in.
void merge(core::Json& into, core::Json const& more) {
    for (auto const& [name, value] : more.items()) {
        core::Json& member = into[name];
        if (member.is_object() && value.is_object()) {
            merge(member, value);
        } else {
            member = value;
        }
    }
}

} // namespace

std::optional<std::string> claims_of_challenge(std::string_view challenge) {
    for (AuthChallenge const& one : parse_challenges(challenge)) {
        std::optional<std::string_view> const claims = one.parameter("claims");
        std::optional<std::string_view> const error = one.parameter("error");
        if (!claims || !core::iequals(one.scheme, "Bearer") || error.value_or("") != "insufficient_claims") {
            continue;
        }
        std::optional<std::string> const text = decode_base64(*claims);
        std::optional<core::Json> const object = text ? read_object(*text) : std::nullopt;
        if (object) {
            return core::dump_json(*object);
        }
    }
    return std::nullopt;
}

std::string merge_claims(std::string_view claims, std::string_view more) {
    std::optional<core::Json> all = claims.empty() ? std::nullopt : read_object(claims);
    std::optional<core::Json> const added = more.empty() ? std::nullopt : read_object(more);
    if (!all && !added) {
        return {};
    }
    core::Json merged = all ? std::move(*all) : core::Json::object();
    if (added) {
        merge(merged, *added);
    }
    return core::dump_json(merged);
}

std::string with_capabilities(std::string_view claims) {
    return merge_claims(claims, kCapabilities);
}

} // namespace auth
