#pragma once

#include "core/clock.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>

namespace ado {

class BreakerLimits {
public:
    std::size_t failures = 20;                  ///< more than successes, within the window
    std::chrono::milliseconds window{60'000};   ///< how long a failure counts
    std::chrono::milliseconds open_for{10'000}; ///< then one request tries again
};

/// Whether requests to a host that does not answer are worth sending. Sans-io: outcomes go in, admit() says
/// what to do. A success makes up for one failure, so that a host that fails now and then stays open.
class CircuitBreaker {
public:
    explicit CircuitBreaker(BreakerLimits limits) : limits_(limits) {}

    enum class State { closed, open, half_open };
    enum class Admission { go, probe, refuse };

    State state() const noexcept { return state_; }
    /// Whether admit() would refuse now.
    bool refuses(core::SteadyTime now) const noexcept {
        return state_ == State::half_open || (state_ == State::open && now < next_try_);
    }
    /// A probe is one request that decides; its outcome must be told, or that it had none.
    Admission admit(core::SteadyTime now) noexcept;

    /// The host answered. True when this closed the circuit.
    bool succeeded(bool probe) noexcept;
    /// The host did not answer, or with an outage. True when this opened the circuit, or kept it open.
    bool failed(std::string cause, core::SteadyTime now, bool probe);
    /// A probe ended without an outcome (its caller went away): the next request is one.
    void abandoned() noexcept;

    /// While not closed:
    std::string const& cause() const noexcept { return cause_; }
    core::SteadyTime since() const noexcept { return since_; }
    core::SteadyTime next_try() const noexcept { return next_try_; }

private:
    BreakerLimits limits_;
    State state_ = State::closed;
    std::deque<core::SteadyTime> failures_; ///< oldest first; empty while all is well
    std::string cause_;
    core::SteadyTime since_{};
    core::SteadyTime next_try_{};
};

} // namespace ado
