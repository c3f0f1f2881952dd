#include "auth/token_freshness.hpp"

#include <algorithm>

namespace auth {
namespace {

using std::chrono::seconds;

core::SystemTime::duration scaled(core::SystemTime::duration span, double factor) noexcept {
    return std::chrono::duration_cast<core::SystemTime::duration>(
        std::chrono::duration<double, core::SystemTime::period>(static_cast<double>(span.count()) * factor));
}

core::SteadyTime to_steady(TimePoint now, core::SystemTime when) noexcept {
    // Far dates (SystemTime::max() for "never") would overflow.
    constexpr std::chrono::hours kFar{24 * 365 * 100};
    if (when >= now.system + kFar) {
        return core::SteadyTime::max();
    }
    return now.steady + std::chrono::duration_cast<core::SteadyTime::duration>(when - now.system);
}

template <class Time>
bool lasts(Time now, Time end, seconds min_ttl) noexcept {
    return end == Time::max() || (now < end && end - now >= min_ttl);
}

} // namespace

core::SystemTime choose_refresh_at(core::SystemTime requested_at,
                                   core::SystemTime expires_at,
                                   std::optional<seconds> refresh_in,
                                   RefreshRule rule,
                                   double jitter) noexcept {
    if (expires_at == core::SystemTime::max()) {
        return core::SystemTime::max();
    }
    auto const life = expires_at - requested_at;
    if (life <= core::SystemTime::duration::zero()) {
        return requested_at;
    }
    // Half the life is the floor for short tokens and the ceiling of what a late refresh_in may ask for them.
    auto const latest = life >= 2 * kRefreshBuffer ? life - kRefreshBuffer : life / 2;
    core::SystemTime::duration after = latest;
    if (refresh_in && *refresh_in > seconds::zero() && *refresh_in < life) {
        auto const asked = std::chrono::duration_cast<core::SystemTime::duration>(*refresh_in);
        core::SystemTime::duration const spread =
            std::min<core::SystemTime::duration>(kRefreshBuffer, asked / 10);
        after = std::min(latest, asked + scaled(spread, jitter));
    } else if (rule == RefreshRule::half_of_long_life && life > kLongLife) {
        after = life / 2 - scaled(life / 20, jitter);
    } else {
        core::SystemTime::duration const spread =
            std::min<core::SystemTime::duration>(seconds(60), latest / 10);
        after = latest - scaled(spread, jitter);
    }
    return requested_at + after;
}

void TokenFreshness::on_token(TimePoint now,
                              core::SystemTime expires_at,
                              core::SystemTime refresh_at) noexcept {
    has_token_ = true;
    expires_at_ = expires_at;
    refresh_at_ = refresh_at;
    steady_expires_at_ = to_steady(now, expires_at);
    steady_refresh_at_ = to_steady(now, refresh_at);
    on_unkept_token();
}

void TokenFreshness::on_unkept_token() noexcept {
    failures_ = 0;
    next_attempt_ = core::SteadyTime::min();
}

void TokenFreshness::on_failure(core::SteadyTime now,
                                std::optional<seconds> retry_after,
                                double jitter) noexcept {
    core::SteadyTime::duration pause = kLongestBackoff;
    if (retry_after) {
        pause = std::clamp(*retry_after, kShortestRetryAfter, kLongestRetryAfter);
    } else {
        if (failures_ < 6) {
            pause = std::min(kLongestBackoff, seconds(1LL << failures_));
        }
        // Many daemons that lost the same authority at the same moment must not come back at the same moment.
        pause -= std::chrono::duration_cast<core::SteadyTime::duration>(
            std::chrono::duration<double>(std::chrono::duration<double>(pause).count() * jitter / 5));
    }
    failures_ = std::min(failures_ + 1, 1000);
    next_attempt_ = now + pause;
}

void TokenFreshness::on_refusal(core::SteadyTime now, std::optional<seconds> recheck) noexcept {
    failures_ = std::min(failures_ + 1, 1000);
    next_attempt_ = recheck ? now + *recheck : core::SteadyTime::max();
}

bool TokenFreshness::usable(TimePoint now, seconds min_ttl) const noexcept {
    return has_token_ && lasts(now.system, expires_at_, min_ttl) &&
           lasts(now.steady, steady_expires_at_, min_ttl);
}

Freshness TokenFreshness::judge(TimePoint now, seconds min_ttl) const noexcept {
    bool const held_back = now.steady < next_attempt_;
    if (usable(now, min_ttl)) {
        bool const due = now.system >= refresh_at_ || now.steady >= steady_refresh_at_;
        if (!due) {
            return Freshness::fresh;
        }
        return held_back ? Freshness::backoff : Freshness::refresh_soon;
    }
    return held_back ? Freshness::backoff : Freshness::expired;
}

} // namespace auth
