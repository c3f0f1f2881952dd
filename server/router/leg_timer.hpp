#pragma once

#include "core/clock.hpp"
#include "server/router/leg_walk.hpp"

#include <chrono>

namespace server {

/// Begins a leg; its time ends with the object. Internal to the walk.
class LegWalk::Timer {
public:
    Timer(core::Clock& clock, LegReport& report, std::string name, std::string title)
        : clock_(clock), report_(report), index_(report.legs.size()), begun_(clock.now()) {
        report.legs.emplace_back(std::move(name), std::move(title));
    }
    ~Timer() { leg().took = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - begun_); }
    Timer(Timer const&) = delete;
    Timer& operator=(Timer const&) = delete;
    /// By index: the report may have grown.
    Leg& leg() { return report_.legs[index_]; }

private:
    core::Clock& clock_;
    LegReport& report_;
    std::size_t index_;
    core::SteadyTime begun_;
};

} // namespace server
