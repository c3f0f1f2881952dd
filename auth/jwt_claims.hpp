#pragma once

#include "core/clock.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace auth {

/// What a JWT says of itself, without checking its signature: for display, and to name a misconfiguration
/// before the authority does. Never a reason to trust anybody.
class JwtClaims {
public:
    std::string issuer;
    std::string subject;
    std::vector<std::string> audience;
    std::optional<core::SystemTime> expires_at;
    std::string tenant_id;          ///< tid
    std::string object_id;          ///< oid
    std::string preferred_username; ///< or upn
    std::string identity_type;      ///< idtyp
    std::string nonce;              ///< of an id token: what the sign-in asked for
    bool has_scope = false;         ///< scp: a person's token
};

/// nullopt when the text is no JWT.
std::optional<JwtClaims> read_jwt_claims(std::string_view jwt);

} // namespace auth
