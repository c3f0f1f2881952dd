#include "auth/agent_token.hpp"

#include "core/crypto/digest.hpp"
#include "core/crypto/random.hpp"
#include "core/text/base64.hpp"

#include <algorithm>

namespace auth {
namespace {

constexpr std::string_view kPrefix = "adoc_";
constexpr std::size_t kIdLength = 12;
constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kSecretLength = 43;
constexpr std::size_t kLongestName = 64;

bool is_id_char(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool is_base64url_char(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

/// A record and the token it belongs to, not stored yet.
core::Result<NewAgentToken> draw_token(std::string name,
                                       core::Role role,
                                       core::SystemTime now,
                                       std::optional<core::SystemTime> expires_at) {
    if (name.empty() || name.size() > kLongestName) {
        return core::fail(core::ErrorKind::invalid_argument, "a token needs a name of 1 to 64 characters");
    }
    if (expires_at && *expires_at <= now) {
        return core::fail(core::ErrorKind::invalid_argument, "the token would have expired already");
    }
    std::string random = core::random_bytes(kSecretBytes);
    std::string secret = core::base64url_encode(random);
    AgentTokenRecord record;
    record.id = core::hex_encode(core::random_bytes(kIdLength / 2));
    record.name = std::move(name);
    record.role = role;
    record.secret_sha256 = core::sha256(secret);
    record.created_at = now;
    record.expires_at = expires_at;
    std::string text;
    text.reserve(kPrefix.size() + kIdLength + 1 + kSecretLength);
    text.append(kPrefix).append(record.id).append("_").append(secret);
    core::Secret token(text);
    core::wipe(random.data(), random.size());
    core::wipe(secret.data(), secret.size());
    core::wipe(text.data(), text.size());
    return NewAgentToken(std::move(token), std::move(record));
}

} // namespace

bool is_active(AgentTokenRecord const& record, core::SystemTime now) noexcept {
    return !record.revoked && (!record.expires_at || *record.expires_at > now);
}

std::optional<AgentTokenParts> parse_agent_token(std::string_view token) noexcept {
    if (token.size() != kPrefix.size() + kIdLength + 1 + kSecretLength || !token.starts_with(kPrefix) ||
        token[kPrefix.size() + kIdLength] != '_') {
        return std::nullopt;
    }
    std::string_view const id = token.substr(kPrefix.size(), kIdLength);
    std::string_view const secret = token.substr(kPrefix.size() + kIdLength + 1);
    if (!std::ranges::all_of(id, is_id_char) || !std::ranges::all_of(secret, is_base64url_char)) {
        return std::nullopt;
    }
    return AgentTokenParts(id, secret);
}

core::Task<core::Result<NewAgentToken>> make_agent_token(AgentTokenStore& store,
                                                         core::Clock& clock,
                                                         std::string name,
                                                         core::Role role,
                                                         std::optional<core::SystemTime> expires_at) {
    CO_TRY(NewAgentToken made, draw_token(std::move(name), role, clock.system_now(), expires_at));
    AgentTokenRecord stored = made.record;
    CO_TRY_VOID(co_await store.insert_agent_token(std::move(stored)));
    co_return made;
}

core::Task<core::Result<NewAgentToken>> rotate_agent_token(AgentTokenStore& store,
                                                           core::Clock& clock,
                                                           std::string name,
                                                           std::chrono::milliseconds overlap,
                                                           std::optional<core::SystemTime> expires_at) {
    CO_TRY(std::vector<AgentTokenRecord> const tokens, co_await store.list_agent_tokens());
    core::SystemTime const now = clock.system_now();
    AgentTokenRecord const* newest = nullptr;
    for (AgentTokenRecord const& token : tokens) {
        bool const newer = newest == nullptr || token.created_at >= newest->created_at;
        if (token.name == name && is_active(token, now) && newer) {
            newest = &token;
        }
    }
    if (newest == nullptr) {
        co_return core::fail(
            core::Error(core::ErrorKind::not_found, "no token that works has the name \"" + name + "\"")
                .with_code("token_not_found")
                .with_fix("`ado-mcpd token list` shows names and states; `ado-mcpd token create` makes a "
                          "first one"));
    }
    if (!expires_at && newest->expires_at) {
        expires_at = now + (*newest->expires_at - newest->created_at);
    }
    CO_TRY(NewAgentToken made, draw_token(std::move(name), newest->role, now, expires_at));
    AgentTokenRecord stored = made.record;
    CO_TRY_VOID(co_await store.rotate_agent_token(std::move(stored), now + overlap));
    co_return made;
}

} // namespace auth
