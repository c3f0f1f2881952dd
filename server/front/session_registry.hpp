#pragma once

#include "core/clock.hpp"
#include "core/net/stream.hpp"
#include "core/task_group.hpp"

#include <cstddef>
#include <memory>
#include <unordered_set>

namespace server {

/// The connections of a listener, each idle (between requests) or busy, so that a drain can close the idle
/// ones at once and let the busy ones finish. One thread.
class SessionRegistry {
public:
    /// A request that takes its time, looked after from outside.
    class Slow {
    public:
        virtual ~Slow() = default;
        /// Called a few times a second.
        virtual void tick(core::SteadyTime now) = 0;
    };

    /// A connection's membership, owned by its coroutine. The registry outlives it.
    class Session {
    public:
        /// `task`: the coroutine that serves the connection, known once it was spawned.
        explicit Session(SessionRegistry& registry, std::shared_ptr<core::TaskGroup::Handle const> task = {});
        ~Session();
        Session(Session const&) = delete;
        Session& operator=(Session const&) = delete;

        /// What drain closes; `stream` must stay until detach() or the session's end.
        void attach(core::ByteStream& stream) noexcept { stream_ = &stream; }
        void detach() noexcept { stream_ = nullptr; }
        void set_idle(bool idle) noexcept { idle_ = idle; }
        /// Ticked from now on; nullptr ends it.
        void set_slow(Slow* slow) noexcept { slow_ = slow; }
        /// Cancels the connection's own coroutine (terminal): the peer is gone, nobody waits for what it
        /// does.
        void cancel() const {
            if (task_) {
                task_->cancel();
            }
        }
        /// True once the listener drains: answer with `Connection: close` and end.
        bool draining() const noexcept { return registry_.draining_; }

    private:
        friend class SessionRegistry;
        SessionRegistry& registry_;
        std::shared_ptr<core::TaskGroup::Handle const> task_; ///< shared with who spawned it
        Slow* slow_ = nullptr;
        core::ByteStream* stream_ = nullptr;
        bool idle_ = false;
    };

    /// From now on sessions end with their current request; idle ones end now.
    void drain();
    /// Closes the streams of all that are left.
    void abort_all();
    void tick(core::SteadyTime now);
    std::size_t size() const noexcept { return sessions_.size(); }
    std::size_t idle() const noexcept;

private:
    std::unordered_set<Session*> sessions_;
    bool draining_ = false;
};

} // namespace server
