#pragma once

#include "core/deadline.hpp"
#include "core/result.hpp"
#include "core/task.hpp"

#include <boost/asio/buffer.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace core {

/// A connected byte stream: TCP, TLS over TCP, or a scripted one in tests. One reader and one writer at a
/// time, on the thread that owns it. After a timeout, a cancellation or any error the stream is dead: close
/// or abort it, never reuse.
class ByteStream {
public:
    virtual ~ByteStream() = default;

    /// At least one byte, or 0 at the end of the stream. Fails with timeout, cancelled, network or tls.
    virtual Task<Result<std::size_t>> read_some(asio::mutable_buffer buffer) = 0;
    /// Writes everything, gathered. The buffers must outlive the task.
    virtual Task<Result<void>> write(std::span<asio::const_buffer const> buffers) = 0;
    /// Applies to every later operation, until set again. Default: never.
    virtual void set_deadline(Deadline deadline) = 0;
    /// True when the peer closed or reset, false while it is there or has sent something first. Does not
    /// block, takes nothing off the stream. Not beside read_some.
    virtual bool peer_closed() noexcept = 0;
    /// For an idle keep-alive connection: true when the peer closed, or sent bytes nobody asked for. Does not
    /// block.
    virtual bool is_stale() noexcept = 0;
    /// Orderly close (TLS close_notify), bounded by the deadline in force.
    virtual Task<void> close() = 0;
    /// Closes at once; a pending operation ends with cancelled or network.
    virtual void abort() noexcept = 0;
    /// `127.0.0.1:51234`, for logs.
    virtual std::string peer() const = 0;
};

} // namespace core
