#include "core/single_flight.hpp"

#include "support/run_coro.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace {

using core::Deadline;
using core::Event;
using core::Result;
using core::SingleFlight;
using core::Task;

struct Source {
    Event gate;
    int fetches = 0;
    bool broken = false;
    bool throws = false;
};

Task<Result<std::string>> fetch_from(Source& source) {
    ++source.fetches;
    bool const open = co_await source.gate.wait(Deadline::never());
    EXPECT_TRUE(open);
    if (source.throws) {
        throw std::runtime_error("a bug");
    }
    if (source.broken) {
        co_return core::fail(core::ErrorKind::upstream, "refused");
    }
    co_return std::string("value");
}

class SingleFlightTest : public testing::Test {
protected:
    Task<Result<std::string>> get(Deadline deadline) {
        if (!flight.in_flight()) {
            SingleFlight<std::string>::Fetch fetch = [this] { return fetch_from(source); };
            flight.start(std::move(fetch));
        }
        return flight.join(deadline);
    }

    /// As a coroutine on the loop does it.
    static Task<Result<std::string>> start_and_join(SingleFlightTest& self) {
        Task<Result<std::string>> joined = self.get(Deadline::never());
        co_return co_await std::move(joined);
    }

    test::Loop loop;
    Source source;
    SingleFlight<std::string> flight{loop.executor(), [](std::string const& text) { return text; }};
};

TEST_F(SingleFlightTest, ManyCallersShareOneFetch) {
    std::vector<test::Loop::Spawned<Result<std::string>>> callers;
    for (int i = 0; i < 1000; ++i) {
        callers.push_back(loop.spawn(get(Deadline::never())));
    }
    loop.poll();
    source.gate.set();
    loop.poll();
    for (auto& caller : callers) {
        ASSERT_TRUE(caller.done());
        EXPECT_EQ(caller.take().value(), "value");
    }
    EXPECT_EQ(source.fetches, 1);
    EXPECT_FALSE(flight.in_flight());
}

TEST_F(SingleFlightTest, EveryCallerGetsTheErrorAndTheNextFetchIsNew) {
    source.broken = true;
    auto first = loop.spawn(get(Deadline::never()));
    auto second = loop.spawn(get(Deadline::never()));
    loop.poll();
    source.gate.set();
    loop.poll();
    EXPECT_EQ(first.take().error().message(), "refused");
    EXPECT_EQ(second.take().error().message(), "refused");
    source.broken = false;
    EXPECT_EQ(loop.run(get(Deadline::never())).value(), "value");
    EXPECT_EQ(source.fetches, 2);
}

TEST_F(SingleFlightTest, CancellingOneCallerLeavesTheFetchAndTheOthers) {
    auto leaver = loop.spawn(get(Deadline::never()));
    auto stayer = loop.spawn(get(Deadline::never()));
    loop.poll();
    leaver.cancel();
    loop.poll();
    ASSERT_TRUE(leaver.done());
    EXPECT_EQ(leaver.take().error().kind(), core::ErrorKind::cancelled);
    EXPECT_TRUE(flight.in_flight());
    source.gate.set();
    loop.poll();
    EXPECT_EQ(stayer.take().value(), "value");
}

TEST_F(SingleFlightTest, ACallersDeadlineEndsOnlyItsOwnWait) {
    Deadline const soon = Deadline::at(std::chrono::steady_clock::now() + std::chrono::milliseconds(5));
    Result<std::string> const late = loop.run(get(soon));
    ASSERT_FALSE(late.has_value());
    EXPECT_EQ(late.error().kind(), core::ErrorKind::timeout);
    EXPECT_TRUE(flight.in_flight());
    source.gate.set();
    EXPECT_EQ(loop.run(get(Deadline::never())).value(), "value");
    EXPECT_EQ(source.fetches, 1);
}

TEST_F(SingleFlightTest, AFetchThatNeverWaitsCanBeJoined) {
    source.gate.set();
    EXPECT_EQ(loop.run(start_and_join(*this)).value(), "value");
    EXPECT_EQ(source.fetches, 1);
}

TEST_F(SingleFlightTest, AnExceptionInTheFetchBecomesAnError) {
    source.throws = true;
    source.gate.set();
    Result<std::string> const result = loop.run(get(Deadline::never()));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().kind(), core::ErrorKind::internal);
}

TEST(SingleFlight, MayBeDestroyedWhileAFetchRuns) {
    test::Loop loop;
    Source source;
    auto flight = std::make_unique<SingleFlight<std::string>>(loop.executor(),
                                                              [](std::string const& text) { return text; });
    flight->start([&source] { return fetch_from(source); });
    loop.poll();
    flight.reset();
    source.gate.set();
    loop.poll();
    EXPECT_EQ(source.fetches, 1);
}

} // namespace
