#pragma once

#include <string>

namespace protocol {

/// The HTTP response of one request, should it become an event stream. The front implements it; without a
/// call of write() the response is plain.
class ReplyChannel {
public:
    virtual ~ReplyChannel() = default;
    /// Queues bytes of the stream. The first call sends the head: 200 and text/event-stream. False when they
    /// can no longer be taken: the peer is gone, or reads too slowly and was dropped.
    virtual bool write(std::string bytes) = 0;
    /// True from the first write() on.
    virtual bool opened() const noexcept = 0;
    /// False when the peer is gone or was dropped, or finish() was called.
    virtual bool writable() const noexcept = 0;
    /// Ends the response after what is queued, while the request goes on being worked on.
    virtual void finish() = 0;
};

/// For callers that take plain answers only.
class ClosedChannel final : public ReplyChannel {
public:
    bool write(std::string) override { return false; }
    bool opened() const noexcept override { return false; }
    bool writable() const noexcept override { return false; }
    void finish() override {}
};

} // namespace protocol
