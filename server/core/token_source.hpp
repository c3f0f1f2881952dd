#pragma once

#include "core/auth_scheme.hpp"
#include "core/call_context.hpp"
#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"
#include "core/task.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace core {

class AccessToken {
public:
    AccessToken(Secret value_,
                AuthScheme scheme_,
                SystemTime expires_at_,
                SystemTime refresh_at_,
                std::string method_)
        : value(std::move(value_)), scheme(scheme_), expires_at(expires_at_), refresh_at(refresh_at_),
          method(std::move(method_)) {}

    AccessToken clone() const { return {value.clone(), scheme, expires_at, refresh_at, method}; }

    Secret value;
    AuthScheme scheme;
    SystemTime expires_at; ///< SystemTime::max() when it does not expire, or nobody knows when
    SystemTime refresh_at; ///< from then on a new one is fetched in the background
    std::string method;    ///< pat | oauth | managed_identity
};

/// Where a client gets the credential for its next request. Declared here because `ado` must name it, `auth`
/// must implement it, and neither may know the other.
class TokenSource {
public:
    virtual ~TokenSource() = default;

    /// A token usable for at least `min_ttl` more. Concurrent callers share one fetch, its result and its
    /// error; cancelling a caller never cancels the shared fetch. `ctx` must outlive the task.
    virtual Task<Result<AccessToken>> get(std::chrono::seconds min_ttl, CallContext const& ctx) = 0;

    /// The upstream refused `rejected` with a 401: the next get() fetches anew, once per rejected value.
    /// Naming a token that is no longer the current one changes nothing.
    virtual void invalidate(AccessToken const& rejected) = 0;

    /// The same for a refusal that says what it wants: `challenge` is its WWW-Authenticate fields, joined by
    /// commas (RFC 9110 §5.2). A source that can answer a claims challenge does so with the next get().
    virtual void challenged(AccessToken const& rejected, std::string_view challenge) {
        static_cast<void>(challenge);
        invalidate(rejected);
    }
};

} // namespace core
