#pragma once

#include "ado/circuit_breaker.hpp"
#include "ado/service.hpp"
#include "core/async.hpp"
#include "core/call_context.hpp"
#include "core/clock.hpp"
#include "core/deadline.hpp"
#include "core/http/http_message.hpp"
#include "core/result.hpp"
#include "core/task.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ado {

class ThrottleLimits {
public:
    std::size_t parallel = 32;                  ///< requests in flight, per organization
    std::size_t queue = 512;                    ///< waiting for a place; one more is overloaded
    std::chrono::milliseconds wait_cap{30'000}; ///< the longest pause that is waited out
    BreakerLimits breaker;
};

/// What an answer said about our rate of use.
class ThrottleSignal {
public:
    std::optional<std::chrono::milliseconds> retry_after; ///< on any status: pause before the next request
    std::optional<std::chrono::milliseconds> delay;       ///< X-RateLimit-Delay: we are being slowed already
    bool exhausted = false;                               ///< X-RateLimit-Remaining is 0
    std::optional<std::chrono::milliseconds> reset_in;    ///< X-RateLimit-Reset, from now
    std::string resource; ///< X-RateLimit-Resource; only read where the others say something
    int status = 0;       ///< of the answer that said so

    static ThrottleSignal read(core::HttpHeaders const& headers, core::SystemTime now);
};

/// When the next request of one identity to one organization may leave. Sans-io: answers go in through
/// observe(), ask() says what to do.
class ThrottleGate {
public:
    explicit ThrottleGate(std::chrono::milliseconds wait_cap) : wait_cap_(wait_cap) {}

    /// A time before which nothing should be sent, and who asked for that.
    class Pause {
    public:
        core::SteadyTime until = core::SteadyTime::min();
        core::SteadyTime asked_at{};
        std::string asked; ///< `Retry-After: 120 s, with HTTP 429`
    };
    enum class Action { go, wait, refuse };
    class Decision {
    public:
        Action action = Action::go;
        core::SteadyTime until{};     ///< for wait and refuse: end of the pause
        Pause const* pause = nullptr; ///< for wait and refuse; valid until the next observe()
    };

    void observe(ThrottleSignal const& signal, core::SteadyTime now);
    Decision ask(core::SteadyTime now, core::Deadline deadline) const;
    /// End of the pause that is in force, if one is.
    std::optional<core::SteadyTime> paused_until(core::SteadyTime now) const;

private:
    std::chrono::milliseconds wait_cap_;
    Pause binding_; ///< Retry-After
    // X-RateLimit-*: advice, waited for where there is time, never a reason to refuse.
    Pause reset_; ///< until the budget that is used up is whole again
    Pause slow_;  ///< where there is no time for that
};

/// Which way a request takes: limits of rate hold for an identity, outages for a host. The views outlive its
/// use.
class Lane {
public:
    Lane() = default;
    Lane(Service service_, std::string_view host_, std::string_view identity_)
        : service(service_), host(host_), identity(identity_) {}
    Service service = Service::core;
    std::string_view host;
    std::string_view identity;
};

/// A host of the organization's that does not answer.
class Outage {
public:
    std::string host;
    std::string cause;
    core::SystemTime since;
    core::SystemTime next_try; ///< in the past: now
    std::string describe() const;
};

/// Gates, bounded parallelism and circuit breakers, shared by all clients of one organization. One thread.
class Throttle : public std::enable_shared_from_this<Throttle> {
public:
    /// `clock` outlives the throttle.
    Throttle(core::Clock& clock, ThrottleLimits limits);

    /// The right to send one request. Say how it ended with answered() or failed(), unless that is not known.
    class Admission {
    public:
        Admission(Throttle& owner, Service service, bool probe, core::Semaphore::Permit place) noexcept
            : owner_(&owner), service_(service), probe_(probe), place_(std::move(place)) {}
        Admission(Admission&& other) noexcept
            : owner_(other.owner_), service_(other.service_), probe_(std::exchange(other.probe_, false)),
              place_(std::move(other.place_)) {}
        Admission& operator=(Admission&&) = delete;
        ~Admission();
        /// This request decides whether others are sent: it is not repeated.
        bool is_probe() const noexcept { return probe_; }
        /// Gives the place to the next one.
        void release() noexcept { place_.release(); }
        /// True when the host counts as answering again.
        bool answered() noexcept;
        /// True when requests to the host fail at once from now on.
        bool failed(std::string cause, std::string_view host);

    private:
        Throttle* owner_;
        Service service_;
        bool probe_;
        core::Semaphore::Permit place_;
    };

    /// Waits for a place and for a pause to end. Fails at once with rate_limited (and retry_after) when the
    /// pause lasts longer than the deadline or the cap allow, with upstream (circuit_open) while the host
    /// does not answer, with overloaded when the queue is full; timeout; cancelled. The throttle outlives the
    /// admission. `ctx` outlives the task.
    core::Task<core::Result<Admission>> enter(core::CallContext const& ctx, Lane lane = Lane());
    /// What an answer to a request of `identity` says of rates.
    void observe(core::HttpHeaders const& headers, std::string_view identity = {}, int status = 0);

    std::size_t in_flight() const noexcept { return places_.in_use(); }
    std::optional<core::SteadyTime> paused_until() const;
    std::optional<Outage> outage() const;

private:
    class Host {
    public:
        explicit Host(BreakerLimits limits) : breaker(limits) {}
        CircuitBreaker breaker;
        std::string name; ///< set with a failure
    };

    ThrottleGate& gate_of(std::string_view identity);
    Host& host_of(Service service) noexcept { return hosts_[static_cast<std::size_t>(service)]; }
    Outage outage_of(Host const& host) const;
    core::Error circuit_open(Host const& host) const;
    core::Error paused(ThrottleGate::Decision const& decision, core::Deadline deadline, Lane lane) const;

    core::Clock& clock_;
    ThrottleLimits limits_;
    std::vector<std::pair<std::string, ThrottleGate>> gates_; ///< by identity; mostly one
    std::array<Host, kServices> hosts_;
    core::Semaphore places_;
};

} // namespace ado
