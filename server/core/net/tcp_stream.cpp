#include "core/net/tcp_stream.hpp"

#include "core/net/linger.hpp"
#include "core/net/tls.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/socket.h>
#include <sys/uio.h>
#include <utility>

namespace core {
namespace {

constexpr std::size_t kMaxParts = 16;

boost::system::error_code last_error() noexcept {
    return {errno, boost::system::system_category()};
}

/// The parts of `buffers` behind the first `done` bytes.
std::size_t
gather(std::span<asio::const_buffer const> buffers, std::size_t done, std::array<iovec, kMaxParts>& parts) {
    std::size_t count = 0;
    for (asio::const_buffer const& buffer : buffers) {
        if (done >= buffer.size()) {
            done -= buffer.size();
            continue;
        }
        if (count == kMaxParts) {
            break;
        }
        asio::const_buffer const rest = buffer + done;
        done = 0;
        // iovec serves both directions and therefore has no const; sendmsg only reads.
        parts[count++] = {const_cast<void*>(rest.data()), rest.size()};
    }
    return count;
}

} // namespace

TcpStream::TcpStream(asio::ip::tcp::socket socket) : socket_(std::move(socket)) {}

Task<Result<std::size_t>> TcpStream::read_some(asio::mutable_buffer buffer) {
    return socket_.read_some(buffer);
}

Task<Result<void>> TcpStream::write(std::span<asio::const_buffer const> buffers) {
    std::size_t const total = asio::buffer_size(buffers);
    std::size_t done = 0;
    // The kernel nearly always takes a request at once: no trip through the event loop then.
    while (done < total) {
        std::array<iovec, kMaxParts> parts{};
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = gather(buffers, done, parts);
        ssize_t const sent = ::sendmsg(socket_.fd(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) {
            done += static_cast<std::size_t>(sent);
            continue;
        }
        if (errno == EINTR) {
            continue;
        }
        if (errno != EAGAIN) {
            co_return fail(socket_.error_of(last_error()).with_not_sent(done == 0));
        }
        Result<void> const writable = co_await socket_.wait_writable();
        if (!writable) {
            Error error = writable.error();
            co_return fail(std::move(error).with_not_sent(done == 0));
        }
    }
    co_return Result<void>();
}

void TcpStream::set_deadline(Deadline deadline) {
    socket_.set_deadline(deadline);
}

bool TcpStream::peer_closed() noexcept {
    char byte = 0;
    ssize_t const count = ::recv(socket_.fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR);
}

bool TcpStream::is_stale() noexcept {
    char byte = 0;
    ssize_t const count = ::recv(socket_.fd(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return count >= 0 || (errno != EAGAIN);
}

Task<void> TcpStream::close() {
    socket_.shutdown_send();
    socket_.set_deadline(socket_.deadline().earlier(linger_deadline()));
    co_await socket_.drain(kLingerBytes);
    socket_.close();
}

void TcpStream::abort() noexcept {
    socket_.close();
}

std::string TcpStream::peer() const {
    return socket_.peer();
}

std::unique_ptr<ByteStream> make_tcp_stream(asio::ip::tcp::socket socket) {
    return std::make_unique<TcpStream>(std::move(socket));
}

} // namespace core
