#pragma once

#include "core/async.hpp"
#include "core/clock.hpp"
#include "core/net/stream.hpp"
#include "core/task_group.hpp"
#include "protocol/reply_channel.hpp"
#include "server/config/limits.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace server {

/// A response that is an event stream, written while its handler goes on. What cannot be written at once
/// waits in a bounded queue; a peer that reads too slowly is dropped. A quiet stream gets a comment now and
/// then, so that proxies keep it. While nothing is to be written it costs no more than this object.
class EventStream final : public protocol::ReplyChannel {
public:
    /// `make_head` is called for the first write(). `chunked`: HTTP/1.1. All referents outlive it; before it
    /// goes, ended() must have been waited for.
    EventStream(core::ByteStream& stream,
                core::Clock& clock,
                Limits const& limits,
                core::TaskGroup& writers,
                std::function<std::string()> make_head,
                bool chunked);
    EventStream(EventStream const&) = delete;
    EventStream& operator=(EventStream const&) = delete;

    bool write(std::string bytes) override;
    bool opened() const noexcept override { return opened_; }
    bool writable() const noexcept override { return !broken_ && !finishing_; }
    void finish() override;

    /// The peer went away: nothing more is written.
    void peer_gone() noexcept;
    /// Completes when no writer runs any more: all is written, or the stream broke.
    core::Task<void> ended();
    void tick(core::SteadyTime now);
    /// True when everything reached the socket.
    bool complete() const noexcept { return finishing_ && !broken_ && queue_.empty() && !writing_; }
    std::size_t bytes_written() const noexcept { return written_; }

private:
    void start_writer();
    static core::Task<void> write_queue(EventStream* self);
    void enqueue(std::string bytes);

    core::ByteStream& stream_;
    core::Clock& clock_;
    Limits const& limits_;
    core::TaskGroup& writers_;
    std::function<std::string()> make_head_;
    bool chunked_;
    bool opened_ = false;
    bool finishing_ = false;
    bool broken_ = false;
    bool writing_ = false;
    std::vector<std::string> queue_; ///< short; an idle stream holds no memory for it
    std::size_t queued_bytes_ = 0;
    std::size_t written_ = 0;
    core::SteadyTime last_write_{};
    std::shared_ptr<core::Event> idle_; ///< set when the writer that runs has ended
};

} // namespace server
