#pragma once

#include "core/net/stream.hpp"
#include "core/net/watched_socket.hpp"

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <string>

namespace core {

struct SslFree {
    void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
};
using SslPtr = std::unique_ptr<SSL, SslFree>;

/// TLS over a socket, OpenSSL driven by hand: what came from the socket is fed to it through a BIO of our
/// own, what it writes goes straight to the socket. Against asio::ssl::stream this saves a copy each way and
/// two thirds of the memory of a connection, and allows to look for a peer's close (SSL_peek) without losing
/// bytes. Internal to core/net; made by the TlsClient and TlsServer.
class TlsStream final : public ByteStream {
public:
    /// `context` is kept alive as long as the stream: the SSL object's callbacks use it.
    TlsStream(asio::ip::tcp::socket socket, SslPtr ssl, std::shared_ptr<void const> context);
    ~TlsStream() override;
    TlsStream(TlsStream const&) = delete;
    TlsStream& operator=(TlsStream const&) = delete;

    /// Client or server side as the SSL object was set up. On error the stream is dead.
    Task<Result<void>> handshake();
    SSL* ssl() noexcept { return ssl_.get(); }

    Task<Result<std::size_t>> read_some(asio::mutable_buffer buffer) override;
    Task<Result<void>> write(std::span<asio::const_buffer const> buffers) override;
    void set_deadline(Deadline deadline) override;
    bool peer_closed() noexcept override;
    bool is_stale() noexcept override;
    Task<void> close() override;
    void abort() noexcept override;
    std::string peer() const override;

private:
    friend struct TlsBio;
    enum class Peeked { nothing, data, closed };

    bool needs_input() const noexcept;
    void take_input(std::size_t count) noexcept;
    Task<Result<void>> feed();
    Task<Result<void>> progress(int ssl_error);
    Peeked peek() noexcept;
    Error error_of(int ssl_error);

    WatchedSocket socket_;
    std::shared_ptr<void const> context_;
    std::unique_ptr<char[]> input_; ///< bytes from the socket that OpenSSL has not taken yet
    std::size_t input_begin_ = 0;
    std::size_t input_end_ = 0;
    std::size_t sent_ = 0; ///< bytes the kernel took, ever
    int socket_error_ = 0; ///< errno of the last failed send or recv
    bool end_of_input_ = false;
    bool receive_directly_ = false; ///< the BIO may ask the socket itself, without waiting
    bool open_ = false;             ///< handshake done, no fatal error since
    SslPtr ssl_;                    ///< last: its BIO points here
};

} // namespace core
