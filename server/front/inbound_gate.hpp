#pragma once

#include "auth/auth_challenge.hpp"
#include "auth/token_verifier.hpp"
#include "core/call_context.hpp"
#include "core/http/http_message.hpp"
#include "core/principal.hpp"
#include "core/result.hpp"
#include "core/task.hpp"
#include "server/front/problem.hpp"
#include "server/front/resource_metadata.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace server {

/// Turns what a request carries into who calls: one implementation for each inbound.mode.
class Authenticator {
public:
    virtual ~Authenticator() = default;
    /// `bearer`: what followed `Bearer `, nullopt without one. `peer`: `address:port` of the connection.
    /// Fails with unauthorized when the caller is not let in, otherwise with what went wrong on our side.
    /// Arguments outlive the task.
    virtual core::Task<core::Result<core::Principal>> authenticate(std::optional<std::string_view> bearer,
                                                                   std::string_view peer,
                                                                   core::CallContext const& ctx) = 0;
};

/// inbound.mode token and entra: every caller needs a token `verifier` knows. It outlives the authenticator.
/// `how`: one sentence for callers whose token is missing or refused, on how to get one.
std::unique_ptr<Authenticator> make_token_authenticator(auth::TokenVerifier& verifier, std::string how);
/// inbound.mode none: whoever connects from loopback is let in as `role`, whatever it sends; others are not.
std::unique_ptr<Authenticator> make_anonymous_authenticator(core::Role role);

class GateDecision {
public:
    explicit GateDecision(core::Principal principal_) : principal(std::move(principal_)) {}
    explicit GateDecision(Problem refusal_) : refusal(std::move(refusal_)) {}
    std::optional<core::Principal> principal; ///< exactly one of the two
    std::optional<Problem> refusal;
};

/// Who calls, and whether that role is enough. The Authorization header is the only place a token is read
/// from.
class InboundGate {
public:
    /// `metadata`: what challenges point to; nullptr = nothing. Both outlive it.
    explicit InboundGate(Authenticator& authenticator, ResourceMetadata const* metadata = nullptr)
        : authenticator_(authenticator), metadata_(metadata) {}

    /// The arguments outlive the task.
    core::Task<GateDecision> check(core::HttpHeaders const& headers,
                                   core::Role needed,
                                   std::string_view peer,
                                   core::CallContext const& ctx) const;

private:
    auth::BearerHint hint(core::HttpHeaders const& headers, core::Role needed) const;
    Problem refuse(core::Error const& error,
                   bool had_token,
                   auth::BearerHint const& hint,
                   core::CallContext const& ctx) const;

    Authenticator& authenticator_;
    ResourceMetadata const* metadata_;
};

} // namespace server
