#pragma once

#include "auth/credential_stores.hpp"
#include "core/clock.hpp"
#include "core/principal.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"
#include "core/task.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

/// Tokens agents call the daemon with: `adoc_<id>_<secret>`, id 12 lower-case hexadecimal digits, secret 43
/// base64url characters (256 random bits). The store keeps SHA-256 of the secret: a fast hash is enough for
/// that much entropy.
namespace auth {

class AgentTokenParts {
public:
    AgentTokenParts(std::string_view id_, std::string_view secret_) : id(id_), secret(secret_) {}
    std::string_view id; ///< views into the parsed text
    std::string_view secret;
};

/// Neither revoked nor expired.
bool is_active(AgentTokenRecord const& record, core::SystemTime now) noexcept;

/// nullopt unless `token` has exactly the form.
std::optional<AgentTokenParts> parse_agent_token(std::string_view token) noexcept;

class NewAgentToken {
public:
    NewAgentToken(core::Secret token_, AgentTokenRecord record_)
        : token(std::move(token_)), record(std::move(record_)) {}
    core::Secret token; ///< shown once; it cannot be had again
    AgentTokenRecord record;
};

/// Makes a token and stores its record. Fails with invalid_argument for an empty or over-long (64) name or an
/// expiry that has passed, and with what the store fails with. The referents must outlive the task.
core::Task<core::Result<NewAgentToken>> make_agent_token(AgentTokenStore& store,
                                                         core::Clock& clock,
                                                         std::string name,
                                                         core::Role role,
                                                         std::optional<core::SystemTime> expires_at);

/// Two tokens are valid while agents move from one to the other: makes a successor of the newest token of
/// `name` that works, with its role, and lets those that came before end after `overlap` (0 = at once).
/// Without `expires_at` the successor lasts as long as the old one did from its making. Fails with not_found
/// and code `token_not_found` when no token of that name works, and like make_agent_token().
core::Task<core::Result<NewAgentToken>> rotate_agent_token(AgentTokenStore& store,
                                                           core::Clock& clock,
                                                           std::string name,
                                                           std::chrono::milliseconds overlap,
                                                           std::optional<core::SystemTime> expires_at);

} // namespace auth
