#pragma once

#include "core/async.hpp"
#include "core/call_context.hpp"
#include "core/http/http_message.hpp"
#include "core/net/resolver.hpp"
#include "core/net/tls.hpp"
#include "core/result.hpp"
#include "core/task.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace core {

class HttpClient {
public:
    virtual ~HttpClient() = default;

    /// Any HTTP status is a success here; redirects are not followed. `req` and `ctx` must outlive the
    /// returned task. Cancelling (terminal) aborts the connection in use. Safe to call concurrently on its
    /// thread. Fails with timeout, cancelled, network, tls, protocol, overloaded; Error::not_sent() says
    /// whether the bytes may have reached the peer.
    virtual Task<Result<HttpResponse>> send(HttpRequest const& req, CallContext const& ctx) = 0;
};

class HttpPoolLimits {
public:
    std::size_t connections_per_origin = 8;
    std::size_t queue_per_origin = 256; ///< callers waiting for a connection; one more is `overloaded`
    std::chrono::milliseconds idle =
        std::chrono::seconds(50); ///< below the 60 s at which common front ends close
    std::chrono::milliseconds connect = std::chrono::seconds(10);
    std::chrono::milliseconds request =
        std::chrono::seconds(30); ///< for one whole answer, beside the caller's deadline
};

/// `http://[user:password@]host:port`: TLS requests go through CONNECT, plain ones with an absolute target.
/// `no_proxy`: host names, `.suffix`es or `*`; loopback never goes through a proxy.
class ProxySettings {
public:
    ProxySettings(Origin proxy_, Secret authorization_, std::vector<std::string> no_proxy_)
        : proxy(std::move(proxy_)), authorization(std::move(authorization_)), no_proxy(std::move(no_proxy_)) {
    }
    Origin proxy;
    Secret authorization; ///< value of Proxy-Authorization, empty when none
    std::vector<std::string> no_proxy;
};

/// A client with one keep-alive pool per origin, all on `executor`'s thread. What is passed by reference
/// outlives it. Close with shutdown() before the executor stops.
class PooledHttpClient : public HttpClient {
public:
    /// Closes idle connections and stops timers; requests in flight run on.
    virtual void shutdown() = 0;
    virtual std::size_t idle_connections() const noexcept = 0;
    virtual std::size_t open_connections() const noexcept = 0;
};

std::unique_ptr<PooledHttpClient> make_pooled_client(asio::any_io_executor executor,
                                                     TlsClient& tls,
                                                     Resolver& resolver,
                                                     Clock& clock,
                                                     HttpPoolLimits limits,
                                                     std::optional<ProxySettings> proxy);

} // namespace core
