#include "ado/circuit_breaker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <string>
#include <vector>

namespace {

using ado::BreakerLimits;
using ado::CircuitBreaker;
using State = CircuitBreaker::State;
using Admission = CircuitBreaker::Admission;
using std::chrono::milliseconds;
using std::chrono::seconds;

core::SteadyTime const kStart = core::SteadyTime(std::chrono::hours(1000));

BreakerLimits limits() {
    BreakerLimits limits;
    limits.failures = 3;
    limits.window = seconds(60);
    limits.open_for = seconds(10);
    return limits;
}

void fail(CircuitBreaker& breaker, int times, core::SteadyTime now) {
    for (int i = 0; i < times; ++i) {
        static_cast<void>(breaker.failed("HTTP 503", now, false));
    }
}

/// A breaker in each of its states; open since kStart.
CircuitBreaker in_state(State state) {
    CircuitBreaker breaker(limits());
    if (state != State::closed) {
        fail(breaker, 3, kStart);
    }
    if (state == State::half_open) {
        static_cast<void>(breaker.admit(kStart + seconds(10)));
    }
    EXPECT_EQ(breaker.state(), state);
    return breaker;
}

TEST(CircuitBreaker, GoesFromStateToStateByThisTable) {
    enum class Event { admit_early, admit_late, success, probe_success, failure, probe_failure, abandoned };
    struct Row {
        State from;
        Event event;
        State to;
    };
    std::vector<Row> const rows{
        {State::closed, Event::admit_early, State::closed},
        {State::closed, Event::success, State::closed},
        {State::closed, Event::failure, State::closed}, // the first of three
        {State::closed, Event::abandoned, State::closed},
        {State::open, Event::admit_early, State::open},
        {State::open, Event::admit_late, State::half_open},
        {State::open, Event::success, State::open}, // of a request from before
        {State::open, Event::failure, State::open},
        {State::open, Event::abandoned, State::open},
        {State::half_open, Event::admit_early, State::half_open},
        {State::half_open, Event::admit_late, State::half_open}, // one probe at a time
        {State::half_open, Event::success, State::half_open},
        {State::half_open, Event::failure, State::half_open},
        {State::half_open, Event::probe_success, State::closed},
        {State::half_open, Event::probe_failure, State::open},
        {State::half_open, Event::abandoned, State::open},
    };
    core::SteadyTime const later = kStart + seconds(10);
    for (Row const& row : rows) {
        SCOPED_TRACE(testing::Message() << static_cast<int>(row.from) << " " << static_cast<int>(row.event));
        CircuitBreaker breaker = in_state(row.from);
        bool changed = false;
        switch (row.event) {
        case Event::admit_early:
            EXPECT_EQ(breaker.admit(kStart + seconds(9)),
                      row.from == State::closed ? Admission::go : Admission::refuse);
            break;
        case Event::admit_late:
            EXPECT_EQ(breaker.admit(later),
                      row.from == State::half_open ? Admission::refuse : Admission::probe);
            break;
        case Event::success:
            changed = breaker.succeeded(false);
            break;
        case Event::probe_success:
            changed = breaker.succeeded(true);
            break;
        case Event::failure:
            changed = breaker.failed("reset", later, false);
            break;
        case Event::probe_failure:
            changed = breaker.failed("reset", later, true);
            break;
        case Event::abandoned:
            breaker.abandoned();
            break;
        }
        EXPECT_EQ(breaker.state(), row.to);
        bool const told = row.event == Event::probe_success || row.event == Event::probe_failure;
        EXPECT_EQ(changed, told);
    }
}

TEST(CircuitBreaker, OpensAtTheLastFailureOfAWindowAndSaysWhy) {
    CircuitBreaker breaker(limits());
    EXPECT_FALSE(breaker.failed("a", kStart, false));
    EXPECT_FALSE(breaker.failed("b", kStart + seconds(1), false));
    EXPECT_TRUE(breaker.failed("connection refused", kStart + seconds(2), false));
    EXPECT_EQ(breaker.cause(), "connection refused");
    EXPECT_EQ(breaker.since(), kStart + seconds(2));
    EXPECT_EQ(breaker.next_try(), kStart + seconds(12));
}

TEST(CircuitBreaker, ForgetsFailuresOlderThanTheWindow) {
    CircuitBreaker breaker(limits());
    fail(breaker, 2, kStart);
    EXPECT_FALSE(breaker.failed("late", kStart + seconds(60), false));
    EXPECT_EQ(breaker.state(), State::closed);
}

TEST(CircuitBreaker, SuccessesMakeUpForFailures) {
    CircuitBreaker breaker(limits());
    for (int i = 0; i < 100; ++i) {
        fail(breaker, 1, kStart);
        static_cast<void>(breaker.succeeded(false));
    }
    EXPECT_EQ(breaker.state(), State::closed);
    fail(breaker, 3, kStart);
    EXPECT_EQ(breaker.state(), State::open);
}

TEST(CircuitBreaker, AFailedProbeKeepsTheBeginningAndWaitsAgain) {
    CircuitBreaker breaker = in_state(State::half_open);
    EXPECT_TRUE(breaker.failed("still down", kStart + seconds(11), true));
    EXPECT_EQ(breaker.since(), kStart);
    EXPECT_EQ(breaker.cause(), "still down");
    EXPECT_EQ(breaker.next_try(), kStart + seconds(21));
    EXPECT_EQ(breaker.admit(kStart + seconds(20)), Admission::refuse);
    EXPECT_EQ(breaker.admit(kStart + seconds(21)), Admission::probe);
}

TEST(CircuitBreaker, AProbeWithoutAnOutcomeLeavesItsPlaceToTheNextRequest) {
    CircuitBreaker breaker = in_state(State::half_open);
    breaker.abandoned();
    EXPECT_EQ(breaker.admit(kStart + seconds(10)), Admission::probe);
}

TEST(CircuitBreaker, KeepsItsPromisesUnderRandomEvents) {
    std::mt19937 random(11);
    bool seen[3] = {};
    for (int round = 0; round < 300; ++round) {
        CircuitBreaker breaker(limits());
        core::SteadyTime now = kStart;
        std::vector<bool> running; // requests in flight, true = a probe
        for (int step = 0; step < 200; ++step) {
            now += milliseconds(random() % 4000);
            State const before = breaker.state();
            seen[static_cast<int>(before)] = true;
            bool const refuses = breaker.refuses(now);
            if (random() % 2 == 0) {
                Admission const admission = breaker.admit(now);
                ASSERT_EQ(admission == Admission::refuse, refuses);
                ASSERT_EQ(admission == Admission::go, before == State::closed);
                ASSERT_TRUE(admission != Admission::probe || now >= breaker.next_try());
                if (admission != Admission::refuse) {
                    running.push_back(admission == Admission::probe);
                }
            } else if (!running.empty()) {
                std::size_t const at = random() % running.size();
                bool const probe = running[at];
                running.erase(running.begin() + static_cast<std::ptrdiff_t>(at));
                switch (random() % 4) {
                case 0:
                    ASSERT_EQ(breaker.succeeded(probe), probe);
                    break;
                case 1:
                    if (probe) {
                        breaker.abandoned();
                    }
                    break;
                default:
                    static_cast<void>(breaker.failed("x", now, probe));
                }
            }
            // Only a probe's outcome ends an outage, and there is never more than one probe.
            ASSERT_EQ(std::count(running.begin(), running.end(), true),
                      breaker.state() == State::half_open ? 1 : 0);
            ASSERT_TRUE(breaker.state() == State::closed || !breaker.cause().empty());
        }
    }
    EXPECT_TRUE(seen[0] && seen[1] && seen[2]);
}

} // namespace
