#include "core/http/connector.hpp"

#include "core/http/wiped_text.hpp"
#include "core/net/tcp_stream.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <array>

namespace core {
namespace {

bool is_loopback(std::string_view host) {
    boost::system::error_code ec;
    auto const address = asio::ip::make_address(host, ec);
    return ec ? host == "localhost" || host.ends_with(".localhost") : address.is_loopback();
}

/// The share of the time left that one of several addresses gets, so that a dead first one leaves some for
/// the next.
Deadline share(Deadline deadline, std::size_t addresses_left) {
    if (deadline.is_never() || addresses_left <= 1) {
        return deadline;
    }
    auto const now = std::chrono::steady_clock::now();
    return Deadline::at(now + deadline.remaining(now) / static_cast<int>(addresses_left));
}

/// Cause and fix of a tunnel that was not opened.
Error refused_by(ProxySettings const& proxy, std::string const& target, int status) {
    std::string const name = "the proxy " + proxy.proxy.authority();
    Error error(ErrorKind::network,
                name + " refused the connection to " + target + " with status " + std::to_string(status));
    if (status != 407) {
        return std::move(error)
            .with_code("proxy_refused")
            .with_fix("Let " + name + " open tunnels to " + target + ", or name another in outbound.proxy.");
    }
    return std::move(error)
        .with_code("proxy_authentication_required")
        .with_fix(proxy.authorization.empty()
                      ? "The proxy asks who is there: write outbound.proxy (or HTTPS_PROXY) as "
                        "http://user:password@host:port."
                      : "The proxy does not take the user and password of outbound.proxy (or HTTPS_PROXY): "
                        "check them.");
}

} // namespace

bool bypasses_proxy(std::string_view host, std::vector<std::string> const& no_proxy) {
    if (is_loopback(host)) {
        return true;
    }
    return std::any_of(no_proxy.begin(), no_proxy.end(), [&](std::string_view rule) {
        if (rule == "*") {
            return true;
        }
        if (rule.starts_with('.')) {
            rule.remove_prefix(1);
        }
        if (rule.empty() || host.size() < rule.size() ||
            !iequals(host.substr(host.size() - rule.size()), rule)) {
            return false;
        }
        return host.size() == rule.size() || host[host.size() - rule.size() - 1] == '.';
    });
}

Task<Result<std::unique_ptr<TcpStream>>> Connector::connect(Origin target, Deadline deadline) {
    Result<std::vector<asio::ip::tcp::endpoint>> const endpoints =
        co_await resolver_.resolve(target.host, target.port, deadline);
    if (!endpoints) {
        co_return fail(endpoints.error());
    }
    Error last(ErrorKind::network, "no address");
    for (std::size_t i = 0; i < endpoints->size(); ++i) {
        auto stream = std::make_unique<TcpStream>(asio::ip::tcp::socket(executor_));
        stream->set_deadline(share(deadline, endpoints->size() - i));
        asio::ip::tcp::endpoint const endpoint = (*endpoints)[i];
        Result<void> const connected = co_await stream->connect(endpoint);
        if (connected) {
            stream->set_deadline(deadline);
            co_return stream;
        }
        last = connected.error();
        if (last.kind() == ErrorKind::cancelled) {
            break;
        }
    }
    std::string message = "cannot connect to " + target.authority() + ": " + last.message();
    co_return fail(Error(last.kind(), std::move(message)).with_not_sent());
}

Task<Result<void>> Connector::open_tunnel(TcpStream& stream, Origin const& origin) {
    // CONNECT always names the port (RFC 9110 §9.3.6).
    bool const v6 = origin.host.find(':') != std::string::npos;
    std::string const target =
        (v6 ? "[" + origin.host + "]" : origin.host) + ":" + std::to_string(origin.port);
    {
        WipedText head(2 * target.size() + proxy_->authorization.size() + 64);
        head.append("CONNECT ").append(target).append(" HTTP/1.1\r\nHost: ").append(target).append("\r\n");
        if (!proxy_->authorization.empty()) {
            head.append("Proxy-Authorization: ").append(proxy_->authorization.expose()).append("\r\n");
        }
        head.append("\r\n");
        asio::const_buffer const bytes = asio::buffer(head.text());
        std::span<asio::const_buffer const> const span(&bytes, 1);
        Result<void> const written = co_await stream.write(span);
        if (!written) {
            co_return fail(written.error());
        }
    }
    auto const reader = make_response_reader(stream, 0);
    Result<HttpResponse> const answer = co_await reader->read(true);
    if (!answer) {
        co_return fail(answer.error());
    }
    if (answer->status < 200 || answer->status > 299) {
        co_return fail(refused_by(*proxy_, target, answer->status));
    }
    co_return Result<void>();
}

Task<Result<std::unique_ptr<HttpConnection>>>
Connector::dial(Origin origin, Deadline deadline, std::shared_ptr<void const> counted) {
    bool const proxied = proxy_ && !bypasses_proxy(origin.host, proxy_->no_proxy);
    Origin target = origin;
    if (proxied) {
        target = proxy_->proxy;
    }
    Result<std::unique_ptr<TcpStream>> stream = co_await connect(std::move(target), deadline);
    if (!stream) {
        co_return fail(stream.error());
    }
    if (!origin.is_tls()) {
        RequestForm form;
        if (proxied) {
            form = RequestForm(proxy_->authorization);
        }
        co_return std::make_unique<HttpConnection>(std::move(*stream), form, std::move(counted));
    }
    if (proxied) {
        Result<void> const opened = co_await open_tunnel(**stream, origin);
        if (!opened) {
            Error error = opened.error();
            co_return fail(std::move(error).with_not_sent());
        }
    }
    asio::ip::tcp::socket socket = (*stream)->release();
    Result<std::unique_ptr<ByteStream>> secured =
        co_await tls_.handshake(std::move(socket), origin.host, origin.port, deadline);
    if (!secured) {
        co_return fail(secured.error());
    }
    co_return std::make_unique<HttpConnection>(std::move(*secured), RequestForm(), std::move(counted));
}

} // namespace core
