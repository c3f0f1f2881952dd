#include "server/front/event_stream.hpp"

#include "core/log.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <utility>

namespace server {
namespace {

namespace asio = boost::asio;

std::string chunk_head(std::size_t size) {
    std::array<char, 2 * sizeof(size) + 2> text{};
    char* end = std::to_chars(text.data(), text.data() + text.size() - 2, size, 16).ptr;
    *end++ = '\r';
    *end++ = '\n';
    return {text.data(), end};
}

} // namespace

EventStream::EventStream(core::ByteStream& stream,
                         core::Clock& clock,
                         Limits const& limits,
                         core::TaskGroup& writers,
                         std::function<std::string()> make_head,
                         bool chunked)
    : stream_(stream), clock_(clock), limits_(limits), writers_(writers), make_head_(std::move(make_head)),
      chunked_(chunked) {}

void EventStream::enqueue(std::string bytes) {
    queued_bytes_ += bytes.size();
    queue_.push_back(std::move(bytes));
}

bool EventStream::write(std::string bytes) {
    if (!writable()) {
        return false;
    }
    if (!opened_) {
        opened_ = true;
        last_write_ = clock_.now();
        enqueue(make_head_());
    }
    // One event of any size passes, or a single large answer could never be sent.
    bool const full = queue_.size() >= limits_.stream_queue_events ||
                      (queued_bytes_ + bytes.size() > limits_.stream_queue_bytes && queue_.size() > 1);
    if (full) {
        core::log::info("http.slow_reader",
                        {{"peer", stream_.peer()}, {"events", queue_.size()}, {"bytes", queued_bytes_}});
        peer_gone();
        return false;
    }
    if (!bytes.empty()) {
        enqueue(chunked_ ? chunk_head(bytes.size()) + bytes + "\r\n" : std::move(bytes));
    }
    start_writer();
    return true;
}

void EventStream::finish() {
    if (!opened_ || finishing_ || broken_) {
        return;
    }
    if (chunked_) {
        enqueue("0\r\n\r\n");
    }
    finishing_ = true;
    start_writer();
}

void EventStream::peer_gone() noexcept {
    if (!broken_) {
        broken_ = true;
        stream_.abort(); // ends a write that waits for the peer
    }
}

void EventStream::tick(core::SteadyTime now) {
    if (opened_ && writable() && now - last_write_ >= limits_.stream_keep_alive_ms) {
        write(":\n\n");
    }
}

void EventStream::start_writer() {
    if (!std::exchange(writing_, true)) {
        idle_ = std::make_shared<core::Event>();
        writers_.spawn("http.events", write_queue(this));
    }
}

core::Task<void> EventStream::write_queue(EventStream* self) {
    std::shared_ptr<core::Event> const idle = self->idle_;
    while (!self->queue_.empty() && !self->broken_) {
        std::string bytes = std::move(self->queue_.front());
        std::size_t taken = 1;
        while (taken < self->queue_.size() && bytes.size() < 16U * 1024) {
            bytes += self->queue_[taken++];
        }
        if (taken == self->queue_.size()) {
            self->queue_ = {};
        } else {
            self->queue_.erase(self->queue_.begin(),
                               self->queue_.begin() + static_cast<std::ptrdiff_t>(taken));
        }
        self->stream_.set_deadline(core::Deadline::in(self->clock_, self->limits_.write_ms));
        asio::const_buffer const buffer = asio::buffer(bytes);
        std::span<asio::const_buffer const> const buffers(&buffer, 1);
        core::Result<void> const written = co_await self->stream_.write(buffers);
        self->queued_bytes_ -= std::min(self->queued_bytes_, bytes.size());
        self->written_ += bytes.size();
        self->last_write_ = self->clock_.now();
        if (!written) {
            core::log::info("http.write",
                            {{"peer", self->stream_.peer()}, {"error", core::describe(written.error())}});
            self->peer_gone();
        }
    }
    if (!self->broken_) {
        self->stream_.set_deadline(core::Deadline::never());
    }
    self->writing_ = false;
    idle->set();
}

core::Task<void> EventStream::ended() {
    while (writing_) {
        std::shared_ptr<core::Event> const idle = idle_;
        co_await idle->wait(core::Deadline::never());
    }
}

} // namespace server
