#pragma once

#include "core/async.hpp"
#include "core/check.hpp"
#include "core/result.hpp"
#include "core/task.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace core {

/// One fetch at a time, many waiters: whoever comes while a fetch runs gets that fetch's result, or its
/// error. The fetch runs detached from its callers, so cancelling one of them ends only that one's wait. One
/// thread. T is copied to each waiter through `clone`.
template <class T>
class SingleFlight {
public:
    using Fetch = std::function<Task<Result<T>>()>;
    using Clone = std::function<T(T const&)>;

    SingleFlight(asio::any_io_executor executor, Clone clone)
        : executor_(std::move(executor)), clone_(std::move(clone)) {}

    bool in_flight() const noexcept { return flight_ != nullptr; }

    /// Starts `fetch` unless one is running. `fetch` and what it refers to must outlive the run, not the
    /// caller.
    void start(Fetch fetch) {
        if (flight_) {
            return;
        }
        flight_ = std::make_shared<Flight>();
        asio::co_spawn(executor_, run(this, alive_, flight_, std::move(fetch)), asio::detached);
    }

    /// Waits for the fetch that runs now. Must be called (not only awaited) while in_flight(), which holds at
    /// least until the caller of start() gives the loop a turn.
    Task<Result<T>> join(Deadline deadline) {
        ADOMCPD_CHECK(flight_ != nullptr);
        return wait_for(flight_, clone_, deadline);
    }

private:
    struct Flight {
        Event done;
        std::optional<Result<T>> result;
    };

    static Task<Result<T>> wait_for(std::shared_ptr<Flight> flight, Clone clone, Deadline deadline) {
        bool const done = co_await flight->done.wait(deadline);
        if (!done && deadline.passed(std::chrono::steady_clock::now())) {
            co_return fail(ErrorKind::timeout,
                           "gave up waiting for a credential that is still being fetched");
        }
        if (!done) {
            co_return fail(ErrorKind::cancelled, "cancelled while a credential was being fetched");
        }
        if (!*flight->result) {
            co_return fail(flight->result->error());
        }
        co_return clone(**flight->result);
    }

    static Task<void>
    run(SingleFlight* owner, std::weak_ptr<int> alive, std::shared_ptr<Flight> flight, Fetch fetch) {
        // A turn of the loop first: a fetch that never waits would otherwise be over before its starter can
        // join.
        auto const executor = co_await asio::this_coro::executor;
        co_await asio::post(executor, asio::use_awaitable);
        try {
            Result<T> result = co_await fetch();
            flight->result.emplace(std::move(result));
        } catch (...) {
            flight->result.emplace(fail(ErrorKind::internal, "a fetch ended with an unexpected exception"));
        }
        if (!alive.expired() && owner->flight_ == flight) {
            owner->flight_.reset();
        }
        flight->done.set();
    }

    asio::any_io_executor executor_;
    Clone clone_;
    std::shared_ptr<Flight> flight_; ///< shared by the run and the waiters, who may outlast each other
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

} // namespace core
