#pragma once

#include "core/async.hpp"
#include "core/result.hpp"
#include "core/task.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

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

    /// Waits for the running fetch. Must be called while in_flight().
    Task<Result<T>> join(Deadline deadline) {
        std::shared_ptr<Flight> const flight = flight_;
        bool const done = co_await flight->done.wait(deadline);
        if (!done) {
            co_return fail(ErrorKind::timeout,
                           "gave up waiting for a credential that is still being fetched");
        }
        if (!*flight->result) {
            co_return fail(flight->result->error());
        }
        co_return clone_(**flight->result);
    }

private:
    struct Flight {
        Event done;
        std::optional<Result<T>> result;
    };

    static Task<void>
    run(SingleFlight* owner, std::weak_ptr<int> alive, std::shared_ptr<Flight> flight, Fetch fetch) {
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
