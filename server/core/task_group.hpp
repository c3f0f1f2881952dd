#pragma once

#include "core/task.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

namespace core {

/// Coroutines that run on their own but belong to somebody: connections of a listener, background refreshes.
/// Each child has a cancellation signal of its own; closing the owner's socket alone would not wake a child
/// that waits elsewhere. One thread. A child's exception is logged as a bug and ends only that child.
class TaskGroup {
public:
    explicit TaskGroup(asio::any_io_executor executor);
    /// Cancels what still runs, but does not wait: children that refer to the owner must be gone, by
    /// cancel_all() and wait().
    ~TaskGroup();
    TaskGroup(TaskGroup const&) = delete;
    TaskGroup& operator=(TaskGroup const&) = delete;

    struct Child;
    /// One child, for as long as it runs. Copies refer to the same one.
    class Handle {
    public:
        Handle() = default;
        Handle(std::weak_ptr<Child> child, asio::any_io_executor executor)
            : child_(std::move(child)), executor_(std::move(executor)) {}
        /// Emits terminal cancellation: at once when called on the loop, else with its next turn. Nothing
        /// happens when it has ended.
        void cancel() const;

    private:
        std::weak_ptr<Child> child_;
        asio::any_io_executor executor_;
    };

    /// `name` goes into the log line of an escaped exception; a literal.
    Handle spawn(std::string_view name, Task<void> child);
    /// Runs `work` as a child and waits for its end. False when it was cancelled by its handle, which
    /// `started` is given first. What escapes from it is logged and leaves false too. When the waiter is
    /// cancelled, so is the child, and its end is waited for: it may use what belongs to the waiter. Then
    /// operation_aborted is thrown.
    Task<bool> run_inside(std::string_view name, Task<void> work, std::function<void(Handle)> started);
    /// Emits terminal cancellation to every child: at once when called on the loop, else with its next turn.
    void cancel_all();
    /// Completes when no child is left.
    Task<void> wait();
    std::size_t size() const noexcept;

private:
    struct State;
    std::shared_ptr<State> state_; ///< shared with the children's completion handlers
};

} // namespace core
