#pragma once

#include "core/task.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <memory>
#include <string_view>

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

    /// `name` goes into the log line of an escaped exception; a literal.
    void spawn(std::string_view name, Task<void> child);
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
