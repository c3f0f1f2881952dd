#pragma once

#include "auth/jwks_keys.hpp"
#include "core/call_context.hpp"
#include "core/clock.hpp"
#include "core/http/http_client.hpp"
#include "core/result.hpp"
#include "core/task.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace auth {

class JwksLimits {
public:
    std::size_t document_bytes = 256U * 1024; ///< of one document read from the issuer
    std::size_t keys = 100;
    std::chrono::milliseconds fetch = std::chrono::seconds(5);   ///< for one document
    std::chrono::milliseconds refresh = std::chrono::hours(1);   ///< in the background
    std::chrono::milliseconds refetch = std::chrono::minutes(5); ///< least time between two for unknown keys
    std::chrono::milliseconds stale = std::chrono::hours(24); ///< how long keys outlive the last good fetch
};

class JwksPlace {
public:
    /// `metadata_url_`: an OpenID Connect discovery document. `is_issuer_`: whether what that document calls
    /// its issuer is one we mean; must not block.
    JwksPlace(std::string metadata_url_, std::function<bool(std::string_view issuer)> is_issuer_)
        : metadata_url(std::move(metadata_url_)), is_issuer(std::move(is_issuer_)) {}
    std::string metadata_url;
    std::function<bool(std::string_view issuer)> is_issuer;
    /// Also plain http, to loopback addresses and nowhere else. For development.
    bool loopback_http = false;
    std::vector<SignatureAlgorithm> algorithms{SignatureAlgorithm::rs256};
};

/// What an issuer says of itself, with its keys; never changes once made.
class IssuerKeys {
public:
    std::string issuer;
    std::string jwks_uri;
    KeySet set;
};

/// The keys of one issuer: OpenID Connect Discovery 1.0 §4, then its `jwks_uri`. Fetched in the background
/// (tend()), or by the first who needs them; kept when a fetch fails, for `stale`; fetched again when a token
/// names a key the set lacks, at most once in `refetch`. Concurrent callers share one fetch. One thread.
class JwksSource {
public:
    virtual ~JwksSource() = default;

    /// The keys in memory; fetched first when there are none, or none young enough. Fails with overloaded
    /// and code `inbound_keys_unavailable` when they cannot be had; right after a failure at once, without
    /// asking again. `ctx` outlives the task; cancelling the caller does not cancel the fetch.
    virtual core::Task<core::Result<std::shared_ptr<IssuerKeys const>>>
    keys(core::CallContext const& ctx) = 0;
    /// For a token whose key is not among keys(): what the issuer publishes now, or the same as before when
    /// it was asked too short a time ago. Fails like keys(), also when there are older ones: whether the
    /// token is good cannot be told. `wanted` and `ctx` outlive the task.
    virtual core::Task<core::Result<std::shared_ptr<IssuerKeys const>>>
    newer_keys(JwtToken const& wanted, core::CallContext const& ctx) = 0;
    /// Without asking anybody; nullptr when there are none, or none young enough.
    virtual std::shared_ptr<IssuerKeys const> known() const = 0;
    /// Keeps the keys fresh until cancelled (terminal). Run it once; the source outlives it.
    virtual core::Task<void> tend() = 0;
};

/// `http` and `clock` outlive it, and what it started: fetches under way when it is destroyed.
std::unique_ptr<JwksSource> make_jwks_source(core::asio::any_io_executor executor,
                                             core::HttpClient& http,
                                             core::Clock& clock,
                                             JwksPlace place,
                                             JwksLimits limits);

} // namespace auth
