#pragma once

#include "core/json.hpp"
#include "core/result.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// Inbound JSON Web Tokens: taken apart (here), their keys (jwks_keys.hpp, jwks_source.hpp), their claims
/// (jwt_rules.hpp), all of it together (jwt_verifier.hpp).
namespace auth {

/// Asymmetric signatures of RFC 7518 §3.1. `none` and the HS family are not among them: a verifier that
/// knows neither cannot be talked into using one.
enum class SignatureAlgorithm { rs256, rs384, rs512, ps256, ps384, ps512, es256, es384, es512 };

std::string_view to_string(SignatureAlgorithm algorithm) noexcept;
/// As RFC 7518 spells them, with case; nullopt for anything else.
std::optional<SignatureAlgorithm> parse_signature_algorithm(std::string_view name) noexcept;

/// A JWT in compact serialisation (RFC 7515 §3.1), taken apart and not yet trusted.
class JwtToken {
public:
    std::string algorithm;  ///< `alg` as written
    std::string key_id;     ///< `kid`, may be empty
    std::string thumbprint; ///< `x5t`, may be empty
    core::Json claims;      ///< an object
};

/// Strict where leniency has been used for attacks: three parts of base64url without padding, no member twice
/// (RFC 7519 §4 leaves that open), no `crit` (RFC 7515 §4.1.11: an extension we do not know), `typ` absent or
/// that of an access token (RFC 9068 §4). Keys a header brings along (`jwk`, `jku`, `x5c`, `x5u`) are never
/// looked at. Fails with refused_token().
core::Result<JwtToken> parse_jwt(std::string_view text, std::size_t max_bytes);

} // namespace auth
