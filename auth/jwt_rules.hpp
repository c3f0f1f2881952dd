#pragma once

#include "core/clock.hpp"
#include "core/json.hpp"
#include "core/principal.hpp"
#include "core/result.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace auth {

/// Whose tokens are taken, and what their claims mean here.
class JwtRules {
public:
    /// Values of `aud` that mean this server; see audience_forms().
    std::vector<std::string> audiences;
    /// App roles and group ids, in lower case, with the role they stand for.
    std::map<std::string, core::Role, std::less<>> roles;
    /// Scopes a person may have delegated to a client, each with the most such a client may do.
    std::map<std::string, core::Role, std::less<>> scopes;
    /// Of a caller that carries none of `roles`; nullopt = such a caller may do nothing.
    std::optional<core::Role> default_role;
    /// Client ids (azp, appid) that may come without a person; empty = every one.
    std::vector<std::string> clients;
    std::chrono::milliseconds skew = std::chrono::minutes(2); ///< how far clocks may be apart
    /// Entra's rules beside those of RFC 7519: tid, oid, idtyp.
    bool entra = true;
};

/// The names SRE Agent and this server know for their roles, in lower case: `reader`, `sre agent reader`,
/// `sreagent.reader` and so on. Author counts as user: what it may do beyond that there (connectors) is an
/// administrator's matter here.
std::map<std::string, core::Role, std::less<>> known_role_names();

/// `audience` and its other spelling: an application's id and `api://` before it name the same thing, v2.0
/// tokens carry the one, v1.0 tokens the other.
std::vector<std::string> audience_forms(std::string_view audience);

/// aud, exp, nbf, iat (RFC 7519 §4.1), and that it is no id token. Times are whole seconds; exp is required.
/// Nothing of it needs the signature, and what fails is a reason not to look for a key. Fails with
/// refused_token().
core::Result<void> check_claims(core::Json const& claims, JwtRules const& rules, core::SystemTime now);

/// Who calls and what they may do, from claims whose signature was good. `tid` has to be in `issuer` with
/// rules.entra. Fails with refused_token() when the token names nobody, with forbidden and code
/// `insufficient_scope` when it grants nothing here.
core::Result<core::Principal>
principal_of_claims(core::Json const& claims, std::string_view issuer, JwtRules const& rules);

/// When a token stops being good, skew included. Only for claims that check_claims() let pass.
core::SystemTime end_of_claims(core::Json const& claims, JwtRules const& rules);

} // namespace auth
