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
/// The service itself delays by no more than this.
constexpr milliseconds kLongestDelay{30'000};
/// Between requests when the budget is used up: nobody says until when, or it is too long to wait.
constexpr milliseconds kExhaustedPause{1'000};
constexpr milliseconds kResetTooFarPause{5'000};
constexpr std::size_t kResourceBytes = 64;

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

std::string in_seconds(std::chrono::steady_clock::duration span) {
    return std::to_string(std::chrono::ceil<std::chrono::seconds>(span).count()) + " s";
}

std::string asked_by(std::string_view field, milliseconds span, ThrottleSignal const& signal) {
    std::string text(field);
    text += ": " + in_seconds(span);
    if (signal.status != 0) {
        text += ", with HTTP " + std::to_string(signal.status);
    }
    if (!signal.resource.empty()) {
        text += ", resource " + signal.resource;
    }
    return text;
}

core::Error no_place() {
    return core::Error(core::ErrorKind::timeout,
                       "timed out while waiting for a place among this organization's requests "
                       "(limits.organization_calls)")
        .with_code("no_place_in_time")
        .with_fix("Make fewer calls at a time.")
        .with_not_sent();
}

void prolong(ThrottleGate::Pause& pause, core::SteadyTime until, core::SteadyTime now, std::string asked) {
    if (until > pause.until) {
        pause.until = until;
        pause.asked_at = now;
        pause.asked = std::move(asked);
    }
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
    if (signal.retry_after || signal.delay || signal.exhausted) {
        auto const resource = headers.get("X-RateLimit-Resource").value_or(std::string_view());
        for (char const c : resource.substr(0, kResourceBytes)) {
            signal.resource += c > ' ' && c < '\x7f' ? c : ' ';
        }
    }
    return signal;
}

void ThrottleGate::observe(ThrottleSignal const& signal, core::SteadyTime now) {
    if (signal.retry_after && *signal.retry_after > milliseconds::zero()) {
        milliseconds const pause = std::min<milliseconds>(*signal.retry_after, kLongestPause);
        prolong(binding_, now + pause, now, asked_by("Retry-After", pause, signal));
    }
    milliseconds slow = std::min(signal.delay.value_or(milliseconds::zero()), kLongestDelay);
    if (signal.exhausted) {
        slow = std::max(slow, signal.reset_in ? kResetTooFarPause : kExhaustedPause);
        if (signal.reset_in && *signal.reset_in > milliseconds::zero()) {
            std::string asked =
                asked_by("X-RateLimit-Remaining: 0, X-RateLimit-Reset", *signal.reset_in, signal);
            prolong(reset_, now + *signal.reset_in, now, std::move(asked));
        }
    }
    slow = std::min(slow, signal.reset_in.value_or(slow));
    if (slow > milliseconds::zero()) {
        prolong(slow_, now + slow, now, asked_by("X-RateLimit-Delay", slow, signal));
    }
}

ThrottleGate::Decision ThrottleGate::ask(core::SteadyTime now, core::Deadline deadline) const {
    auto const fits = [&](Pause const& pause) {
        return pause.until - now <= wait_cap_ && !deadline.passed(pause.until);
    };
    Decision decision;
    if (binding_.until > now) {
        decision.until = binding_.until;
        decision.pause = &binding_;
        decision.action = fits(binding_) ? Action::wait : Action::refuse;
        if (decision.action == Action::refuse) {
            return decision;
        }
    }
    for (Pause const* const advice : {&reset_, &slow_}) {
        if (advice->until > std::max(now, binding_.until) && fits(*advice)) {
            decision.until = advice->until;
            decision.pause = advice;
            decision.action = Action::wait;
            break;
        }
    }
    return decision;
}

std::optional<core::SteadyTime> ThrottleGate::paused_until(core::SteadyTime now) const {
    core::SteadyTime const until = std::max({binding_.until, reset_.until, slow_.until});
    return until > now ? std::optional(until) : std::nullopt;
}

std::string Outage::describe() const {
    return "Azure DevOps (" + host + ") has not been answering since " + core::format_utc(since) + ": " +
           cause + ". Requests to it fail at once; the next one is tried at " + core::format_utc(next_try) +
           ".";
}

Throttle::Admission::~Admission() {
    if (probe_) {
        owner_->host_of(service_).breaker.abandoned();
    }
}

bool Throttle::Admission::answered() noexcept {
    return owner_->host_of(service_).breaker.succeeded(std::exchange(probe_, false));
}

bool Throttle::Admission::failed(std::string cause, std::string_view host) {
    Host& failing = owner_->host_of(service_);
    failing.name = host;
    return failing.breaker.failed(std::move(cause), owner_->clock_.now(), std::exchange(probe_, false));
}

Throttle::Throttle(core::Clock& clock, ThrottleLimits limits)
    : clock_(clock),
      limits_(limits), hosts_{Host(limits.breaker), Host(limits.breaker), Host(limits.breaker)},
      places_(limits.parallel, limits.queue) {}

ThrottleGate& Throttle::gate_of(std::string_view identity) {
    for (auto& [name, gate] : gates_) {
        if (name == identity) {
            return gate;
        }
    }
    return gates_.emplace_back(std::string(identity), ThrottleGate(limits_.wait_cap)).second;
}

core::Error
Throttle::paused(ThrottleGate::Decision const& decision, core::Deadline deadline, Lane lane) const {
    core::SteadyTime const now = clock_.now();
    auto const left = std::chrono::ceil<std::chrono::seconds>(decision.until - now);
    std::string text = "Azure DevOps asked for a pause of this organization's requests";
    if (!lane.identity.empty()) {
        text += " with method " + std::string(lane.identity);
    }
    text += " (" + decision.pause->asked + ", " + in_seconds(now - decision.pause->asked_at) +
            " ago): " + std::to_string(left.count()) + " s of it are left, ";
    text += deadline.passed(decision.until)
                ? "and this call has " + in_seconds(deadline.remaining(now))
                : "more than the " + in_seconds(limits_.wait_cap) + " of limits.retry_after_cap_ms";
    return core::Error(core::ErrorKind::rate_limited, std::move(text))
        .with_fix("Try again after the pause, with fewer calls at a time.")
        .with_code("throttled")
        .with_retry_after(left)
        .with_not_sent();
}

Outage Throttle::outage_of(Host const& host) const {
    core::SteadyTime const now = clock_.now();
    core::SystemTime const today = clock_.system_now();
    auto const shifted = [&](core::SteadyTime when) {
        return today + std::chrono::duration_cast<core::SystemTime::duration>(when - now);
    };
    Outage outage;
    outage.host = host.name;
    outage.cause = host.breaker.cause();
    outage.since = shifted(host.breaker.since());
    outage.next_try = shifted(std::max(now, host.breaker.next_try()));
    return outage;
}

core::Error Throttle::circuit_open(Host const& host) const {
    auto const left = std::chrono::ceil<std::chrono::seconds>(host.breaker.next_try() - clock_.now());
    auto const wait = std::max(left, std::chrono::seconds(1));
    return core::Error(core::ErrorKind::upstream, outage_of(host).describe())
        .with_fix(
            "Try again after that time; if it stays, look at https://status.dev.azure.com and at the way "
            "out of this machine.")
        .with_code("circuit_open")
        .with_retry_after(wait)
        .with_not_sent();
}

std::optional<Outage> Throttle::outage() const {
    for (Host const& host : hosts_) {
        if (host.breaker.state() != CircuitBreaker::State::closed) {
            return outage_of(host);
        }
    }
    return std::nullopt;
}

std::optional<core::SteadyTime> Throttle::paused_until() const {
    std::optional<core::SteadyTime> last;
    for (auto const& [name, gate] : gates_) {
        std::optional<core::SteadyTime> const until = gate.paused_until(clock_.now());
        last = until && (!last || *until > *last) ? until : last;
    }
    return last;
}

core::Task<core::Result<Throttle::Admission>> Throttle::enter(core::CallContext const& ctx, Lane lane) {
    using Action = ThrottleGate::Action;
    Host& host = host_of(lane.service);
    // Asked before queueing, so that an outage or a long pause is told at once and not after a wait for a
    // place.
    if (host.breaker.refuses(clock_.now())) {
        co_return core::fail(circuit_open(host));
    }
    ThrottleGate::Decision decision = gate_of(lane.identity).ask(clock_.now(), ctx.deadline);
    if (decision.action == Action::refuse) {
        co_return core::fail(paused(decision, ctx.deadline, lane));
    }
    core::Result<core::Semaphore::Permit> place = co_await places_.acquire(ctx.deadline);
    if (!place) {
        decision = gate_of(lane.identity).ask(clock_.now(), ctx.deadline);
        if (place.error().kind() == core::ErrorKind::timeout && decision.action == Action::refuse) {
            co_return core::fail(paused(decision, ctx.deadline, lane));
        }
        if (place.error().kind() == core::ErrorKind::timeout) {
            co_return core::fail(no_place());
        }
        co_return core::fail(std::move(place.error()).with_not_sent());
    }
    // Pauses are waited out while holding the place: the order of the queue stays, and nobody could use the
    // place anyway. An answer that arrives meanwhile may prolong the pause.
    for (;;) {
        decision = gate_of(lane.identity).ask(clock_.now(), ctx.deadline);
        if (decision.action == Action::go) {
            break;
        }
        if (decision.action == Action::refuse) {
            co_return core::fail(paused(decision, ctx.deadline, lane));
        }
        core::SteadyTime const until = decision.until;
        co_await clock_.sleep_until(until);
        auto const state = co_await core::asio::this_coro::cancellation_state;
        if (state.cancelled() != core::asio::cancellation_type::none) {
            co_return core::fail(core::Error(core::ErrorKind::cancelled,
                                             "cancelled while waiting for Azure DevOps' pause to end")
                                     .with_not_sent());
        }
    }
    CircuitBreaker::Admission const admitted = host.breaker.admit(clock_.now());
    if (admitted == CircuitBreaker::Admission::refuse) {
        co_return core::fail(circuit_open(host));
    }
    bool const probe = admitted == CircuitBreaker::Admission::probe;
    co_return Admission(*this, lane.service, probe, std::move(*place));
}

void Throttle::observe(core::HttpHeaders const& headers, std::string_view identity, int status) {
    ThrottleSignal signal = ThrottleSignal::read(headers, clock_.system_now());
    signal.status = status;
    if (signal.retry_after || signal.delay || signal.exhausted) {
        gate_of(identity).observe(signal, clock_.now());
    }
}

} // namespace ado
