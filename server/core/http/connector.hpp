#pragma once

#include "core/http/http_client.hpp"
#include "core/http/http_connection.hpp"

#include <memory>
#include <optional>
#include <string_view>

namespace core {

/// Opens connections: name, TCP, the proxy's CONNECT where there is one, TLS. Internal to core/http.
class Connector {
public:
    Connector(asio::any_io_executor executor,
              TlsClient& tls,
              Resolver& resolver,
              std::optional<ProxySettings> proxy)
        : executor_(std::move(executor)), tls_(tls), resolver_(resolver), proxy_(std::move(proxy)) {}

    /// Every error has not_sent(): no request was written yet.
    Task<Result<std::unique_ptr<HttpConnection>>>
    dial(Origin origin, Deadline deadline, std::shared_ptr<void const> counted);

private:
    Task<Result<std::unique_ptr<class TcpStream>>> connect(Origin target, Deadline deadline);
    Task<Result<void>> open_tunnel(class TcpStream& stream, Origin const& origin);

    asio::any_io_executor executor_;
    TlsClient& tls_;
    Resolver& resolver_;
    std::optional<ProxySettings> proxy_;
};

/// Whether requests to `host` go past the proxy: listed in `no_proxy`, or loopback.
bool bypasses_proxy(std::string_view host, std::vector<std::string> const& no_proxy);

} // namespace core
