#pragma once

#include "core/async.hpp"
#include "core/clock.hpp"
#include "core/result.hpp"
#include "server/config/config.hpp"
#include "server/outbound.hpp"
#include "server/store/state_store.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace server {

/// What a command that runs once and ends needs: a loop, the store, the way out.
class CommandRun {
public:
    /// Opens the store and reads the CA file.
    static core::Result<std::unique_ptr<CommandRun>> make(Config config);
    ~CommandRun();

    Config const& config() const noexcept { return config_; }
    core::asio::any_io_executor executor() { return io_.get_executor(); }
    core::Clock& clock() noexcept { return clock_; }
    StateStore& store() noexcept { return *store_; }
    Outbound& outbound() noexcept { return *outbound_; }

    /// Runs the loop until `task` is done.
    template <class T>
    core::Result<T> wait_for(core::Task<core::Result<T>> task) {
        std::optional<core::Result<T>> outcome;
        std::exception_ptr bug;
        core::asio::co_spawn(io_, keep<T>(std::move(task), &outcome), [&](std::exception_ptr e) {
            bug = e;
            io_.stop();
        });
        io_.restart();
        io_.run();
        if (bug) {
            std::rethrow_exception(bug);
        }
        return std::move(*outcome);
    }

private:
    /// A T need not be default-constructible, which co_spawn asks of a result.
    template <class T>
    static core::Task<void> keep(core::Task<core::Result<T>> task, std::optional<core::Result<T>>* outcome) {
        core::Result<T> result = co_await std::move(task);
        outcome->emplace(std::move(result));
    }

    explicit CommandRun(Config config);

    core::asio::io_context io_{1};
    Config config_;
    core::SystemClock clock_;
    core::BlockingPool pool_{2};
    std::unique_ptr<StateStore> store_;
    std::unique_ptr<Outbound> outbound_;
};

/// Whoever runs the command, for the audit: `local:NAME`.
AuditActor local_actor();

/// The error and its fix on stderr; returns the exit code that belongs to it.
int report_error(core::Error const& error);

} // namespace server
