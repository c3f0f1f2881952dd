#pragma once

#include "core/async.hpp"
#include "server/store/database.hpp"

#include <type_traits>
#include <utility>

namespace server {

/// The one thread that uses the database. Every call of a store is a job for it; jobs own what they need, so
/// that a caller may be cancelled or gone when they run.
class StoreThread {
public:
    /// Not a coroutine: the job is moved into the one that run_blocking is.
    template <class Job>
    core::Task<std::invoke_result_t<Job&>> run(Job job) {
        auto guarded = [job = std::move(job)]() mutable { return with_store_errors(job); };
        return core::run_blocking(pool_, std::move(guarded));
    }

    /// A job nobody waits for. It throws nothing.
    template <class Job>
    void post(Job job) {
        core::asio::post(pool_.threads(), std::move(job));
    }

    /// After it the database belongs to the caller's thread.
    void join() { pool_.join(); }

private:
    core::BlockingPool pool_{1};
};

} // namespace server
