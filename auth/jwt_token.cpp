#include "auth/jwt_token.hpp"

#include "auth/token_refusal.hpp"
#include "core/http/http_message.hpp"
#include "core/text/base64.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>
#include <vector>

namespace auth {
namespace {

using core::Json;

constexpr std::size_t kHeaderBytes = 8 * 1024; ///< a certificate chain may be in there
constexpr std::size_t kDepth = 8;
constexpr std::size_t kKeyIdBytes = 256;

using AlgorithmName = std::pair<std::string_view, SignatureAlgorithm>;
constexpr std::array kAlgorithms{AlgorithmName{"RS256", SignatureAlgorithm::rs256},
                                 AlgorithmName{"RS384", SignatureAlgorithm::rs384},
                                 AlgorithmName{"RS512", SignatureAlgorithm::rs512},
                                 AlgorithmName{"PS256", SignatureAlgorithm::ps256},
                                 AlgorithmName{"PS384", SignatureAlgorithm::ps384},
                                 AlgorithmName{"PS512", SignatureAlgorithm::ps512},
                                 AlgorithmName{"ES256", SignatureAlgorithm::es256},
                                 AlgorithmName{"ES384", SignatureAlgorithm::es384},
                                 AlgorithmName{"ES512", SignatureAlgorithm::es512}};

tl::unexpected<core::Error> malformed(std::string detail) {
    return core::fail(refused_token("is not valid", std::move(detail)));
}

/// The library keeps the last of two members with one name, other parsers the first: who checks and who uses
/// a claim could see different ones.
bool repeats_a_member(std::string_view text) {
    std::vector<std::set<std::string>> open;
    bool repeated = false;
    auto const watch = [&](int /*depth*/, Json::parse_event_t event, Json& parsed) {
        if (event == Json::parse_event_t::object_start) {
            open.emplace_back();
        } else if (event == Json::parse_event_t::key && !open.empty()) {
            repeated = repeated || !open.back().insert(parsed.get<std::string>()).second;
        } else if (event == Json::parse_event_t::object_end && !open.empty()) {
            open.pop_back();
        }
        return true;
    };
    Json const seen = Json::parse(text, watch, false);
    return repeated || seen.is_discarded();
}

/// One more character than whole bytes need decodes to nothing: two texts would be one token.
std::optional<std::string> decode_part(std::string_view part) {
    return part.empty() || part.size() % 4 == 1 ? std::nullopt : core::base64url_decode(part);
}

std::optional<Json> decode_object(std::string_view part, std::size_t max_bytes) {
    std::optional<std::string> const text = decode_part(part);
    if (!text) {
        return std::nullopt;
    }
    core::JsonLimits limits;
    limits.max_bytes = max_bytes;
    limits.max_depth = kDepth;
    core::Result<Json> json = core::parse_json(*text, limits);
    if (!json || !json->is_object() || repeats_a_member(*text)) {
        return std::nullopt;
    }
    return std::move(*json);
}

bool is_access_token_type(std::string_view type) {
    constexpr std::string_view kPrefix = "application/";
    std::string plain = core::to_lower_ascii(type);
    if (plain.starts_with(kPrefix)) {
        plain.erase(0, kPrefix.size());
    }
    return plain == "jwt" || plain == "at+jwt";
}

/// A member that is absent or a short string.
bool read_short(Json const& header, std::string_view name, std::string& into) {
    Json const* member = core::find(header, name);
    if (member == nullptr) {
        return true;
    }
    if (!member->is_string() || member->get_ref<std::string const&>().size() > kKeyIdBytes) {
        return false;
    }
    into = member->get<std::string>();
    return true;
}

} // namespace

std::string_view to_string(SignatureAlgorithm algorithm) noexcept {
    auto const it = std::find_if(kAlgorithms.begin(), kAlgorithms.end(), [algorithm](AlgorithmName entry) {
        return entry.second == algorithm;
    });
    return it == kAlgorithms.end() ? std::string_view() : it->first;
}

std::optional<SignatureAlgorithm> parse_signature_algorithm(std::string_view name) noexcept {
    auto const it = std::find_if(
        kAlgorithms.begin(), kAlgorithms.end(), [name](AlgorithmName entry) { return entry.first == name; });
    return it == kAlgorithms.end() ? std::nullopt : std::optional(it->second);
}

core::Result<JwtToken> parse_jwt(std::string_view text, std::size_t max_bytes) {
    if (text.size() > max_bytes) {
        return malformed("longer than " + std::to_string(max_bytes) + " bytes");
    }
    std::size_t const first = text.find('.');
    std::size_t const second = first == std::string_view::npos ? first : text.find('.', first + 1);
    if (second == std::string_view::npos || text.find('.', second + 1) != std::string_view::npos) {
        return malformed("not three parts");
    }
    if (!decode_part(text.substr(second + 1))) {
        return malformed("no signature");
    }
    std::optional<Json> const header = decode_object(text.substr(0, first), kHeaderBytes);
    std::optional<Json> claims = decode_object(text.substr(first + 1, second - first - 1), max_bytes);
    if (!header || !claims) {
        return malformed("header or claims are not a JSON object with each member once");
    }
    JwtToken token;
    std::string type;
    if (!read_short(*header, "alg", token.algorithm) || !read_short(*header, "kid", token.key_id) ||
        !read_short(*header, "x5t", token.thumbprint) || !read_short(*header, "typ", type)) {
        return malformed("a header member is not a short string");
    }
    if (core::find(*header, "crit") != nullptr) {
        return malformed("the header has crit");
    }
    if (core::find(*header, "typ") != nullptr && !is_access_token_type(type)) {
        return malformed("typ is that of no access token");
    }
    token.claims = std::move(*claims);
    return token;
}

} // namespace auth
