#include "ado/throttle.hpp"

#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <string>
#include <vector>

namespace {

using ado::Throttle;
using ado::ThrottleGate;
using ado::ThrottleLimits;
using ado::ThrottleSignal;
using Action = ado::ThrottleGate::Action;
using core::Deadline;
using core::ErrorKind;
using std::chrono::milliseconds;
using std::chrono::seconds;

core::HttpHeaders headers(std::vector<std::pair<std::string, std::string>> const& fields) {
    core::HttpHeaders out;
    for (auto const& [name, value] : fields) {
        out.add(name, value);
    }
    return out;
}

core::SteadyTime const kStart = core::SteadyTime(std::chrono::hours(1000));
core::SystemTime const kToday = core::SystemTime(seconds(1'795'392'000));

ThrottleSignal retry_after(milliseconds wait) {
    ThrottleSignal signal;
    signal.retry_after = wait;
    return signal;
}

TEST(ThrottleSignal, ReadsTheServiceHeaders) {
    ThrottleSignal const signal = ThrottleSignal::read(headers({{"Retry-After", "12"},
                                                                {"X-RateLimit-Delay", "1.250"},
                                                                {"X-RateLimit-Remaining", "0"},
                                                                {"X-RateLimit-Reset", "1795392030"}}),
                                                       kToday);
    EXPECT_EQ(signal.retry_after, seconds(12));
    EXPECT_EQ(signal.delay, milliseconds(1250));
    EXPECT_TRUE(signal.exhausted);
    EXPECT_EQ(signal.reset_in, seconds(30));
}

TEST(ThrottleSignal, IgnoresNonsenseAndDistrustsHugeValues) {
    for (std::string const value : {"", "soon", "-1", "nan", "1e"}) {
        SCOPED_TRACE(value);
        ThrottleSignal const signal = ThrottleSignal::read(headers({{"X-RateLimit-Delay", value},
                                                                    {"X-RateLimit-Remaining", value},
                                                                    {"X-RateLimit-Reset", value}}),
                                                           kToday);
        EXPECT_FALSE(signal.delay);
        EXPECT_FALSE(signal.exhausted);
        EXPECT_FALSE(signal.reset_in);
    }
    ThrottleSignal const huge = ThrottleSignal::read(
        headers(
            {{"Retry-After", "999999999"}, {"X-RateLimit-Delay", "1e300"}, {"X-RateLimit-Reset", "1e18"}}),
        kToday);
    EXPECT_EQ(huge.retry_after, seconds(300));
    EXPECT_EQ(huge.delay, seconds(300));
    EXPECT_EQ(huge.reset_in, seconds(300));
}

TEST(ThrottleGate, LetsEverythingPassUntilToldOtherwise) {
    ThrottleGate gate(seconds(30));
    EXPECT_EQ(gate.ask(kStart, Deadline::never()).action, Action::go);
    gate.observe(ThrottleSignal(), kStart);
    gate.observe(retry_after(milliseconds(0)), kStart);
    EXPECT_EQ(gate.ask(kStart, Deadline::never()).action, Action::go);
    EXPECT_FALSE(gate.paused_until(kStart));
}

TEST(ThrottleGate, PausesForRetryAfter) {
    ThrottleGate gate(seconds(30));
    gate.observe(retry_after(seconds(10)), kStart);
    ThrottleGate::Decision const decision = gate.ask(kStart, Deadline::at(kStart + seconds(60)));
    EXPECT_EQ(decision.action, Action::wait);
    EXPECT_EQ(decision.until, kStart + seconds(10));
    EXPECT_EQ(gate.paused_until(kStart), kStart + seconds(10));
    EXPECT_EQ(gate.ask(kStart + seconds(10), Deadline::never()).action, Action::go);
}

TEST(ThrottleGate, RefusesAtOnceWhenThePauseOutlastsDeadlineOrCap) {
    ThrottleGate gate(seconds(30));
    gate.observe(retry_after(seconds(10)), kStart);
    EXPECT_EQ(gate.ask(kStart, Deadline::at(kStart + seconds(10))).action, Action::refuse);
    EXPECT_EQ(gate.ask(kStart, Deadline::at(kStart + seconds(11))).action, Action::wait);
    gate.observe(retry_after(seconds(31)), kStart);
    EXPECT_EQ(gate.ask(kStart, Deadline::never()).action, Action::refuse);
    EXPECT_EQ(gate.ask(kStart + seconds(1), Deadline::never()).action, Action::wait);
}

TEST(ThrottleGate, ALaterAnswerProlongsButNeverShortensAPause) {
    ThrottleGate gate(seconds(30));
    gate.observe(retry_after(seconds(10)), kStart);
    gate.observe(retry_after(seconds(2)), kStart);
    EXPECT_EQ(gate.paused_until(kStart), kStart + seconds(10));
    gate.observe(retry_after(seconds(10)), kStart + seconds(5));
    EXPECT_EQ(gate.paused_until(kStart), kStart + seconds(15));
}

TEST(ThrottleGate, SlowsDownWhenDelayedOrExhaustedButNeverRefusesForIt) {
    ThrottleGate delayed(seconds(30));
    ThrottleSignal signal;
    signal.delay = milliseconds(800);
    delayed.observe(signal, kStart);
    EXPECT_EQ(delayed.ask(kStart, Deadline::never()).until, kStart + milliseconds(800));
    EXPECT_EQ(delayed.ask(kStart, Deadline::at(kStart + milliseconds(500))).action, Action::go);

    ThrottleGate exhausted(seconds(30));
    ThrottleSignal empty;
    empty.exhausted = true;
    exhausted.observe(empty, kStart);
    EXPECT_EQ(exhausted.ask(kStart, Deadline::never()).action, Action::wait);

    ThrottleGate about_to_reset(seconds(30));
    empty.reset_in = milliseconds(100);
    about_to_reset.observe(empty, kStart);
    EXPECT_EQ(about_to_reset.ask(kStart, Deadline::never()).until, kStart + milliseconds(100));

    ThrottleGate long_delay(seconds(30));
    signal.delay = seconds(300);
    long_delay.observe(signal, kStart);
    EXPECT_EQ(long_delay.ask(kStart, Deadline::never()).until, kStart + seconds(30));
}

TEST(ThrottleGate, WaitsUntilTheBudgetIsWholeAgainWhereThereIsTime) {
    ThrottleGate gate(seconds(30));
    ThrottleSignal signal;
    signal.exhausted = true;
    signal.reset_in = seconds(20);
    gate.observe(signal, kStart);
    EXPECT_EQ(gate.ask(kStart, Deadline::at(kStart + seconds(55))).until, kStart + seconds(20));
    EXPECT_EQ(gate.ask(kStart, Deadline::at(kStart + seconds(10))).until, kStart + seconds(5));
    EXPECT_EQ(gate.ask(kStart + seconds(20), Deadline::never()).action, Action::go);

    ThrottleGate far(seconds(30));
    signal.reset_in = seconds(200);
    far.observe(signal, kStart);
    EXPECT_EQ(far.ask(kStart, Deadline::never()).until, kStart + seconds(5));
    EXPECT_EQ(far.ask(kStart + seconds(5), Deadline::never()).action, Action::go);
}

TEST(ThrottleGate, KeepsItsPromisesUnderRandomEvents) {
    std::mt19937 random(5);
    for (int round = 0; round < 200; ++round) {
        ThrottleGate gate(seconds(30));
        core::SteadyTime now = kStart;
        core::SteadyTime promised = kStart; // no request before this
        for (int step = 0; step < 50; ++step) {
            now += milliseconds(random() % 3000);
            if (random() % 3 == 0) {
                ThrottleSignal signal;
                if (random() % 2 == 0) {
                    signal.retry_after = milliseconds(random() % 60'000);
                    promised = std::max(promised, now + *signal.retry_after);
                }
                if (random() % 2 == 0) {
                    signal.delay = milliseconds(random() % 40'000);
                }
                signal.exhausted = random() % 2 == 0;
                gate.observe(signal, now);
            }
            auto const budget = milliseconds(random() % 60'000);
            ThrottleGate::Decision const decision = gate.ask(now, Deadline::at(now + budget));
            switch (decision.action) {
            case Action::go:
                ASSERT_GE(now, promised);
                break;
            case Action::wait:
                ASSERT_GT(decision.until, now);
                ASSERT_GE(decision.until, promised);
                ASSERT_LT(decision.until, now + budget);
                ASSERT_LE(decision.until - now, seconds(30));
                break;
            case Action::refuse:
                ASSERT_EQ(decision.until, promised);
                ASSERT_TRUE(promised - now > seconds(30) || promised >= now + budget);
                break;
            }
        }
    }
}

class ThrottleTest : public testing::Test {
protected:
    core::CallContext context(std::chrono::milliseconds budget) const {
        return {"request", Deadline::in(clock, budget)};
    }

    test::Loop loop;
    test::ManualClock clock;
};

TEST_F(ThrottleTest, WaitsOutAShortPause) {
    Throttle throttle(clock, ThrottleLimits());
    throttle.observe(headers({{"Retry-After", "3"}}));
    core::CallContext const ctx = context(seconds(20));
    auto entering = loop.spawn(throttle.enter(ctx));
    loop.poll();
    EXPECT_FALSE(entering.done());
    clock.advance(seconds(2));
    throttle.observe(headers({{"Retry-After", "3"}})); // prolonged meanwhile
    clock.advance(seconds(1));
    loop.poll();
    EXPECT_FALSE(entering.done());
    clock.advance(seconds(2));
    loop.poll();
    ASSERT_TRUE(entering.done());
    EXPECT_TRUE(entering.take());
}

TEST_F(ThrottleTest, RefusesALongPauseAtOnceAndSaysHowLong) {
    Throttle throttle(clock, ThrottleLimits());
    throttle.observe(headers({{"Retry-After", "20"}}));
    core::CallContext const ctx = context(seconds(10));
    auto const permit = loop.run(throttle.enter(ctx));
    ASSERT_FALSE(permit);
    EXPECT_EQ(permit.error().kind(), ErrorKind::rate_limited);
    EXPECT_EQ(permit.error().retry_after(), seconds(20));
    EXPECT_TRUE(permit.error().not_sent());
    EXPECT_EQ(throttle.in_flight(), 0U);
}

TEST_F(ThrottleTest, SaysWhoAskedForAPauseAndHowLongItIs) {
    Throttle throttle(clock, ThrottleLimits());
    throttle.observe(
        headers({{"Retry-After", "120"}, {"X-RateLimit-Resource", "Concurrency"}}), "oauth", 429);
    clock.advance(seconds(5));
    core::CallContext const ctx = context(seconds(10));
    auto const refused =
        loop.run(throttle.enter(ctx, ado::Lane(ado::Service::core, "dev.azure.com", "oauth")));
    ASSERT_FALSE(refused);
    EXPECT_EQ(
        refused.error().message(),
        "Azure DevOps asked for a pause of this organization's requests with method oauth (Retry-After: "
        "120 s, with HTTP 429, resource Concurrency, 5 s ago): 115 s of it are left, and this call has "
        "10 s");
}

TEST_F(ThrottleTest, APauseOfOneIdentityIsNoneOfAnother) {
    Throttle throttle(clock, ThrottleLimits());
    throttle.observe(headers({{"Retry-After", "120"}}), "oauth", 429);
    core::CallContext const ctx = context(seconds(10));
    EXPECT_TRUE(loop.run(throttle.enter(ctx, ado::Lane(ado::Service::core, "h", "pat"))));
    EXPECT_FALSE(loop.run(throttle.enter(ctx, ado::Lane(ado::Service::core, "h", "oauth"))));
    EXPECT_EQ(throttle.paused_until(), clock.now() + seconds(120));
}

TEST_F(ThrottleTest, RefusesAtOnceWhileAHostDoesNotAnswerAndSaysSinceWhen) {
    ThrottleLimits limits;
    limits.breaker.failures = 1;
    limits.breaker.open_for = seconds(10);
    Throttle throttle(clock, limits);
    core::CallContext const ctx = context(seconds(60));
    ado::Lane const search(ado::Service::search, "almsearch.dev.azure.com", "pat");
    {
        auto admission = loop.run(throttle.enter(ctx, search));
        ASSERT_TRUE(admission);
        EXPECT_TRUE(admission->failed("connection refused", search.host));
    }
    auto const refused = loop.run(throttle.enter(ctx, search));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), "circuit_open");
    EXPECT_EQ(refused.error().retry_after(), seconds(10));
    EXPECT_TRUE(refused.error().not_sent());
    std::string const since = core::format_utc(clock.system_now());
    std::string const next = core::format_utc(clock.system_now() + seconds(10));
    EXPECT_EQ(refused.error().message(),
              "Azure DevOps (almsearch.dev.azure.com) has not been answering since " + since +
                  ": connection refused. Requests to it fail at once; the next one is tried at " + next +
                  ".");
    // The other hosts are not concerned.
    EXPECT_TRUE(loop.run(throttle.enter(ctx, ado::Lane(ado::Service::core, "dev.azure.com", "pat"))));

    clock.advance(seconds(10));
    {
        auto probe = loop.run(throttle.enter(ctx, search));
        ASSERT_TRUE(probe);
        EXPECT_TRUE(probe->is_probe());
        EXPECT_FALSE(loop.run(throttle.enter(ctx, search))); // one at a time
        ASSERT_TRUE(throttle.outage());
        EXPECT_TRUE(probe->answered());
    }
    EXPECT_FALSE(throttle.outage());
    EXPECT_TRUE(loop.run(throttle.enter(ctx, search)));
}

TEST_F(ThrottleTest, AProbeThatIsCancelledMakesRoomForAnother) {
    ThrottleLimits limits;
    limits.breaker.failures = 1;
    limits.breaker.open_for = seconds(10);
    Throttle throttle(clock, limits);
    core::CallContext const ctx = context(seconds(60));
    {
        auto admission = loop.run(throttle.enter(ctx));
        ASSERT_TRUE(admission);
        EXPECT_TRUE(admission->failed("reset", "h"));
    }
    clock.advance(seconds(10));
    for (int round = 0; round < 2; ++round) {
        auto const probe = loop.run(throttle.enter(ctx));
        ASSERT_TRUE(probe);
        EXPECT_TRUE(probe->is_probe()); // and gone without an outcome
    }
}

TEST_F(ThrottleTest, BoundsParallelRequestsAndTheQueue) {
    ThrottleLimits limits;
    limits.parallel = 1;
    limits.queue = 1;
    Throttle throttle(clock, limits);
    core::CallContext const ctx = context(seconds(10));
    {
        auto first = loop.run(throttle.enter(ctx));
        ASSERT_TRUE(first);
        auto second = loop.spawn(throttle.enter(ctx));
        loop.poll();
        auto const third = loop.run(throttle.enter(ctx));
        ASSERT_FALSE(third);
        EXPECT_EQ(third.error().kind(), ErrorKind::overloaded);
        EXPECT_TRUE(third.error().not_sent());
        EXPECT_FALSE(second.done());
        first->release();
        loop.poll();
        ASSERT_TRUE(second.done());
        EXPECT_TRUE(second.take());
    }
    EXPECT_EQ(throttle.in_flight(), 0U);
}

TEST_F(ThrottleTest, GivesThePlaceBackWhenCancelledInAPause) {
    Throttle throttle(clock, ThrottleLimits());
    throttle.observe(headers({{"Retry-After", "5"}}));
    core::CallContext const ctx = context(seconds(20));
    auto entering = loop.spawn(throttle.enter(ctx));
    loop.poll();
    EXPECT_EQ(throttle.in_flight(), 1U);
    entering.cancel();
    loop.poll();
    ASSERT_TRUE(entering.done());
    EXPECT_EQ(throttle.in_flight(), 0U);
}

} // namespace
