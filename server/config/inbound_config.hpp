#pragma once

#include "core/principal.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace server {

class ConfigSection;

enum class InboundMode { token, entra, none };
std::string_view to_string(InboundMode mode) noexcept;

/// Whose access tokens mode entra takes, and what they mean.
class InboundEntraConfig {
public:
    using Roles = std::map<std::string, core::Role, std::less<>>; ///< names as written

    std::string tenant; ///< id or verified domain; empty with `issuer`
    std::string issuer; ///< an OpenID Connect issuer in place of the tenant's two; empty = none
    std::vector<std::string> audiences{"https://azuresre.dev"};
    Roles roles; ///< app roles and group ids, beside the names that are known anyway
    /// Of tokens with a person behind them, each with the most it lets the client do.
    Roles scopes{{"user_impersonation", core::Role::administrator}};
    std::optional<core::Role> default_role;       ///< of a caller without any of `roles`; nullopt = none
    std::vector<std::string> clients;             ///< that may come without a person; empty = every one
    std::vector<std::string> algorithms{"RS256"}; ///< of RFC 7518
    bool loopback_http = false; ///< issuer or authority may be plain http on loopback; for development
};

class InboundConfig {
public:
    InboundMode mode = InboundMode::token;
    core::Role anonymous_role = core::Role::user;
    InboundEntraConfig entra;
};

/// `inbound.entra`; problems are reported at their keys. `authority` is entra.authority. What is missing is
/// only a problem when it is `in_use` (inbound.mode entra).
void read_inbound_entra(ConfigSection const& in,
                        std::string const& authority,
                        bool in_use,
                        InboundEntraConfig& config);

} // namespace server
