#pragma once

#include "core/result.hpp"
#include "core/task.hpp"
#include "server/app.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace server {

namespace detail {
/// `work` and `outcome` outlive the task. A T need not be default-constructible, which co_spawn asks of a
/// result.
template <class T>
core::Task<void> work_in_app(App* app,
                             std::function<core::Task<core::Result<T>>(App&)> const* work,
                             std::optional<core::Result<T>>* outcome) {
    core::Result<void> const started = co_await app->start();
    if (!started) {
        outcome->emplace(core::fail(started.error()));
        co_return;
    }
    core::Result<T> result = co_await (*work)(*app);
    outcome->emplace(std::move(result));
    co_await app->stop(core::Deadline::in(app->clock(), app->config().limits.drain_ms));
}
} // namespace detail

/// The daemon's store, credentials and connectors in this process, for one piece of work. Whoever can read
/// the store's key may. `work` is no capturing coroutine itself: a lambda that calls one.
template <class T>
core::Result<T> run_in_app(Config config, std::function<core::Task<core::Result<T>>(App&)> const& work) {
    core::asio::io_context io(1);
    ADOMCPD_TRY(std::unique_ptr<App> const app, App::make(io, std::move(config)));
    std::optional<core::Result<T>> outcome;
    std::exception_ptr bug;
    core::asio::co_spawn(io, detail::work_in_app<T>(app.get(), &work, &outcome), [&](std::exception_ptr e) {
        bug = e;
        io.stop();
    });
    io.run();
    if (bug) {
        std::rethrow_exception(bug);
    }
    return std::move(*outcome);
}

} // namespace server
