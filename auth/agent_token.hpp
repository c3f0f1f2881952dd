#pragma once

#include "auth/credential_stores.hpp"
#include "core/clock.hpp"
#include "core/principal.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"
#include "core/task.hpp"

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

} // namespace auth
