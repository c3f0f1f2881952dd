#include "server/tools/parallel.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

namespace server {

namespace asio = boost::asio;

namespace {

core::Task<void> take_jobs(std::size_t& next, std::size_t count, NumberedJob const& job) {
    while (next < count) {
        std::size_t const number = next;
        ++next;
        co_await job(number);
    }
}

} // namespace

core::Task<void> run_parallel(std::size_t count, std::size_t width, NumberedJob const& job) {
    std::size_t next = 0;
    std::size_t const workers = std::min(count, width);
    if (workers <= 1) {
        co_await take_jobs(next, count, job);
        co_return;
    }
    auto const executor = co_await asio::this_coro::executor;
    auto const spawn = [&] { return asio::co_spawn(executor, take_jobs(next, count, job), asio::deferred); };
    std::vector<decltype(spawn())> operations;
    operations.reserve(workers);
    for (std::size_t i = 0; i < workers; ++i) {
        operations.push_back(spawn());
    }
    auto group = asio::experimental::make_parallel_group(std::move(operations));
    auto wait = std::move(group).async_wait(asio::experimental::wait_for_all(), asio::use_awaitable);
    auto const [order, errors] = co_await std::move(wait);
    for (std::exception_ptr const& error : errors) {
        if (error) {
            std::rethrow_exception(error);
        }
    }
}

} // namespace server
