#pragma once

#include "core/task.hpp"

#include <cstddef>
#include <functional>

namespace server {

/// Starts the job with this number. A plain function that returns the task of a coroutine: no lambda
/// coroutine.
using NumberedJob = std::function<core::Task<void>(std::size_t)>;

/// Runs the jobs 0 to count-1, at most `width` at a time, in their order, and completes when all have. `job`
/// outlives the task. Cancelling (terminal) reaches every job; a job's exception is thrown after the others
/// have ended.
core::Task<void> run_parallel(std::size_t count, std::size_t width, NumberedJob const& job);

} // namespace server
