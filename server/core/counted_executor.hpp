#pragma once

#include "core/task.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution/blocking.hpp>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution/outstanding_work.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace core {

/// Counts the coroutines that run on the executors made from it, detached ones included: what they refer to
/// may go when there is none left. Asio tells an executor that work begins by asking for a tracked copy of
/// it, and keeps that copy until the work has ended. Threads may share it.
class WorkCount {
public:
    std::size_t outstanding() const noexcept { return count_->load(std::memory_order_acquire); }
    /// Runs everything on `inner`.
    asio::any_io_executor executor(asio::any_io_executor inner) const;

private:
    class Counted;
    std::shared_ptr<std::atomic<std::size_t>> count_ = std::make_shared<std::atomic<std::size_t>>(0);
};

} // namespace core
