#pragma once

#include "core/async.hpp"
#include "core/clock.hpp"
#include "core/http/http_client.hpp"
#include "core/http/retry.hpp"
#include "core/net/resolver.hpp"
#include "core/net/tls.hpp"
#include "core/result.hpp"
#include "server/config/config.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace server {

/// Everything a process needs to call out: TLS, names, connection pools, retries. One thread, except for the
/// look-ups.
class Outbound {
public:
    /// Reads the CA file: blocking. `pool` and `clock` outlive it.
    static core::Result<std::unique_ptr<Outbound>> make(core::asio::any_io_executor executor,
                                                        core::BlockingPool& pool,
                                                        core::Clock& clock,
                                                        Config const& config);

    /// Each request once. For token requests, which have rules of their own.
    core::HttpClient& once() noexcept { return *pooled_; }
    /// Repeats idempotent requests. For Azure DevOps.
    core::HttpClient& retrying() noexcept { return *retrying_; }
    /// What that one repeats.
    core::RetryPolicy const& retry_policy() const noexcept { return retry_; }
    /// Trusts the one certificate with this SHA-1 thumbprint, and uses no proxy. The same client for the same
    /// thumbprint; it lives as long as this.
    core::Result<core::HttpClient*> pinned(std::string const& thumbprint);
    void shutdown();
    core::Resolver& resolver() noexcept { return *resolver_; }
    core::TlsClient& tls() noexcept { return *tls_; }
    /// nullptr = none.
    core::ProxySettings const* proxy() const noexcept { return proxy_ ? &*proxy_ : nullptr; }

private:
    class Pinned {
    public:
        std::unique_ptr<core::TlsClient> tls;
        std::unique_ptr<core::PooledHttpClient> pooled;
    };

    Outbound(core::asio::any_io_executor executor, core::Clock& clock, core::HttpPoolLimits limits)
        : executor_(std::move(executor)), clock_(clock), limits_(limits) {}

    core::asio::any_io_executor executor_;
    core::Clock& clock_;
    core::HttpPoolLimits limits_;
    core::RetryPolicy retry_;
    std::unique_ptr<core::TlsClient> tls_;
    std::unique_ptr<core::Resolver> resolver_;
    std::optional<core::ProxySettings> proxy_;
    std::unique_ptr<core::PooledHttpClient> pooled_;
    std::unique_ptr<core::HttpClient> retrying_;
    std::map<std::string, Pinned> pinned_; ///< by thumbprint
};

/// `http://[user:password@]host:port` as settings; `no_proxy` comma-separated. Fails with invalid_argument,
/// in words without the password.
core::Result<core::ProxySettings> parse_proxy(core::Secret const& url, std::string_view no_proxy);

} // namespace server
