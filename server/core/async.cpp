#include "core/async.hpp"

#include "core/check.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <exception>

namespace core {

/// Lives in the frame of the coroutine that waits. The timer is both its deadline and what wakes it.
class Event::Waiter {
public:
    Waiter(Event& event, asio::any_io_executor const& executor, SteadyTime when)
        : event_(&event), timer_(executor, when) {
        event.waiters_.push_back(this);
    }
    ~Waiter() {
        if (event_ != nullptr) {
            std::erase(event_->waiters_, this);
        }
    }
    Waiter(Waiter const&) = delete;
    Waiter& operator=(Waiter const&) = delete;

    /// Called once, by the event that has already dropped this waiter.
    void wake(bool is_set) noexcept {
        event_ = nullptr;
        is_set_ = is_set;
        timer_.cancel();
    }
    asio::steady_timer& timer() noexcept { return timer_; }
    bool is_set() const noexcept { return is_set_; }

private:
    Event* event_;
    bool is_set_ = false;
    asio::steady_timer timer_;
};

Event::Event() = default;

Event::~Event() {
    for (Waiter* const waiter : std::exchange(waiters_, {})) {
        waiter->wake(false);
    }
}

void Event::set() noexcept {
    set_ = true;
    for (Waiter* const waiter : std::exchange(waiters_, {})) {
        waiter->wake(true);
    }
}

Task<bool> Event::wait(Deadline deadline) {
    if (set_) {
        co_return true;
    }
    auto const cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none) {
        co_return false;
    }
    auto const executor = co_await asio::this_coro::executor;
    Waiter waiter(*this, executor, deadline.time());
    auto [ec] = co_await waiter.timer().async_wait(tok);
    static_cast<void>(ec);
    co_return waiter.is_set();
}

/// As above; holds the permit between the hand-over and the moment its coroutine takes it.
class Semaphore::Waiter {
public:
    Waiter(Semaphore& owner, asio::any_io_executor const& executor, SteadyTime when)
        : owner_(&owner), timer_(executor, when) {
        owner.waiters_.push_back(this);
    }
    ~Waiter() {
        if (owner_ != nullptr) {
            std::erase(owner_->waiters_, this);
        }
    }
    Waiter(Waiter const&) = delete;
    Waiter& operator=(Waiter const&) = delete;

    void hand_over(Semaphore& owner) noexcept {
        owner_ = nullptr;
        permit_ = Permit(owner);
        timer_.cancel();
    }
    void abandon() noexcept {
        owner_ = nullptr;
        timer_.cancel();
    }
    asio::steady_timer& timer() noexcept { return timer_; }
    std::optional<Permit> take() noexcept { return std::exchange(permit_, std::nullopt); }

private:
    Semaphore* owner_;
    std::optional<Permit> permit_;
    asio::steady_timer timer_;
};

Semaphore::Semaphore(std::size_t permits, std::size_t queue_limit)
    : permits_(permits), queue_limit_(queue_limit) {
    ADOMCPD_CHECK(permits > 0);
}

Semaphore::~Semaphore() {
    ADOMCPD_CHECK(in_use_ == 0);
    for (Waiter* const waiter : std::exchange(waiters_, {})) {
        waiter->abandon();
    }
}

Semaphore::Permit& Semaphore::Permit::operator=(Permit&& other) noexcept {
    if (this != &other) {
        release();
        owner_ = std::exchange(other.owner_, nullptr);
    }
    return *this;
}

void Semaphore::Permit::release() noexcept {
    if (owner_ != nullptr) {
        std::exchange(owner_, nullptr)->release_one();
    }
}

void Semaphore::release_one() noexcept {
    if (waiters_.empty()) {
        --in_use_;
        return;
    }
    // in_use_ stays: the place goes from one holder to the next without being free in between.
    Waiter* const first = waiters_.front();
    waiters_.pop_front();
    first->hand_over(*this);
}

Task<Result<Semaphore::Permit>> Semaphore::acquire(Deadline deadline) {
    if (in_use_ < permits_) {
        ++in_use_;
        co_return Permit(*this);
    }
    if (waiters_.size() >= queue_limit_) {
        co_return fail(
            Error(ErrorKind::overloaded, "too many requests are waiting for a free place").with_not_sent());
    }
    auto const cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none) {
        co_return fail(
            Error(ErrorKind::cancelled, "cancelled while waiting for a free place").with_not_sent());
    }
    auto const executor = co_await asio::this_coro::executor;
    Waiter waiter(*this, executor, deadline.time());
    auto [ec] = co_await waiter.timer().async_wait(tok);
    // A permit that was handed over in the same moment counts, whatever else ended the wait.
    if (std::optional<Permit> permit = waiter.take()) {
        co_return std::move(*permit);
    }
    if (!ec) {
        co_return fail(Error(ErrorKind::timeout, "timed out while waiting for a free place").with_not_sent());
    }
    co_return fail(Error(ErrorKind::cancelled, "cancelled while waiting for a free place").with_not_sent());
}

namespace detail {
namespace {

/// Runs on the pool, then completes `handler` on its own executor. The executor is held as tracked work, so
/// that a loop with nothing else to do does not return meanwhile. That hold travels with the completion and
/// ends on the loop's thread: once the completion is posted, the loop may end and be destroyed while this
/// thread still cleans up.
template <class Handler>
void start_on_pool(Handler handler, BlockingPool& pool, std::function<void()> work) {
    auto executor = asio::get_associated_executor(handler);
    auto tracked = asio::prefer(executor, asio::execution::outstanding_work.tracked);
    auto job = [executor = std::move(executor),
                tracked = std::move(tracked),
                handler = std::move(handler),
                work = std::move(work)]() mutable {
        std::exception_ptr thrown;
        try {
            work();
        } catch (...) {
            thrown = std::current_exception();
        }
        work = nullptr;
        auto resume = [tracked = std::move(tracked),
                       handler = std::move(handler),
                       thrown = std::move(thrown)]() mutable { std::move(handler)(std::move(thrown)); };
        asio::post(executor, std::move(resume));
    };
    asio::post(pool.threads(), std::move(job));
}

} // namespace

Task<void> run_on_pool(BlockingPool& pool, std::function<void()> work) {
    BlockingPool* const target = &pool;
    auto initiation = [](auto handler, BlockingPool* where, std::function<void()> what) {
        start_on_pool(std::move(handler), *where, std::move(what));
    };
    co_await asio::async_initiate<asio::use_awaitable_t<> const, void(std::exception_ptr)>(
        initiation, asio::use_awaitable, target, std::move(work));
}

} // namespace detail

} // namespace core
