#pragma once

#include "core/net/stream.hpp"

#include <cstddef>
#include <unordered_set>

namespace server {

/// The connections of a listener, each idle (between requests) or busy, so that a drain can close the idle
/// ones at once and let the busy ones finish. One thread.
class SessionRegistry {
public:
    /// A connection's membership, owned by its coroutine. The registry outlives it.
    class Session {
    public:
        explicit Session(SessionRegistry& registry);
        ~Session();
        Session(Session const&) = delete;
        Session& operator=(Session const&) = delete;

        /// What drain closes; `stream` must stay until detach() or the session's end.
        void attach(core::ByteStream& stream) noexcept { stream_ = &stream; }
        void detach() noexcept { stream_ = nullptr; }
        void set_idle(bool idle) noexcept { idle_ = idle; }
        /// True once the listener drains: answer with `Connection: close` and end.
        bool draining() const noexcept { return registry_.draining_; }

    private:
        friend class SessionRegistry;
        SessionRegistry& registry_;
        core::ByteStream* stream_ = nullptr;
        bool idle_ = false;
    };

    /// From now on sessions end with their current request; idle ones end now.
    void drain();
    /// Closes the streams of all that are left.
    void abort_all();
    std::size_t size() const noexcept { return sessions_.size(); }
    std::size_t idle() const noexcept;

private:
    std::unordered_set<Session*> sessions_;
    bool draining_ = false;
};

} // namespace server
