#pragma once

#include "core/clock.hpp"

#include <chrono>
#include <optional>

/// When to use a token, when to renew it, when to leave the authority alone. Pure: time comes in, a verdict
/// goes out.
namespace auth {

/// Both clocks, read together. Steady time for intervals; system time only against what the outside dated.
class TimePoint {
public:
    TimePoint(core::SteadyTime steady_, core::SystemTime system_) : steady(steady_), system(system_) {}
    static TimePoint of(core::Clock const& clock) noexcept { return {clock.now(), clock.system_now()}; }

    core::SteadyTime steady;
    core::SystemTime system;
};

/// A token is renewed this long before it expires, when nobody says otherwise.
inline constexpr std::chrono::seconds kRefreshBuffer{300};
/// A token with less left is handed to whoever waits for it, but not kept.
inline constexpr std::chrono::seconds kShortestCachedLife{60};
/// Managed identity tokens that live longer than this are renewed at half their life.
inline constexpr std::chrono::hours kLongLife{2};
inline constexpr std::chrono::seconds kLongestBackoff{60};
inline constexpr std::chrono::seconds kShortestRetryAfter{1};
inline constexpr std::chrono::seconds kLongestRetryAfter{3600};

enum class RefreshRule {
    buffer,            ///< kRefreshBuffer before expiry
    half_of_long_life, ///< managed identity
};

/// `jitter` in [0, 1) spreads many daemons' renewals; the result always lies between request and expiry. A
/// token too short-lived for the buffer is renewed at half its life.
core::SystemTime choose_refresh_at(core::SystemTime requested_at,
                                   core::SystemTime expires_at,
                                   std::optional<std::chrono::seconds> refresh_in,
                                   RefreshRule rule,
                                   double jitter) noexcept;

enum class Freshness {
    fresh,        ///< use the token
    refresh_soon, ///< use it, and fetch a new one beside
    expired,      ///< no token that lasts: fetch and wait
    backoff,      ///< a fetch failed a moment ago: use the token if usable(), else the failure stands
};

class TokenFreshness {
public:
    /// A token was fetched; it is the current one now.
    void on_token(TimePoint now, core::SystemTime expires_at, core::SystemTime refresh_at) noexcept;
    /// A fetch worked but its token is not kept.
    void on_unkept_token() noexcept;
    /// A fetch failed for the moment: 1, 2, 4 … 60 s, up to a fifth less by `jitter` in [0, 1), or what the
    /// authority asked for.
    void on_failure(core::SteadyTime now,
                    std::optional<std::chrono::seconds> retry_after,
                    double jitter = 0.0) noexcept;
    /// A fetch was refused for good: not before `recheck`, never when nullopt.
    void on_refusal(core::SteadyTime now, std::optional<std::chrono::seconds> recheck) noexcept;
    /// The upstream refused the current token.
    void on_rejected() noexcept { has_token_ = false; }
    void reset() noexcept { *this = TokenFreshness(); }

    Freshness judge(TimePoint now, std::chrono::seconds min_ttl) const noexcept;
    /// There is a token and by both clocks it lives for at least `min_ttl` more.
    bool usable(TimePoint now, std::chrono::seconds min_ttl) const noexcept;
    /// No fetch before this point.
    core::SteadyTime next_attempt() const noexcept { return next_attempt_; }
    int failures() const noexcept { return failures_; }

private:
    bool has_token_ = false;
    int failures_ = 0;
    core::SystemTime expires_at_{};
    core::SystemTime refresh_at_{};
    /// The same moments in steady time: a system clock that is set back must not revive a token, and one that
    /// stops while the machine sleeps must not either, so the earlier of the two counts.
    core::SteadyTime steady_expires_at_{};
    core::SteadyTime steady_refresh_at_{};
    core::SteadyTime next_attempt_ = core::SteadyTime::min();
};

} // namespace auth
