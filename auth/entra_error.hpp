#pragma once

#include "auth/failure.hpp"
#include "core/clock.hpp"
#include "core/http/http_message.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What the token endpoint says when it says no, made into one error a person can act on.
namespace auth {

/// What was asked for, as far as it is known: it makes the words exact.
class EntraErrorContext {
public:
    std::string authority;    ///< for the admin consent link
    std::string tenant;       ///< whose endpoint was asked
    std::string client_id;    ///< of the application
    std::string organization; ///< Azure DevOps organization the token is for
    /// What a presented assertion says of itself, when one was presented.
    std::string assertion_issuer;
    std::string assertion_subject;
    std::string assertion_audience;
};

class EntraError {
public:
    explicit EntraError(FetchFailure failure_) : failure(std::move(failure_)) {}

    bool has_code(std::int64_t code) const noexcept;

    FetchFailure failure;
    std::string
        oauth_error; ///< `error`: invalid_grant, authorization_pending …; empty when there was no such body
    std::string suberror;
    std::vector<std::int64_t> codes; ///< AADSTS numbers, the most telling first
    std::string claims;              ///< claims challenge to pass on to the next sign-in; may be empty
    /// The refresh token itself is refused: no later attempt with it can work.
    bool grant_is_dead = false;
};

/// Reads an answer other than 200. The class is decided by HTTP status, `error` and `suberror`; AADSTS
/// numbers choose words, state and fix, and the class where `error` alone is ambiguous. Bodies that are not
/// JSON are understood as far as possible. `now` is for Retry-After dates.
EntraError
parse_entra_error(core::HttpResponse const& response, EntraErrorContext const& context, core::SystemTime now);

/// The same for `error` and `error_description` that came to the redirect URI instead of a code (RFC 6749
/// §4.1.2.1).
EntraError
parse_authorize_error(std::string_view error, std::string_view description, EntraErrorContext const& context);

/// Retry-After of an answer, clamped to [1 s, 1 h]; nullopt when there is none.
std::optional<std::chrono::seconds> retry_after_of(core::HttpHeaders const& headers, core::SystemTime now);

} // namespace auth
