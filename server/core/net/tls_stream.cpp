#include "core/net/tls_stream.hpp"

#include "core/check.hpp"
#include "core/net/linger.hpp"
#include "core/secret.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <utility>

namespace core {
namespace {

/// One TLS record with its header fits; a read of this size usually takes everything the kernel has.
constexpr std::size_t kInputBytes = 17U * 1024;
constexpr std::size_t kRecordBytes = 16U * 1024;

/// Parts smaller than a record are joined into one: a record and a system call each would cost more than the
/// copy.
class Gathered {
public:
    /// Of size 0 when there is nothing to join.
    explicit Gathered(std::size_t size)
        : bytes_(size != 0 ? std::make_unique_for_overwrite<char[]>(size) : nullptr) {}
    ~Gathered() { wipe(bytes_.get(), used_); } // may have held a credential
    Gathered(Gathered const&) = delete;
    Gathered& operator=(Gathered const&) = delete;
    void append(asio::const_buffer buffer) noexcept {
        if (buffer.size() != 0) { // an empty part has no address
            std::memcpy(bytes_.get() + used_, buffer.data(), buffer.size());
        }
        used_ += buffer.size();
    }
    char const* data() const noexcept { return bytes_.get(); }
    std::size_t size() const noexcept { return used_; }

private:
    std::unique_ptr<char[]> bytes_;
    std::size_t used_ = 0;
};

Task<Result<void>> failed(Error error) {
    co_return fail(std::move(error));
}

/// OpenSSL wants its error queue empty before each operation. It nearly always is, and clearing it all the
/// same walks over every place in it.
void clear_errors() noexcept {
    if (ERR_peek_error() != 0) {
        ERR_clear_error();
    }
}

} // namespace

/// The BIO between OpenSSL and a TlsStream.
struct TlsBio {
    static int write(BIO* bio, char const* bytes, std::size_t size, std::size_t* written) {
        auto* const stream = static_cast<TlsStream*>(BIO_get_data(bio));
        BIO_clear_retry_flags(bio);
        while (true) {
            ssize_t const sent = ::send(stream->socket_.fd(), bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent > 0) {
                stream->sent_ += static_cast<std::size_t>(sent);
                *written = static_cast<std::size_t>(sent);
                return 1;
            }
            if (errno == EINTR) {
                continue;
            }
            if (errno == EAGAIN) {
                BIO_set_retry_write(bio);
            } else {
                stream->socket_error_ = errno;
            }
            return 0;
        }
    }

    static int read(BIO* bio, char* bytes, std::size_t size, std::size_t* count) {
        auto* const stream = static_cast<TlsStream*>(BIO_get_data(bio));
        BIO_clear_retry_flags(bio);
        if (stream->input_begin_ == stream->input_end_ && stream->receive_directly_) {
            receive(*stream);
        }
        std::size_t const available = stream->input_end_ - stream->input_begin_;
        if (available == 0) {
            if (!stream->end_of_input_ && stream->socket_error_ == 0) {
                BIO_set_retry_read(bio);
            }
            return 0;
        }
        *count = std::min(size, available);
        std::memcpy(bytes, stream->input_.get() + stream->input_begin_, *count);
        stream->input_begin_ += *count;
        return 1;
    }

    static void receive(TlsStream& stream) {
        ssize_t const count = ::recv(stream.socket_.fd(), stream.input_.get(), kInputBytes, MSG_DONTWAIT);
        if (count > 0) {
            stream.input_begin_ = 0;
            stream.input_end_ = static_cast<std::size_t>(count);
        } else if (count == 0) {
            stream.end_of_input_ = true;
        } else if (errno != EAGAIN && errno != EINTR) {
            stream.socket_error_ = errno;
        }
    }

    static long control(BIO* bio, int command, long, void*) {
        switch (command) {
        case BIO_CTRL_FLUSH:
            return 1;
        case BIO_CTRL_EOF: {
            auto const* const stream = static_cast<TlsStream const*>(BIO_get_data(bio));
            return stream->end_of_input_ && stream->input_begin_ == stream->input_end_ ? 1 : 0;
        }
        default:
            return 0;
        }
    }

    static BIO_METHOD const* method() {
        static BIO_METHOD const* const made = [] {
            BIO_METHOD* const fresh = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket feed");
            ADOMCPD_CHECK(fresh != nullptr);
            BIO_meth_set_write_ex(fresh, write);
            BIO_meth_set_read_ex(fresh, read);
            BIO_meth_set_ctrl(fresh, control);
            return fresh;
        }();
        return made;
    }
};

TlsStream::TlsStream(asio::ip::tcp::socket socket, SslPtr ssl, std::shared_ptr<void const> context)
    : socket_(std::move(socket)), context_(std::move(context)),
      input_(std::make_unique_for_overwrite<char[]>(kInputBytes)), ssl_(std::move(ssl)) {
    BIO* const bio = BIO_new(TlsBio::method());
    ADOMCPD_CHECK(bio != nullptr);
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
}

TlsStream::~TlsStream() {
    if (open_ && socket_.fd() >= 0) {
        clear_errors();
        SSL_shutdown(ssl_.get()); // one send at most, never waits
        clear_errors();
    }
    // Freeing an SSL without a close_notify would mark its session as not resumable: wanted after a fatal
    // error of the protocol (OpenSSL has done it by then), not when a healthy connection is dropped.
    SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

/// OpenSSL could only answer that it wants to read.
bool TlsStream::needs_input() const noexcept {
    return open_ && input_begin_ == input_end_ && !end_of_input_ && socket_error_ == 0 &&
           SSL_get_shutdown(ssl_.get()) == 0 && SSL_has_pending(ssl_.get()) == 0;
}

void TlsStream::take_input(std::size_t count) noexcept {
    input_begin_ = 0;
    input_end_ = count;
    end_of_input_ = count == 0;
}

Task<Result<void>> TlsStream::feed() {
    Result<std::size_t> const count = co_await socket_.read_some(asio::buffer(input_.get(), kInputBytes));
    if (!count) {
        co_return fail(count.error());
    }
    take_input(*count);
    co_return Result<void>();
}

/// Does what OpenSSL waits for, so that the operation may be tried again.
Task<Result<void>> TlsStream::progress(int ssl_error) {
    if (ssl_error == SSL_ERROR_WANT_READ && input_begin_ == input_end_ && !end_of_input_) {
        return feed();
    }
    if (ssl_error == SSL_ERROR_WANT_WRITE) {
        return socket_.wait_writable();
    }
    return failed(error_of(ssl_error));
}

Error TlsStream::error_of(int ssl_error) {
    open_ = false;
    if (socket_error_ != 0) {
        return socket_.error_of(boost::system::error_code(socket_error_, boost::system::system_category()));
    }
    unsigned long const code = ERR_peek_error();
    if (end_of_input_ &&
        (ssl_error == SSL_ERROR_SYSCALL || ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING)) {
        return {ErrorKind::network, "the peer closed the connection without ending TLS"};
    }
    char const* const reason = ERR_reason_error_string(code);
    return {ErrorKind::tls, reason != nullptr ? std::string("TLS: ") + reason : std::string("TLS failed")};
}

Task<Result<void>> TlsStream::handshake() {
    while (true) {
        clear_errors();
        int const done = SSL_do_handshake(ssl_.get());
        if (done == 1) {
            open_ = true;
            co_return Result<void>();
        }
        Result<void> const progressed = co_await progress(SSL_get_error(ssl_.get(), done));
        if (!progressed) {
            co_return fail(progressed.error());
        }
    }
}

Task<Result<std::size_t>> TlsStream::read_some(asio::mutable_buffer buffer) {
    if (needs_input()) {
        Result<std::size_t> const received =
            co_await socket_.read_some(asio::buffer(input_.get(), kInputBytes));
        if (!received) {
            co_return fail(received.error());
        }
        take_input(*received);
    }
    while (true) {
        clear_errors();
        std::size_t count = 0;
        int const done = SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &count);
        if (done == 1) {
            co_return count;
        }
        int const ssl_error = SSL_get_error(ssl_.get(), done);
        if (ssl_error == SSL_ERROR_ZERO_RETURN) {
            co_return std::size_t{0};
        }
        Result<void> const progressed = co_await progress(ssl_error);
        if (!progressed) {
            co_return fail(progressed.error());
        }
    }
}

Task<Result<void>> TlsStream::write(std::span<asio::const_buffer const> buffers) {
    std::size_t const sent_before = sent_;
    std::size_t i = 0;
    while (i < buffers.size()) {
        // As many whole parts as one record takes; a longer part goes as it is.
        std::size_t joined = 0;
        std::size_t parts = 0;
        while (i + parts < buffers.size() && joined + buffers[i + parts].size() <= kRecordBytes) {
            joined += buffers[i + parts].size();
            ++parts;
        }
        Gathered record(parts > 1 ? joined : 0);
        for (std::size_t k = 0; parts > 1 && k < parts; ++k) {
            record.append(buffers[i + k]);
        }
        char const* const bytes = parts > 1 ? record.data() : static_cast<char const*>(buffers[i].data());
        std::size_t const size = parts > 1 ? record.size() : buffers[i].size();
        for (std::size_t done = 0; done < size;) {
            clear_errors();
            std::size_t count = 0;
            int const ok = SSL_write_ex(ssl_.get(), bytes + done, size - done, &count);
            if (ok == 1) {
                done += count;
                continue;
            }
            Result<void> const progressed = co_await progress(SSL_get_error(ssl_.get(), ok));
            if (!progressed) {
                Error error = progressed.error();
                co_return fail(std::move(error).with_not_sent(sent_ == sent_before));
            }
        }
        i += std::max<std::size_t>(parts, 1);
    }
    co_return Result<void>();
}

void TlsStream::set_deadline(Deadline deadline) {
    socket_.set_deadline(deadline);
}

/// Looks whether the peer sent or closed, without waiting. Messages of the protocol itself (session tickets)
/// are taken in.
TlsStream::Peeked TlsStream::peek() noexcept {
    if (needs_input()) {
        TlsBio::receive(*this);
        if (needs_input()) {
            return Peeked::nothing;
        }
    }
    clear_errors();
    receive_directly_ = true;
    char byte = 0;
    std::size_t count = 0;
    int const done = SSL_peek_ex(ssl_.get(), &byte, 1, &count);
    receive_directly_ = false;
    if (done == 1) {
        return Peeked::data;
    }
    int const ssl_error = SSL_get_error(ssl_.get(), done);
    clear_errors();
    return ssl_error == SSL_ERROR_WANT_READ ? Peeked::nothing : Peeked::closed;
}

bool TlsStream::peer_closed() noexcept {
    return socket_.fd() < 0 || peek() == Peeked::closed;
}

bool TlsStream::is_stale() noexcept {
    return !open_ || socket_.fd() < 0 || peek() != Peeked::nothing;
}

Task<void> TlsStream::close() {
    if (open_ && socket_.fd() >= 0) {
        open_ = false;
        clear_errors();
        SSL_shutdown(ssl_.get());
        clear_errors();
        socket_.shutdown_send();
        socket_.set_deadline(socket_.deadline().earlier(linger_deadline()));
        co_await socket_.drain(kLingerBytes);
    }
    socket_.close();
}

void TlsStream::abort() noexcept {
    open_ = false;
    socket_.close();
}

std::string TlsStream::peer() const {
    return socket_.peer();
}

} // namespace core
