#pragma once

#include "core/clock.hpp"
#include "core/deadline.hpp"
#include "core/result.hpp"
#include "core/task.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace core {

/// Something one coroutine sets and others wait for. One thread. Waiting ends early when cancelled
/// (terminal).
class Event {
public:
    Event();
    ~Event();
    Event(Event const&) = delete;
    Event& operator=(Event const&) = delete;

    void set() noexcept;
    bool is_set() const noexcept { return set_; }
    /// True once set; false when the deadline passed or the wait was cancelled first.
    Task<bool> wait(Deadline deadline);

private:
    class Waiter;
    bool set_ = false;
    std::vector<Waiter*> waiters_; ///< mostly one: a deque takes half a kilobyte before it holds any
};

/// A counted resource with a first-in first-out, bounded queue: release hands over to the first waiter,
/// newcomers never barge. One thread.
class Semaphore {
public:
    /// `queue_limit`: how many may wait; one more is refused with ErrorKind::overloaded.
    Semaphore(std::size_t permits, std::size_t queue_limit);
    ~Semaphore();
    Semaphore(Semaphore const&) = delete;
    Semaphore& operator=(Semaphore const&) = delete;

    class Permit {
    public:
        Permit() noexcept = default;
        explicit Permit(Semaphore& owner) noexcept : owner_(&owner) {}
        Permit(Permit&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
        Permit& operator=(Permit&& other) noexcept;
        ~Permit() { release(); }
        void release() noexcept;

    private:
        Semaphore* owner_ = nullptr;
    };

    /// Fails with timeout at the deadline, cancelled when the waiter was cancelled, overloaded when the queue
    /// is full. The semaphore must outlive the permit.
    Task<Result<Permit>> acquire(Deadline deadline);
    std::size_t in_use() const noexcept { return in_use_; }
    std::size_t waiting() const noexcept { return waiters_.size(); }

private:
    class Waiter;
    void release_one() noexcept;

    std::size_t permits_;
    std::size_t queue_limit_;
    std::size_t in_use_ = 0;
    std::deque<Waiter*> waiters_;
};

/// Threads for what would block the loop: files, DNS, SQLite, parsing of large bodies.
class BlockingPool {
public:
    explicit BlockingPool(std::size_t threads) : pool_(threads) {}
    ~BlockingPool() { join(); }
    BlockingPool(BlockingPool const&) = delete;
    BlockingPool& operator=(BlockingPool const&) = delete;
    void join() { pool_.join(); }
    asio::thread_pool& threads() noexcept { return pool_; }

private:
    asio::thread_pool pool_;
};

namespace detail {
template <class T>
struct BlockingState {
    std::optional<T> value;
};
template <>
struct BlockingState<void> {};
/// Runs `work` on the pool, then resumes the caller on its own executor. Not cancellable: the work runs to
/// its end.
Task<void> run_on_pool(BlockingPool& pool, std::function<void()> work);
} // namespace detail

/// Runs `work` (no coroutine) on the pool and returns its result on the caller's executor. `work` owns what
/// it captures or refers to what outlives it; it runs to its end even when the caller is cancelled. Call it
/// in a statement of its own:
///     auto job = [path] { return read_file(path); };
///     auto text = co_await run_blocking(pool, std::move(job));
template <class Work, class T = std::invoke_result_t<Work&>>
Task<T> run_blocking(BlockingPool& pool, Work work) {
    auto state = std::make_shared<detail::BlockingState<T>>();
    auto shared_work = std::make_shared<Work>(std::move(work));
    std::function<void()> step;
    if constexpr (std::is_void_v<T>) {
        step = [shared_work] { (*shared_work)(); };
    } else {
        step = [shared_work, state] { state->value.emplace((*shared_work)()); };
    }
    co_await detail::run_on_pool(pool, std::move(step));
    if constexpr (!std::is_void_v<T>) {
        co_return std::move(*state->value);
    }
}

} // namespace core
