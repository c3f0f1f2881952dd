#pragma once

#include "auth/credential_stores.hpp"
#include "auth/entra_error.hpp"
#include "auth/jwt_claims.hpp"
#include "auth/oauth_state.hpp"
#include "core/call_context.hpp"
#include "core/clock.hpp"
#include "core/http/http_client.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"
#include "core/task.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

/// Sign-in through a browser: the authorization code grant (RFC 6749 §4.1) with PKCE, as Entra speaks it.
/// Everything but the exchange of the code is pure.
namespace auth {

/// Where the browser is sent.
class AuthorizeRequest {
public:
    AuthorizeRequest(std::string authority_, OAuthState const& state_, std::string sealed_state_)
        : authority(std::move(authority_)), state(state_), sealed_state(std::move(sealed_state_)) {}

    std::string authority;
    OAuthState const& state; ///< outlives the request
    std::string sealed_state;
    std::string code_challenge; ///< S256
    std::string login_hint;     ///< account to offer; may be empty
    std::string prompt;         ///< login | consent | select_account | none; empty = the authority decides
};

/// A word that `prompt` may be (OpenID Connect Core §3.1.2.1).
bool is_prompt(std::string_view text) noexcept;
std::string authorize_url(AuthorizeRequest const& request);

/// What came back to the redirect URI.
class AuthorizationAnswer {
public:
    AuthorizationAnswer() = default;

    core::Secret code;
    std::string state;
    std::string error; ///< instead of a code
    std::string error_description;
    std::string issuer; ///< RFC 9207; Entra does not send it
};

/// Reads a query or a form body. nullopt when it is none of ours: neither code nor error, no state, or one of
/// them twice.
std::optional<AuthorizationAnswer> read_authorization_answer(std::string_view encoded);

/// RFC 9207: an answer that names another issuer than the one asked was sent by a mixed-up or hostile server.
bool is_issuer_of(std::string_view issuer, std::string_view authority, std::string_view tenant);

/// The id token belongs to this sign-in: nonce, application, and tenant where one was named.
core::Result<void> check_id_token(std::optional<JwtClaims> const& claims, OAuthState const& state);

/// Turns an answer into a grant. The referents outlive it; safe to call concurrently.
class AuthorizationCodeFlow {
public:
    /// `client_secret` empty for a public client.
    AuthorizationCodeFlow(core::HttpClient& http,
                          core::Clock& clock,
                          std::string authority,
                          core::Secret const& client_secret)
        : http_(http), clock_(clock), authority_(std::move(authority)), client_secret_(client_secret) {}

    /// Checks `answer` against `state`, redeems the code and checks the id token. Returns the grant, not yet
    /// stored. The arguments outlive the task. Cancelling (terminal) loses the code.
    core::Task<core::Result<OAuthGrant>>
    finish(OAuthState const& state, AuthorizationAnswer const& answer, core::CallContext const& ctx);

private:
    core::HttpClient& http_;
    core::Clock& clock_;
    std::string authority_;
    core::Secret const& client_secret_;
};

} // namespace auth
