#pragma once

#include "protocol/reply_channel.hpp"
#include "support/sse_events.hpp"

#include <string>
#include <utility>
#include <vector>

namespace test {

/// The response of one exchange, should it become an event stream: keeps what was written.
class RecordingChannel final : public protocol::ReplyChannel {
public:
    bool write(std::string bytes) override {
        if (!writable()) {
            return false;
        }
        opened_ = true;
        text_ += bytes;
        frames.push_back(std::move(bytes));
        return true;
    }
    bool opened() const noexcept override { return opened_; }
    bool writable() const noexcept override { return !broken_ && !finished_; }
    void finish() override { finished_ = finished_ || opened_; }

    /// The peer is gone.
    void break_off() noexcept { broken_ = true; }
    bool finished() const noexcept { return finished_; }
    std::string const& text() const noexcept { return text_; }
    SseReader read() const { return SseReader(text_); }
    std::vector<SseEvent> events() const { return read().events; }

    std::vector<std::string> frames; ///< one for each write()

private:
    std::string text_;
    bool opened_ = false;
    bool finished_ = false;
    bool broken_ = false;
};

} // namespace test
