#pragma once

#include "core/task.hpp"

#include <chrono>
#include <string>

namespace core {

using SteadyTime = std::chrono::steady_clock::time_point;
using SystemTime = std::chrono::system_clock::time_point;

/// Time as a dependency. Steady time for intervals and deadlines, system time only for what the outside dates
/// (expiry of tokens, records). Tests drive a ManualClock.
class Clock {
public:
    virtual ~Clock() = default;
    virtual SteadyTime now() const noexcept = 0;
    virtual SystemTime system_now() const noexcept = 0;
    /// Completes at `when` (at once if it has passed). Cancellation (terminal) ends the wait early.
    virtual Task<void> sleep_until(SteadyTime when) = 0;

    Task<void> sleep_for(std::chrono::steady_clock::duration span) { return sleep_until(now() + span); }
};

class SystemClock final : public Clock {
public:
    SteadyTime now() const noexcept override;
    SystemTime system_now() const noexcept override;
    Task<void> sleep_until(SteadyTime when) override;
};

/// `2026-11-23T04:12:00Z`
std::string format_utc(SystemTime time);

} // namespace core
