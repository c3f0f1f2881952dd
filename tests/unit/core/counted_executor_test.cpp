#include "core/counted_executor.hpp"

#include "core/async.hpp"
#include "support/run_coro.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gtest/gtest.h>

namespace {

namespace asio = boost::asio;

core::Task<void> wait_for(core::Event* event) {
    co_await event->wait(core::Deadline::never());
}

TEST(CountedExecutor, CountsADetachedCoroutineUntilItsEnd) {
    test::Loop loop;
    core::WorkCount count;
    core::Event go;
    auto const executor = count.executor(loop.executor());
    EXPECT_EQ(count.outstanding(), 0U);
    asio::co_spawn(executor, wait_for(&go), asio::detached);
    asio::co_spawn(executor, wait_for(&go), asio::detached);
    loop.poll();
    EXPECT_GE(count.outstanding(), 2U);
    go.set();
    loop.poll();
    EXPECT_EQ(count.outstanding(), 0U);
}

TEST(CountedExecutor, DoesNotCountWhoeverOnlyHoldsIt) {
    test::Loop loop;
    core::WorkCount count;
    auto const executor = count.executor(loop.executor());
    asio::steady_timer timer(executor);
    auto const copy = executor;
    EXPECT_EQ(copy, executor);
    EXPECT_EQ(count.outstanding(), 0U);
}

TEST(CountedExecutor, RunsWhatIsPostedOnTheLoop) {
    test::Loop loop;
    core::WorkCount count;
    bool ran = false;
    asio::post(count.executor(loop.executor()), [&ran] { ran = true; });
    EXPECT_FALSE(ran);
    loop.poll();
    EXPECT_TRUE(ran);
    EXPECT_EQ(count.outstanding(), 0U);
}

} // namespace
