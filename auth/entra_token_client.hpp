#pragma once

#include "auth/entra_error.hpp"
#include "auth/form_body.hpp"
#include "auth/jwt_claims.hpp"
#include "core/call_context.hpp"
#include "core/clock.hpp"
#include "core/http/http_client.hpp"
#include "core/json.hpp"
#include "core/secret.hpp"
#include "core/task.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace auth {

/// What a token answer says.
class EntraTokens {
public:
    EntraTokens(core::Secret access_token_, core::SystemTime requested_at_, core::SystemTime expires_at_)
        : access_token(std::move(access_token_)), requested_at(requested_at_), expires_at(expires_at_) {}

    core::Secret access_token;
    core::SystemTime requested_at; ///< when the request left: lifetimes count from there
    core::SystemTime expires_at;
    std::optional<std::chrono::seconds> refresh_in;
    core::Secret refresh_token; ///< empty: the old one stays in use
    // Of the id token and client_info; for display, not verified.
    std::string preferred_username;
    std::string object_id;
    std::string tenant_id;
    std::string home_account_id; ///< uid.utid: for a guest, utid is the home tenant
    /// All of the id token. It came from the token endpoint itself, over TLS: OpenID Connect Core §3.1.3.7
    /// lets that stand for its signature.
    std::optional<JwtClaims> id_token;
};

using EntraResult = tl::expected<EntraTokens, EntraError>;

/// Speaks to `{authority}/{tenant}/oauth2/v2.0/token`. The referents outlive it. A server fault without
/// Retry-After is met with one more attempt after a second, as Microsoft's own clients do. Secrets passed by
/// reference, and `ctx`, must outlive the task. Safe to call concurrently.
class EntraTokenClient {
public:
    EntraTokenClient(core::HttpClient& http, core::Clock& clock, std::string authority);

    // `context` names tenant and application; the rest of it only makes errors readable. `client_secret` is
    // empty for a public client, `claims` (auth/claims_request.hpp) where none are asked for.

    core::Task<EntraResult> redeem_refresh_token(EntraErrorContext context,
                                                 std::string scope,
                                                 core::Secret const& refresh_token,
                                                 core::Secret const& client_secret,
                                                 std::string claims,
                                                 core::CallContext const& ctx);

    /// client_credentials with a JWT assertion.
    core::Task<EntraResult> exchange_assertion(EntraErrorContext context,
                                               std::string scope,
                                               core::Secret const& assertion,
                                               std::string claims,
                                               core::CallContext const& ctx);

    /// One poll of a device code flow; what is pending comes back as an error with its `oauth_error`. Sent
    /// once.
    core::Task<EntraResult> redeem_device_code(EntraErrorContext context,
                                               core::Secret const& device_code,
                                               core::Secret const& client_secret,
                                               core::CallContext const& ctx);

    /// The authorization code of a browser sign-in (RFC 6749 §4.1.3, RFC 7636 §4.5). Sent once: a code is
    /// good for one use, and a second one may end what the first brought.
    core::Task<EntraResult> redeem_code(EntraErrorContext context,
                                        std::string redirect_uri,
                                        std::string scope,
                                        core::Secret const& code,
                                        core::Secret const& verifier,
                                        core::Secret const& client_secret,
                                        std::string claims,
                                        core::CallContext const& ctx);

    std::string const& authority() const noexcept { return authority_; }

private:
    class Call;
    core::Task<EntraResult> send(Call const& call, core::CallContext const& ctx);
    core::Task<EntraResult> send_once(Call const& call, core::CallContext const& ctx);

    core::HttpClient& http_;
    core::Clock& clock_;
    std::string authority_;
};

/// `expires_in` and the like: a number or a numeric string.
std::optional<std::chrono::seconds> seconds_member(core::Json const& object, std::string_view name);

/// Takes a string member out of `object` and wipes it there; empty when absent.
core::Secret take_secret(core::Json& object, std::string_view name);

} // namespace auth
