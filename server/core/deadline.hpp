#pragma once

#include "core/clock.hpp"

#include <algorithm>
#include <chrono>

namespace core {

/// A point in steady time by which something must be done. Passed down by value; each layer may only shorten
/// it.
class Deadline {
public:
    static Deadline never() noexcept { return Deadline(SteadyTime::max()); }
    static Deadline at(SteadyTime when) noexcept { return Deadline(when); }
    static Deadline in(Clock const& clock, std::chrono::steady_clock::duration span) noexcept {
        return Deadline(clock.now() + span);
    }

    SteadyTime time() const noexcept { return when_; }
    bool is_never() const noexcept { return when_ == SteadyTime::max(); }
    bool passed(SteadyTime now) const noexcept { return now >= when_; }
    std::chrono::steady_clock::duration remaining(SteadyTime now) const noexcept {
        return is_never() ? std::chrono::steady_clock::duration::max()
                          : std::max(when_ - now, std::chrono::steady_clock::duration::zero());
    }
    Deadline earlier(Deadline other) const noexcept { return Deadline(std::min(when_, other.when_)); }

private:
    explicit Deadline(SteadyTime when) noexcept : when_(when) {}
    SteadyTime when_;
};

} // namespace core
