#pragma once

#include "core/async.hpp"
#include "core/call_context.hpp"
#include "core/clock.hpp"
#include "core/deadline.hpp"
#include "core/http/http_message.hpp"
#include "core/result.hpp"
#include "core/task.hpp"

#include <chrono>
#include <cstddef>
#include <optional>

namespace ado {

class ThrottleLimits {
public:
    std::size_t parallel = 32;                  ///< requests in flight, per organization
    std::size_t queue = 512;                    ///< waiting for a place; one more is overloaded
    std::chrono::milliseconds wait_cap{30'000}; ///< the longest pause that is waited out
};

/// What an answer said about our rate of use.
class ThrottleSignal {
public:
    std::optional<std::chrono::milliseconds> retry_after; ///< on any status: pause before the next request
    std::optional<std::chrono::milliseconds> delay;       ///< X-RateLimit-Delay: we are being slowed already
    bool exhausted = false;                               ///< X-RateLimit-Remaining is 0
    std::optional<std::chrono::milliseconds> reset_in;    ///< X-RateLimit-Reset, from now

    static ThrottleSignal read(core::HttpHeaders const& headers, core::SystemTime now);
};

/// When the next request to one organization may leave. Sans-io: answers go in through observe(), ask() says
/// what to do.
class ThrottleGate {
public:
    explicit ThrottleGate(std::chrono::milliseconds wait_cap) : wait_cap_(wait_cap) {}

    enum class Action { go, wait, refuse };
    class Decision {
    public:
        Action action = Action::go;
        core::SteadyTime until{}; ///< for wait and refuse: end of the pause
    };

    void observe(ThrottleSignal const& signal, core::SteadyTime now);
    Decision ask(core::SteadyTime now, core::Deadline deadline) const;
    /// End of the pause that is in force, if one is.
    std::optional<core::SteadyTime> paused_until(core::SteadyTime now) const;

private:
    std::chrono::milliseconds wait_cap_;
    core::SteadyTime hard_until_ = core::SteadyTime::min(); ///< Retry-After: binding
    core::SteadyTime soft_until_ =
        core::SteadyTime::min(); ///< X-RateLimit-*: advice, never a reason to refuse
};

/// The gate plus bounded parallelism, shared by all clients of one organization. One thread.
class Throttle {
public:
    /// `clock` outlives the throttle.
    Throttle(core::Clock& clock, ThrottleLimits limits);

    /// Waits for a place and for a pause to end. Fails at once with rate_limited (and retry_after) when the
    /// pause lasts longer than the deadline or the cap allow; overloaded when the queue is full; timeout;
    /// cancelled. The throttle outlives the permit. `ctx` outlives the task.
    core::Task<core::Result<core::Semaphore::Permit>> enter(core::CallContext const& ctx);
    void observe(core::HttpHeaders const& headers);

    std::size_t in_flight() const noexcept { return places_.in_use(); }
    std::optional<core::SteadyTime> paused_until() const { return gate_.paused_until(clock_.now()); }

private:
    core::Clock& clock_;
    ThrottleGate gate_;
    core::Semaphore places_;
};

} // namespace ado
