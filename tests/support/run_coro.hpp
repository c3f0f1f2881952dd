#pragma once

#include "core/task.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace test {

namespace asio = boost::asio;

/// Far beyond what any unit test needs; only a hang reaches it.
inline constexpr std::chrono::seconds kWatchdog{5};

namespace detail {
template <class T>
struct Outcome {
    explicit Outcome(T value_) : value(std::move(value_)) {}
    explicit Outcome(std::exception_ptr thrown_) : thrown(std::move(thrown_)) {}
    std::optional<T> value;
    std::exception_ptr thrown;
};
template <>
struct Outcome<void> {
    explicit Outcome(std::exception_ptr thrown_) : thrown(std::move(thrown_)) {}
    std::exception_ptr thrown;
};
} // namespace detail

/// An event loop of a test's own, run by hand. Objects under test that need an executor are made with
/// `executor()`.
///
///     test::Loop loop;
///     core::Semaphore semaphore(1, 8);
///     auto permit = loop.run(semaphore.acquire(core::Deadline::never()));
///
/// For several coroutines at once: `spawn` them, `poll()` until nothing more can run, look at what happened,
/// advance the ManualClock or release a held answer, `poll()` again.
class Loop {
public:
    asio::io_context& context() noexcept { return context_; }
    asio::any_io_executor executor() { return context_.get_executor(); }

    /// Runs the loop until `task` is done and returns its value; rethrows its exception.
    template <class T>
    T run(core::Task<T> task) {
        std::optional<detail::Outcome<T>> outcome;
        asio::co_spawn(context_, keep<T>(std::move(task), &outcome), [](std::exception_ptr) {});
        run_until([&] { return outcome.has_value(); });
        if (outcome->thrown) {
            std::rethrow_exception(outcome->thrown);
        }
        if constexpr (!std::is_void_v<T>) {
            return std::move(*outcome->value);
        }
    }

    /// A running coroutine, its result once there is one, and the means to cancel it.
    template <class T>
    class Spawned {
    public:
        bool done() const noexcept { return state_->outcome.has_value(); }
        /// Rethrows what the coroutine threw. Only when done().
        T take() {
            if (!done()) {
                throw std::logic_error("the coroutine is still running");
            }
            if (state_->outcome->thrown) {
                std::rethrow_exception(state_->outcome->thrown);
            }
            if constexpr (!std::is_void_v<T>) {
                return std::move(*state_->outcome->value);
            }
        }
        /// Takes effect with the next turn of the loop.
        void cancel() {
            // Emitted on the loop: from outside, co_spawn would post a bare pointer into the signal.
            auto emit = [state = state_] { state->signal.emit(asio::cancellation_type::terminal); };
            asio::post(state_->executor, std::move(emit));
        }

    private:
        friend class Loop;
        struct State {
            std::optional<detail::Outcome<T>> outcome;
            explicit State(asio::any_io_executor executor_) : executor(std::move(executor_)) {}
            asio::any_io_executor executor;
            asio::cancellation_signal signal;
        };
        explicit Spawned(asio::any_io_executor executor)
            : state_(std::make_shared<State>(std::move(executor))) {}
        std::shared_ptr<State> state_;
    };

    template <class T>
    Spawned<T> spawn(core::Task<T> task) {
        Spawned<T> spawned(executor());
        auto state = spawned.state_;
        auto done = [state](std::exception_ptr) {};
        asio::co_spawn(context_,
                       keep<T>(std::move(task), &state->outcome),
                       asio::bind_cancellation_slot(state->signal.slot(), std::move(done)));
        return spawned;
    }

    /// Runs whatever is ready, without waiting for anything.
    void poll() {
        context_.restart();
        while (context_.poll() != 0) {
            context_.restart();
        }
    }

    /// Runs the loop until `condition` holds; fails the test by exception when the watchdog ends it.
    template <class Condition>
    void run_until(Condition condition) {
        auto const end = std::chrono::steady_clock::now() + kWatchdog;
        while (!condition()) {
            context_.restart();
            if (context_.run_one_until(end) == 0 && !condition()) {
                ADD_FAILURE() << "the coroutine did not finish";
                throw std::runtime_error("test watchdog");
            }
        }
    }

    template <class T>
    void wait(Spawned<T>& spawned) {
        run_until([&] { return spawned.done(); });
    }

private:
    template <class T>
    static core::Task<void> keep(core::Task<T> task, std::optional<detail::Outcome<T>>* outcome) {
        try {
            if constexpr (std::is_void_v<T>) {
                co_await std::move(task);
                outcome->emplace(std::exception_ptr());
            } else {
                T value = co_await std::move(task);
                outcome->emplace(std::move(value));
            }
        } catch (...) {
            outcome->emplace(std::current_exception());
        }
    }

    asio::io_context context_{1};
};

/// One coroutine on a loop of its own, at most 5 s: `auto result = test::run_coro(thing.call(ctx));`
template <class T>
T run_coro(core::Task<T> task) {
    Loop loop;
    return loop.run(std::move(task));
}

} // namespace test
