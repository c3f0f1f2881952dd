#include "ado/throttle.hpp"

#include "core/http/retry.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

namespace ado {
namespace {

using std::chrono::milliseconds;

/// Beyond this a Retry-After is not believed: a hostile or broken value must not shut an organization out for
/// a day.
constexpr std::chrono::seconds kLongestPause{300};
/// The service delays at most 30 s itself; the advice in X-RateLimit-* slows us down by no more than this.
constexpr milliseconds kLongestSoftPause{5'000};
constexpr milliseconds kExhaustedPause{1'000};

std::optional<double> parse_number(std::string_view text) {
    double value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    // The comparison also refuses NaN.
    if (error != std::errc() || end != text.data() + text.size() || !(value >= 0)) {
        return std::nullopt;
    }
    return value;
}

milliseconds from_seconds(double seconds) {
    double const longest = static_cast<double>(kLongestPause.count());
    return milliseconds(static_cast<milliseconds::rep>(std::min(seconds, longest) * 1000.0));
}

core::Error paused(core::SteadyTime until, core::SteadyTime now) {
    auto const wait = std::chrono::ceil<std::chrono::seconds>(until - now);
    return core::Error(core::ErrorKind::rate_limited,
                       "Azure DevOps asked for a pause of " + std::to_string(wait.count()) +
                           " s before the next request to this organization")
        .with_fix("Try again after the pause, with fewer calls at a time.")
        .with_code("throttled")
        .with_retry_after(wait)
        .with_not_sent();
}

} // namespace

ThrottleSignal ThrottleSignal::read(core::HttpHeaders const& headers, core::SystemTime now) {
    ThrottleSignal signal;
    if (auto const value = headers.get("Retry-After")) {
        signal.retry_after = core::parse_retry_after(*value, now, kLongestPause);
    }
    if (auto const value = headers.get("X-RateLimit-Delay")) {
        if (std::optional<double> const seconds = parse_number(*value)) {
            signal.delay = from_seconds(*seconds);
        }
    }
    if (auto const value = headers.get("X-RateLimit-Remaining")) {
        std::optional<double> const remaining = parse_number(*value);
        signal.exhausted = remaining && *remaining <= 0;
    }
    if (auto const value = headers.get("X-RateLimit-Reset")) {
        if (std::optional<double> const at = parse_number(*value)) {
            double const from_now = *at - std::chrono::duration<double>(now.time_since_epoch()).count();
            signal.reset_in = from_seconds(std::max(from_now, 0.0));
        }
    }
    return signal;
}

void ThrottleGate::observe(ThrottleSignal const& signal, core::SteadyTime now) {
    if (signal.retry_after && *signal.retry_after > milliseconds::zero()) {
        milliseconds const pause = std::min<milliseconds>(*signal.retry_after, kLongestPause);
        hard_until_ = std::max(hard_until_, now + pause);
    }
    milliseconds pause = signal.delay.value_or(milliseconds::zero());
    if (signal.exhausted) {
        pause = std::max(pause, kExhaustedPause);
    }
    pause = std::min(pause, kLongestSoftPause);
    if (signal.reset_in) {
        pause = std::min(pause, *signal.reset_in);
    }
    if (pause > milliseconds::zero()) {
        soft_until_ = std::max(soft_until_, now + pause);
    }
}

ThrottleGate::Decision ThrottleGate::ask(core::SteadyTime now, core::Deadline deadline) const {
    Decision decision;
    if (hard_until_ > now) {
        decision.until = hard_until_;
        bool const too_long = hard_until_ - now > wait_cap_ || deadline.passed(hard_until_);
        decision.action = too_long ? Action::refuse : Action::wait;
        if (too_long) {
            return decision;
        }
    }
    if (soft_until_ > std::max(now, hard_until_) && !deadline.passed(soft_until_) &&
        soft_until_ - now <= wait_cap_) {
        decision.until = soft_until_;
        decision.action = Action::wait;
    }
    return decision;
}

std::optional<core::SteadyTime> ThrottleGate::paused_until(core::SteadyTime now) const {
    core::SteadyTime const until = std::max(hard_until_, soft_until_);
    return until > now ? std::optional(until) : std::nullopt;
}

Throttle::Throttle(core::Clock& clock, ThrottleLimits limits)
    : clock_(clock), gate_(limits.wait_cap), places_(limits.parallel, limits.queue) {}

core::Task<core::Result<core::Semaphore::Permit>> Throttle::enter(core::CallContext const& ctx) {
    // Asked before queueing, so that a long pause is told at once and not after a wait for a place.
    ThrottleGate::Decision decision = gate_.ask(clock_.now(), ctx.deadline);
    if (decision.action == ThrottleGate::Action::refuse) {
        co_return core::fail(paused(decision.until, clock_.now()));
    }
    core::Result<core::Semaphore::Permit> place = co_await places_.acquire(ctx.deadline);
    if (!place) {
        decision = gate_.ask(clock_.now(), ctx.deadline);
        if (place.error().kind() == core::ErrorKind::timeout &&
            decision.action == ThrottleGate::Action::refuse) {
            co_return core::fail(paused(decision.until, clock_.now()));
        }
        co_return core::fail(std::move(place.error()).with_not_sent());
    }
    // Pauses are waited out while holding the place: the order of the queue stays, and nobody could use the
    // place anyway. An answer that arrives meanwhile may prolong the pause.
    for (;;) {
        decision = gate_.ask(clock_.now(), ctx.deadline);
        if (decision.action == ThrottleGate::Action::go) {
            co_return std::move(*place);
        }
        if (decision.action == ThrottleGate::Action::refuse) {
            co_return core::fail(paused(decision.until, clock_.now()));
        }
        co_await clock_.sleep_until(decision.until);
        auto const state = co_await core::asio::this_coro::cancellation_state;
        if (state.cancelled() != core::asio::cancellation_type::none) {
            co_return core::fail(core::Error(core::ErrorKind::cancelled,
                                             "cancelled while waiting for Azure DevOps' pause to end")
                                     .with_not_sent());
        }
    }
}

void Throttle::observe(core::HttpHeaders const& headers) {
    gate_.observe(ThrottleSignal::read(headers, clock_.system_now()), clock_.now());
}

} // namespace ado
