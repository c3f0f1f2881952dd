#include "auth/token_freshness.hpp"

#include <gtest/gtest.h>

#include <random>

namespace auth {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

core::SystemTime const kStart{seconds(1'795'392'000)};
core::SteadyTime const kSteadyStart{hours(1)};

TimePoint after(seconds steady, seconds system) {
    return {kSteadyStart + steady, kStart + system};
}
TimePoint after(seconds both) {
    return after(both, both);
}

seconds refresh_after(seconds life, std::optional<seconds> refresh_in, RefreshRule rule, double jitter) {
    core::SystemTime const at = choose_refresh_at(kStart, kStart + life, refresh_in, rule, jitter);
    return std::chrono::duration_cast<seconds>(at - kStart);
}

TEST(TokenRefreshTime, IsFiveMinutesBeforeExpiryLessJitter) {
    EXPECT_EQ(refresh_after(seconds(3600), {}, RefreshRule::buffer, 0.0), seconds(3300));
    EXPECT_EQ(refresh_after(seconds(3600), {}, RefreshRule::buffer, 0.5), seconds(3270));
}

TEST(TokenRefreshTime, FollowsRefreshInWhenGiven) {
    EXPECT_EQ(refresh_after(hours(24), hours(12), RefreshRule::buffer, 0.0), hours(12));
    EXPECT_EQ(refresh_after(hours(24), hours(12), RefreshRule::buffer, 0.5), hours(12) + seconds(150));
    // Nonsense beyond the token's life is ignored.
    EXPECT_EQ(refresh_after(seconds(3600), seconds(43200), RefreshRule::buffer, 0.0), seconds(3300));
    EXPECT_EQ(refresh_after(seconds(3600), seconds(0), RefreshRule::buffer, 0.0), seconds(3300));
}

TEST(TokenRefreshTime, IsHalfwayForLongLivedManagedIdentityTokens) {
    EXPECT_EQ(refresh_after(hours(24), {}, RefreshRule::half_of_long_life, 0.0), hours(12));
    EXPECT_EQ(refresh_after(hours(2), {}, RefreshRule::half_of_long_life, 0.0), hours(2) - minutes(5));
    EXPECT_EQ(refresh_after(hours(24), {}, RefreshRule::buffer, 0.0), hours(24) - minutes(5));
}

TEST(TokenRefreshTime, IsHalfwayForTokensTooShortForTheBuffer) {
    EXPECT_EQ(refresh_after(seconds(240), {}, RefreshRule::buffer, 0.0), seconds(120));
    EXPECT_EQ(refresh_after(seconds(0), {}, RefreshRule::buffer, 0.9), seconds(0));
}

TEST(TokenRefreshTime, NeverComesForTokensWithoutExpiry) {
    EXPECT_EQ(choose_refresh_at(kStart, core::SystemTime::max(), {}, RefreshRule::buffer, 0.3),
              core::SystemTime::max());
}

TEST(TokenRefreshTime, AlwaysLiesWithinTheTokensLife) {
    std::mt19937 random(7);
    std::uniform_real_distribution<double> unit(0.0, 1.0);
    for (int i = 0; i < 2000; ++i) {
        seconds const life(1 + static_cast<long long>(unit(random) * 100'000));
        std::optional<seconds> const refresh_in =
            unit(random) < 0.5 ? std::nullopt
                               : std::optional<seconds>(static_cast<long long>(unit(random) * 1e5));
        RefreshRule const rule = unit(random) < 0.5 ? RefreshRule::buffer : RefreshRule::half_of_long_life;
        seconds const at = refresh_after(life, refresh_in, rule, unit(random));
        EXPECT_GE(at, seconds(0));
        EXPECT_LE(at, life);
    }
}

TEST(TokenFreshness, GoesFromExpiredThroughFreshToRefreshSoonToExpired) {
    TokenFreshness freshness;
    EXPECT_EQ(freshness.judge(after(seconds(0)), seconds(60)), Freshness::expired);
    freshness.on_token(after(seconds(0)), kStart + seconds(3600), kStart + seconds(3300));
    EXPECT_EQ(freshness.judge(after(seconds(3299)), seconds(60)), Freshness::fresh);
    EXPECT_EQ(freshness.judge(after(seconds(3300)), seconds(60)), Freshness::refresh_soon);
    EXPECT_EQ(freshness.judge(after(seconds(3540)), seconds(60)), Freshness::refresh_soon);
    EXPECT_EQ(freshness.judge(after(seconds(3541)), seconds(60)), Freshness::expired);
    EXPECT_TRUE(freshness.usable(after(seconds(3599)), seconds(0)));
    EXPECT_FALSE(freshness.usable(after(seconds(3600)), seconds(0)));
}

TEST(TokenFreshness, BacksOffInPowersOfTwoUpToAMinute) {
    TokenFreshness freshness;
    seconds now(0);
    for (int const expected : {1, 2, 4, 8, 16, 32, 60, 60}) {
        freshness.on_failure(after(now).steady, std::nullopt);
        EXPECT_EQ(freshness.next_attempt(), kSteadyStart + now + seconds(expected));
        EXPECT_EQ(freshness.judge(after(now + seconds(expected) - seconds(1)), seconds(0)),
                  Freshness::backoff);
        now += seconds(expected);
        EXPECT_EQ(freshness.judge(after(now), seconds(0)), Freshness::expired);
    }
    freshness.on_token(after(now), kStart + now + hours(1), kStart + now + minutes(50));
    freshness.on_failure(after(now).steady, std::nullopt);
    EXPECT_EQ(freshness.next_attempt(), kSteadyStart + now + seconds(1)) << "a success starts the row over";
}

TEST(TokenFreshness, HonoursRetryAfterWithinASecondAndAnHour) {
    struct Row {
        seconds asked;
        seconds waited;
    };
    for (Row const row :
         {Row{seconds(0), seconds(1)}, Row{seconds(7), seconds(7)}, Row{hours(5), hours(1)}}) {
        TokenFreshness freshness;
        freshness.on_failure(kSteadyStart, row.asked);
        EXPECT_EQ(freshness.next_attempt(), kSteadyStart + row.waited);
    }
}

TEST(TokenFreshness, ServesAValidTokenWhileRefreshingIsHeldBack) {
    TokenFreshness freshness;
    freshness.on_token(after(seconds(0)), kStart + seconds(3600), kStart + seconds(3300));
    freshness.on_failure(after(seconds(3400)).steady, seconds(30));
    EXPECT_EQ(freshness.judge(after(seconds(3410)), seconds(60)), Freshness::backoff);
    EXPECT_TRUE(freshness.usable(after(seconds(3410)), seconds(60)));
    EXPECT_EQ(freshness.judge(after(seconds(3430)), seconds(60)), Freshness::refresh_soon);
}

TEST(TokenFreshness, HoldsARefusalForGoodOrUntilItsRecheck) {
    TokenFreshness freshness;
    freshness.on_refusal(kSteadyStart, std::nullopt);
    EXPECT_EQ(freshness.judge(after(hours(1000)), seconds(0)), Freshness::backoff);
    freshness.reset();
    freshness.on_refusal(kSteadyStart, seconds(120));
    EXPECT_EQ(freshness.judge(after(seconds(119)), seconds(0)), Freshness::backoff);
    EXPECT_EQ(freshness.judge(after(seconds(120)), seconds(0)), Freshness::expired);
}

TEST(TokenFreshness, DropsARejectedToken) {
    TokenFreshness freshness;
    freshness.on_token(after(seconds(0)), kStart + seconds(3600), kStart + seconds(3300));
    freshness.on_rejected();
    EXPECT_EQ(freshness.judge(after(seconds(1)), seconds(0)), Freshness::expired);
}

TEST(TokenFreshness, TrustsNeitherAClockSetBackNorOneThatStoodStill) {
    TokenFreshness freshness;
    freshness.on_token(after(seconds(0)), kStart + seconds(3600), kStart + seconds(3300));
    // System time set back by two hours: steady time knows better.
    EXPECT_EQ(freshness.judge(after(seconds(3601), seconds(-3600)), seconds(0)), Freshness::expired);
    // The machine slept: steady time stood still, system time knows better.
    EXPECT_EQ(freshness.judge(after(seconds(10), seconds(3601)), seconds(0)), Freshness::expired);
}

TEST(TokenFreshness, KeepsATokenWithoutExpiryForever) {
    TokenFreshness freshness;
    freshness.on_token(after(seconds(0)), core::SystemTime::max(), core::SystemTime::max());
    EXPECT_EQ(freshness.judge(after(hours(24 * 3650)), hours(1)), Freshness::fresh);
}

TEST(TokenFreshness, IsNeverUsableAfterExpiryWhateverHappened) {
    std::mt19937 random(11);
    std::uniform_int_distribution<int> event(0, 5);
    std::uniform_int_distribution<int> step(0, 900);
    for (int run = 0; run < 200; ++run) {
        TokenFreshness freshness;
        seconds now(0);
        std::optional<seconds> expires;
        for (int i = 0; i < 40; ++i) {
            now += seconds(step(random));
            switch (event(random)) {
            case 0:
                expires = now + seconds(step(random) * 4);
                freshness.on_token(after(now), kStart + *expires, kStart + now + (*expires - now) / 2);
                break;
            case 1:
                freshness.on_failure(after(now).steady, std::nullopt);
                break;
            case 2:
                freshness.on_refusal(after(now).steady, seconds(120));
                break;
            case 3:
                freshness.on_rejected();
                expires.reset();
                break;
            case 4:
                freshness.on_unkept_token();
                break;
            default:
                break;
            }
            bool const alive = expires && now < *expires;
            EXPECT_EQ(freshness.usable(after(now), seconds(0)), alive);
            Freshness const verdict = freshness.judge(after(now), seconds(0));
            if (verdict == Freshness::fresh || verdict == Freshness::refresh_soon) {
                EXPECT_TRUE(alive);
            }
            if (verdict == Freshness::expired) {
                EXPECT_FALSE(alive);
            }
        }
    }
}

} // namespace
} // namespace auth
