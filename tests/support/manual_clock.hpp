#pragma once

#include "core/async.hpp"
#include "core/clock.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace test {

/// Time that stands still until the test moves it. Steady time starts at the real steady time, so that a
/// deadline made from this clock is also sane for real sockets and timers (which know only real time and
/// never fire early).
///
/// Sleepers are coroutines: advance() makes the due ones ready, they run with the next turn of the loop.
///
///     test::Loop loop;
///     test::ManualClock clock;
///     auto call = loop.spawn(thing.refresh_later(clock));
///     loop.poll();                              // runs up to the sleep
///     clock.advance(std::chrono::minutes(5));   // the sleeper is due ...
///     loop.poll();                              // ... and runs on
///     EXPECT_TRUE(call.done());
class ManualClock final : public core::Clock {
public:
    ManualClock() = default;
    explicit ManualClock(core::SystemTime system_start) : system_start_(system_start) {}

    core::SteadyTime now() const noexcept override { return start_ + passed(); }
    core::SystemTime system_now() const noexcept override {
        return system_start_ + std::chrono::duration_cast<core::SystemTime::duration>(passed());
    }

    core::Task<void> sleep_until(core::SteadyTime when) override {
        if (now() >= when) {
            co_return;
        }
        Sleeper sleeper(sleepers_, when);
        bool const due = co_await sleeper.due.wait(core::Deadline::never());
        static_cast<void>(due);
    }

    void advance(std::chrono::steady_clock::duration span) {
        passed_.fetch_add(span.count());
        for (Sleeper* const sleeper : *sleepers_) {
            if (now() >= sleeper->when) {
                sleeper->due.set();
            }
        }
    }

    /// How many coroutines sleep, those already due not counted.
    std::size_t sleeping() const noexcept {
        return static_cast<std::size_t>(
            std::count_if(sleepers_->begin(), sleepers_->end(), [](Sleeper* s) { return !s->due.is_set(); }));
    }

private:
    struct Sleeper {
        Sleeper(std::shared_ptr<std::vector<Sleeper*>> all_, core::SteadyTime when_)
            : all(std::move(all_)), when(when_) {
            all->push_back(this);
        }
        ~Sleeper() { std::erase(*all, this); }
        Sleeper(Sleeper const&) = delete;
        Sleeper& operator=(Sleeper const&) = delete;

        std::shared_ptr<std::vector<Sleeper*>> all; ///< a sleeper dies with the loop, perhaps after the clock
        core::SteadyTime when;
        core::Event due;
    };

    std::chrono::steady_clock::duration passed() const noexcept {
        return std::chrono::steady_clock::duration(passed_.load());
    }

    core::SteadyTime const start_ = std::chrono::steady_clock::now();
    core::SystemTime const system_start_ =
        core::SystemTime(std::chrono::seconds(1'795'392'000)); // 2026-11-23
    std::atomic<std::chrono::steady_clock::duration::rep> passed_{0};
    std::shared_ptr<std::vector<Sleeper*>> sleepers_ = std::make_shared<std::vector<Sleeper*>>();
};

} // namespace test
