#pragma once

#include "core/deadline.hpp"
#include "core/net/stream.hpp"
#include "core/result.hpp"
#include "core/task.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace core {

/// TLS towards upstreams: TLS 1.2 or later, SNI, the peer's certificate verified against the system's store
/// plus an optional private CA, host name checked. There is no switch to turn verification off. Keeps one
/// session per origin for resumption (TLS 1.3 tickets are used once).
class TlsClient {
public:
    virtual ~TlsClient() = default;
    /// Takes a connected socket. On error the socket is closed. `host` is the name to verify (may be an IP
    /// address).
    virtual Task<Result<std::unique_ptr<ByteStream>>>
    handshake(asio::ip::tcp::socket socket, std::string host, std::uint16_t port, Deadline deadline) = 0;
    /// How many handshakes resumed a session; for tests and metrics.
    virtual std::size_t resumed() const noexcept = 0;
    virtual std::size_t handshakes() const noexcept = 0;
};

/// `ca_file`: PEM, trusted beside the system's store. Fails when it cannot be read or holds no certificate.
/// Reads files: call at start-up or on the blocking pool.
Result<std::unique_ptr<TlsClient>> make_tls_client(std::optional<std::string> const& ca_file);

/// TLS towards the one peer whose certificate has this SHA-1 thumbprint (40 hexadecimal digits, colons and
/// spaces between them ignored), whatever its name, issuer and dates: how Service Fabric tells who answers at
/// its managed identity endpoint. No other peer passes. Fails with invalid_argument for what is no
/// thumbprint.
Result<std::unique_ptr<TlsClient>> make_pinned_tls_client(std::string_view sha1_thumbprint);

/// TLS for our own listener. reload() swaps the certificate for connections to come; open ones keep theirs.
class TlsServer {
public:
    virtual ~TlsServer() = default;
    virtual Task<Result<std::unique_ptr<ByteStream>>> handshake(asio::ip::tcp::socket socket,
                                                                Deadline deadline) = 0;
    /// Reads the files again (blocking). On error the old certificate stays.
    virtual Result<void> reload() = 0;
};

Result<std::unique_ptr<TlsServer>> make_tls_server(std::string certificate_file, std::string key_file);

/// A plain TCP stream over a connected socket.
std::unique_ptr<ByteStream> make_tcp_stream(asio::ip::tcp::socket socket);

} // namespace core
