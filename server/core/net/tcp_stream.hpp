#pragma once

#include "core/net/stream.hpp"
#include "core/net/watched_socket.hpp"

namespace core {

/// Internal to core: the concrete type is needed where a connection changes from plain to TLS (CONNECT).
class TcpStream final : public ByteStream {
public:
    explicit TcpStream(asio::ip::tcp::socket socket);

    /// Opens the socket; on error the stream is dead.
    Task<Result<void>> connect(asio::ip::tcp::endpoint endpoint) { return socket_.connect(endpoint); }
    asio::ip::tcp::socket release() { return socket_.release(); }

    Task<Result<std::size_t>> read_some(asio::mutable_buffer buffer) override;
    Task<Result<void>> write(std::span<asio::const_buffer const> buffers) override;
    void set_deadline(Deadline deadline) override;
    bool peer_closed() noexcept override;
    bool is_stale() noexcept override;
    Task<void> close() override;
    void abort() noexcept override;
    std::string peer() const override;

private:
    WatchedSocket socket_;
};

} // namespace core
