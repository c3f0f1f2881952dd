#include "core/async.hpp"

#include "core/task_group.hpp"
#include "support/log_capture.hpp"
#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"
#include "support/scripted_http_client.hpp"
#include "support/scripted_stream.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>
#include <vector>

namespace {

using core::Deadline;
using core::Event;
using core::Result;
using core::Semaphore;
using core::Task;
using test::Loop;

core::Deadline soon() {
    return Deadline::at(std::chrono::steady_clock::now() + std::chrono::milliseconds(1));
}

TEST(Event, WaitReturnsAtOnceWhenSet) {
    Event event;
    event.set();
    EXPECT_TRUE(test::run_coro(event.wait(Deadline::never())));
}

TEST(Event, SetWakesEveryWaiter) {
    Loop loop;
    Event event;
    auto first = loop.spawn(event.wait(Deadline::never()));
    auto second = loop.spawn(event.wait(Deadline::never()));
    loop.poll();
    EXPECT_FALSE(first.done());
    event.set();
    loop.poll();
    ASSERT_TRUE(first.done() && second.done());
    EXPECT_TRUE(first.take());
    EXPECT_TRUE(second.take());
}

TEST(Event, WaitEndsAtTheDeadline) {
    Event event;
    EXPECT_FALSE(test::run_coro(event.wait(soon())));
}

TEST(Event, CancellingAWaiterLeavesTheOthers) {
    Loop loop;
    Event event;
    auto cancelled = loop.spawn(event.wait(Deadline::never()));
    auto other = loop.spawn(event.wait(Deadline::never()));
    loop.poll();
    cancelled.cancel();
    loop.poll();
    ASSERT_TRUE(cancelled.done());
    EXPECT_FALSE(cancelled.take());
    EXPECT_FALSE(other.done());
    event.set();
    loop.poll();
    EXPECT_TRUE(other.take());
}

TEST(Event, DestroyingItEndsTheWait) {
    Loop loop;
    auto event = std::make_unique<Event>();
    auto waiter = loop.spawn(event->wait(Deadline::never()));
    loop.poll();
    event.reset();
    loop.poll();
    ASSERT_TRUE(waiter.done());
    EXPECT_FALSE(waiter.take());
}

TEST(Event, WaitersMayDieWithTheLoop) {
    Event event;
    {
        Loop loop;
        auto waiter = loop.spawn(event.wait(Deadline::never()));
        loop.poll();
        EXPECT_FALSE(waiter.done());
    }
    event.set(); // touches no dead waiter
    EXPECT_TRUE(event.is_set());
}

Task<void> hold_and_note(Semaphore& semaphore, Event& until, std::vector<int>& order, int name) {
    Result<Semaphore::Permit> permit = co_await semaphore.acquire(Deadline::never());
    EXPECT_TRUE(permit.has_value());
    order.push_back(name);
    bool const released = co_await until.wait(Deadline::never());
    EXPECT_TRUE(released);
}

TEST(Semaphore, ServesWaitersInOrderOfArrival) {
    Loop loop;
    Semaphore semaphore(1, 8);
    std::vector<int> order;
    std::vector<std::unique_ptr<Event>> gates;
    std::vector<Loop::Spawned<void>> holders;
    for (int name = 0; name < 4; ++name) {
        gates.push_back(std::make_unique<Event>());
        holders.push_back(loop.spawn(hold_and_note(semaphore, *gates.back(), order, name)));
    }
    loop.poll();
    EXPECT_EQ(order, (std::vector<int>{0}));
    EXPECT_EQ(semaphore.waiting(), 3U);
    for (auto& gate : gates) {
        gate->set();
        loop.poll();
    }
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
    EXPECT_EQ(semaphore.in_use(), 0U);
}

TEST(Semaphore, ANewcomerDoesNotOvertakeTheHandedOverWaiter) {
    Loop loop;
    Semaphore semaphore(1, 8);
    Result<Semaphore::Permit> first = loop.run(semaphore.acquire(Deadline::never()));
    auto waiter = loop.spawn(semaphore.acquire(Deadline::never()));
    loop.poll();
    first->release();
    // The waiter has not run yet, but the place is its own.
    auto newcomer = loop.spawn(semaphore.acquire(Deadline::never()));
    loop.poll();
    EXPECT_TRUE(waiter.done());
    EXPECT_FALSE(newcomer.done());
    waiter.take()->release();
    loop.poll();
    EXPECT_TRUE(newcomer.done());
}

TEST(Semaphore, RefusesMoreThanTheQueueHolds) {
    Loop loop;
    Semaphore semaphore(1, 1);
    Result<Semaphore::Permit> first = loop.run(semaphore.acquire(Deadline::never()));
    auto waiter = loop.spawn(semaphore.acquire(Deadline::never()));
    loop.poll();
    Result<Semaphore::Permit> refused = loop.run(semaphore.acquire(Deadline::never()));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind(), core::ErrorKind::overloaded);
    EXPECT_TRUE(refused.error().not_sent());
    first->release();
    loop.poll();
    EXPECT_TRUE(waiter.take().has_value());
}

TEST(Semaphore, WaitEndsAtTheDeadlineAndOnCancellation) {
    Loop loop;
    Semaphore semaphore(1, 8);
    Result<Semaphore::Permit> first = loop.run(semaphore.acquire(Deadline::never()));
    Result<Semaphore::Permit> late = loop.run(semaphore.acquire(soon()));
    ASSERT_FALSE(late.has_value());
    EXPECT_EQ(late.error().kind(), core::ErrorKind::timeout);
    auto waiter = loop.spawn(semaphore.acquire(Deadline::never()));
    loop.poll();
    waiter.cancel();
    loop.poll();
    Result<Semaphore::Permit> cancelled = waiter.take();
    ASSERT_FALSE(cancelled.has_value());
    EXPECT_EQ(cancelled.error().kind(), core::ErrorKind::cancelled);
    EXPECT_EQ(semaphore.waiting(), 0U);
}

TEST(Semaphore, APermitHandedToACancelledWaiterComesBack) {
    Loop loop;
    Semaphore semaphore(1, 8);
    Result<Semaphore::Permit> first = loop.run(semaphore.acquire(Deadline::never()));
    {
        auto waiter = loop.spawn(semaphore.acquire(Deadline::never()));
        loop.poll();
        waiter.cancel();
        first->release();
        loop.poll();
        EXPECT_TRUE(waiter.done());
    }
    EXPECT_EQ(semaphore.in_use(), 0U);
}

TEST(RunBlocking, RunsOnAnotherThreadAndResumesOnTheLoop) {
    Loop loop; // outlives the pool, whose thread may still be at the end of its post
    core::BlockingPool pool(1);
    auto job = [] { return std::this_thread::get_id(); };
    std::thread::id const worker = loop.run(core::run_blocking(pool, std::move(job)));
    EXPECT_NE(worker, std::this_thread::get_id());
}

TEST(RunBlocking, PassesExceptionsOn) {
    Loop loop;
    core::BlockingPool pool(1);
    auto job = []() -> int { throw std::runtime_error("from the pool"); };
    EXPECT_THROW(loop.run(core::run_blocking(pool, std::move(job))), std::runtime_error);
}

TEST(RunBlocking, VoidWorkMayOwnMoveOnlyState) {
    Loop loop;
    core::BlockingPool pool(1);
    auto value = std::make_unique<int>(41);
    int seen = 0;
    auto job = [value = std::move(value), &seen] { seen = *value + 1; };
    loop.run(core::run_blocking(pool, std::move(job)));
    EXPECT_EQ(seen, 42);
}

Task<void> wait_for(Event& event, int& ended) {
    bool const set = co_await event.wait(Deadline::never());
    static_cast<void>(set);
    ++ended;
}

Task<void> throw_at_once() {
    throw std::runtime_error("a bug");
    co_return;
}

TEST(TaskGroup, WaitCompletesWhenTheLastChildIsGone) {
    Loop loop;
    core::TaskGroup group(loop.executor());
    Event event;
    int ended = 0;
    group.spawn("child", wait_for(event, ended));
    group.spawn("child", wait_for(event, ended));
    auto wait = loop.spawn(group.wait());
    loop.poll();
    EXPECT_EQ(group.size(), 2U);
    EXPECT_FALSE(wait.done());
    event.set();
    loop.poll();
    EXPECT_TRUE(wait.done());
    EXPECT_EQ(ended, 2);
    EXPECT_EQ(group.size(), 0U);
}

TEST(TaskGroup, CancelAllReachesChildrenThatWaitAnywhere) {
    Loop loop;
    core::TaskGroup group(loop.executor());
    test::ManualClock clock;
    Event event;
    int ended = 0;
    group.spawn("child", wait_for(event, ended));
    group.spawn("sleeper", clock.sleep_for(std::chrono::hours(1)));
    loop.poll();
    group.cancel_all();
    loop.run(group.wait());
    EXPECT_EQ(ended, 1);
    EXPECT_EQ(clock.sleeping(), 0U);
}

TEST(TaskGroup, AnEscapedExceptionIsLoggedAndEndsOnlyThatChild) {
    Loop loop;
    core::TaskGroup group(loop.executor());
    Event event;
    int ended = 0;
    test::LogCapture log;
    group.spawn("survivor", wait_for(event, ended));
    group.spawn("thrower", throw_at_once());
    loop.poll();
    EXPECT_EQ(group.size(), 1U);
    EXPECT_TRUE(log.contains("task.exception"));
    EXPECT_TRUE(log.contains("thrower"));
    EXPECT_TRUE(log.contains("a bug"));
    event.set();
    loop.run(group.wait());
    EXPECT_EQ(ended, 1);
}

TEST(TaskGroup, CanBeUsedAgainAfterItWasEmpty) {
    Loop loop;
    core::TaskGroup group(loop.executor());
    loop.run(group.wait());
    Event event;
    int ended = 0;
    group.spawn("child", wait_for(event, ended));
    event.set();
    loop.run(group.wait());
    group.spawn("child", wait_for(event, ended));
    loop.run(group.wait());
    EXPECT_EQ(ended, 2);
}

TEST(ManualClock, WakesOnlyTheSleepersThatAreDue) {
    Loop loop;
    test::ManualClock clock;
    auto early = loop.spawn(clock.sleep_for(std::chrono::seconds(10)));
    auto late = loop.spawn(clock.sleep_for(std::chrono::seconds(20)));
    loop.poll();
    clock.advance(std::chrono::seconds(10));
    loop.poll();
    EXPECT_TRUE(early.done());
    EXPECT_FALSE(late.done());
    EXPECT_EQ(clock.sleeping(), 1U);
    clock.advance(std::chrono::seconds(10));
    loop.poll();
    EXPECT_TRUE(late.done());
}

} // namespace
