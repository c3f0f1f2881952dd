#pragma once

#include "auth/credential_stores.hpp"
#include "core/call_context.hpp"
#include "core/clock.hpp"
#include "core/principal.hpp"
#include "core/result.hpp"
#include "core/task.hpp"

#include <chrono>
#include <memory>
#include <string_view>

namespace auth {

/// Turns the bearer token of an inbound request into who calls.
class TokenVerifier {
public:
    virtual ~TokenVerifier() = default;

    /// `bearer`: what followed `Bearer ` in the Authorization header. Fails with unauthorized and code
    /// `invalid_token` (unknown, wrong, expired or revoked; only a token whose secret was right learns
    /// which), or with what the store failed with. `bearer` and `ctx` must outlive the task. Safe to call
    /// concurrently on its thread.
    virtual core::Task<core::Result<core::Principal>> verify(std::string_view bearer,
                                                             core::CallContext const& ctx) = 0;
};

/// How long a record read from the store is believed: a revocation by another process is seen within this
/// time.
inline constexpr std::chrono::milliseconds kAgentTokenTtl{1000};

/// How often the use of a token is written down, at most: what `last_used_at` is good to.
inline constexpr std::chrono::milliseconds kAgentTokenNote{60'000};

/// Verifies agent tokens (auth/agent_token.hpp) against the store, which is read at most once per token and
/// kAgentTokenTtl; hashing is all a hot request pays. `store` and `clock` outlive it.
std::unique_ptr<TokenVerifier>
make_agent_token_verifier(core::asio::any_io_executor executor, core::Clock& clock, AgentTokenStore& store);

} // namespace auth
