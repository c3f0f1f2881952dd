#pragma once

#include "core/deadline.hpp"
#include "core/result.hpp"
#include "core/task.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <string>

namespace core {

/// A TCP socket whose operations end at a deadline, by closing the socket. Shared ground of the plain and the
/// TLS stream; internal to core/net.
///
/// One timer a socket, armed only when a deadline comes before what it is armed for: a keep-alive connection
/// whose deadline moves on with each request touches the timer queue about once per deadline, not once per
/// operation.
class WatchedSocket {
public:
    explicit WatchedSocket(asio::ip::tcp::socket socket);
    ~WatchedSocket();
    WatchedSocket(WatchedSocket const&) = delete;
    WatchedSocket& operator=(WatchedSocket const&) = delete;

    /// -1 once closed.
    int fd() const noexcept;
    void set_deadline(Deadline deadline) noexcept;
    Deadline deadline() const noexcept;
    /// At least one byte, 0 at the end of the stream.
    Task<Result<std::size_t>> read_some(asio::mutable_buffer buffer);
    Task<Result<void>> wait_writable();
    Task<Result<void>> connect(asio::ip::tcp::endpoint endpoint);
    /// Without the deadline: for watching a connection beside its use. False when cancelled or closed here.
    Task<bool> wait_readable();
    void close() noexcept;
    void shutdown_send() noexcept;
    /// Reads and drops what the peer still sends, until it closes, at most `most` bytes and not beyond the
    /// deadline: closing over unread bytes would reset the connection and could destroy an answer on its way.
    Task<void> drain(std::size_t most);
    std::string peer() const;
    /// Gives the socket away; nothing else may be called afterwards.
    asio::ip::tcp::socket release();

    /// What to tell about an operation that ended with `ec`.
    Error error_of(boost::system::error_code ec) const;

private:
    struct State;
    class Operation;
    std::shared_ptr<State> state_; ///< the timer's handler holds it weakly
};

} // namespace core
