#pragma once

#include "core/async.hpp"
#include "core/clock.hpp"
#include "protocol/change_hub.hpp"
#include "protocol/mcp_limits.hpp"
#include "protocol/reply_channel.hpp"
#include "protocol/version.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace protocol {

class LegacyStreams;

/// One event stream of a session. It outlives the connection that carries it: what was sent stays for a while
/// and can be fetched again with Last-Event-ID. One thread.
class LegacyStream {
public:
    /// `owner` outlives it.
    LegacyStream(LegacyStreams& owner, std::string id, std::string session, Revision revision);
    ~LegacyStream();
    LegacyStream(LegacyStream const&) = delete;
    LegacyStream& operator=(LegacyStream const&) = delete;

    /// From now on events go to `channel` as well, beginning with those after `sequence`. 0 = a new stream,
    /// which is primed where the client knows that (2025-11-25). Who comes later takes over: the response
    /// before is ended. The event is set when this channel carries the stream no longer.
    std::shared_ptr<core::Event> attach(ReplyChannel& channel, std::uint64_t sequence);
    void detach(ReplyChannel const& channel) noexcept;
    /// One message. False when nobody is connected; it is kept all the same.
    bool send(std::string_view message);
    /// Nothing more will come.
    void finish();
    /// Ends the response that carries it, where the client can come back for the rest.
    void release();

    /// It is the session's own (GET), not of a call: without a reader it is kept only for a while.
    void stand() noexcept { standing_ = true; }
    bool standing() const noexcept { return standing_; }
    /// What it tells of, as long as it is kept, with a reader or without: who comes back has missed nothing.
    void listen(std::unique_ptr<ChangeHub::Listener> ears) noexcept { ears_ = std::move(ears); }
    bool listening() const noexcept { return ears_ != nullptr; }

    std::string const& id() const noexcept { return id_; }
    std::string const& session() const noexcept { return session_; }
    bool connected() const noexcept { return channel_ != nullptr && channel_->writable(); }
    bool finished() const noexcept { return finished_; }
    /// Set when it is kept only for those who come back.
    std::optional<core::SteadyTime> unused_since() const noexcept { return unused_since_; }
    std::size_t bytes() const noexcept { return bytes_; }
    void forget_events() noexcept;

private:
    class Event {
    public:
        Event(std::uint64_t sequence_, std::string frame_) : sequence(sequence_), frame(std::move(frame_)) {}
        std::uint64_t sequence;
        std::string frame;
    };

    LegacyStreams& owner_;
    std::string id_;
    std::string session_;
    bool primes_;
    bool standing_ = false;
    ReplyChannel* channel_ = nullptr;
    std::deque<Event> events_;
    std::size_t bytes_ = 0;
    std::uint64_t sequence_ = 0;
    bool finished_ = false;
    std::shared_ptr<core::Event> carried_; ///< shared with the connection that waits for it
    std::unique_ptr<ChangeHub::Listener> ears_;
    std::optional<core::SteadyTime> unused_since_;
};

/// The streams that can be come back to. Bounded in events, bytes and age. One thread.
class LegacyStreams {
public:
    LegacyStreams(McpLimits const& limits, core::Clock& clock) : limits_(limits), clock_(clock) {}

    std::shared_ptr<LegacyStream> make(std::string const& session, Revision revision);
    /// The stream an event id names, if it is one of this session's and still here.
    std::shared_ptr<LegacyStream> find(std::string_view id, std::string_view session) const;
    /// Ends and forgets all of a session.
    void end_session(std::string_view session);
    void prune();
    std::size_t size() const noexcept { return streams_.size(); }
    std::size_t bytes() const noexcept { return bytes_; }

private:
    friend class LegacyStream;
    McpLimits const& limits_;
    core::Clock& clock_;
    std::unordered_map<std::string, std::shared_ptr<LegacyStream>> streams_; ///< shared with what writes them
    std::size_t bytes_ = 0;
};

} // namespace protocol
