#include "server/commands/stdio.hpp"

#include "core/log.hpp"
#include "server/app.hpp"
#include "server/commands/command_run.hpp"
#include "server/commands/exit_codes.hpp"
#include "server/commands/process_privacy.hpp"
#include "server/config/load_config.hpp"
#include "server/front/stdio_session.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <optional>
#include <sys/prctl.h>
#include <unistd.h>

namespace server {
namespace {

constexpr std::chrono::milliseconds kLastWork{200};
constexpr std::chrono::seconds kFlush{2};

core::Task<core::Result<void>> run(App& app, StdioPipes& pipes, core::asio::signal_set& signals) {
    CO_TRY_VOID(co_await app.start());
    protocol::StdioLimits limits;
    limits.requests = app.config().limits.calls;
    limits.call = app.config().limits.call_ms;
    core::Principal caller("local", "local", core::Role::administrator); // whoever may start us may do all
    auto const endpoint =
        protocol::make_mcp_stdio_endpoint(app.mcp(), pipes.sink(), std::move(caller), limits);
    signals.async_wait([&pipes](boost::system::error_code ec, int) {
        if (!ec) {
            pipes.stop();
        }
    });
    co_await pipes.run(*endpoint);
    signals.cancel();
    core::Deadline const deadline = core::Deadline::in(app.clock(), app.config().limits.drain_ms);
    co_await endpoint->finish(deadline);
    co_await app.stop(deadline);
    co_await pipes.flush(app.clock(), core::Deadline::in(app.clock(), kFlush));
    co_return core::Result<void>();
}

} // namespace

int run_stdio(StdioOptions const& options) {
    auto config = load_config(options.config);
    if (!config) {
        return report_error(config.error());
    }
    core::log::configure(config->log.level, config->log.format);
    if (config->core_dumps) {
        allow_core_dumps();
    }
    std::signal(SIGPIPE, SIG_IGN);
    // Hosts that crash must not leave us behind; the end of the input alone is not sure when others hold it.
    pid_t const parent = ::getppid();
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    core::asio::io_context io(1);
    core::asio::signal_set signals(io, SIGTERM, SIGINT);
    if (::getppid() != parent) {
        return kExitDone; // it went while we asked
    }
    std::size_t const line_bytes = config->limits.stdio_line_bytes;
    auto app = App::make(io, std::move(*config));
    if (!app) {
        return report_error(app.error());
    }
    auto pipes = StdioPipes::take_over(io.get_executor(), line_bytes);
    if (!pipes) {
        return report_error(pipes.error());
    }
    std::optional<core::Result<void>> outcome;
    std::exception_ptr bug;
    core::asio::co_spawn(
        io, run(**app, **pipes, signals), [&](std::exception_ptr e, core::Result<void> result) {
            bug = e;
            outcome.emplace(std::move(result));
            io.stop();
        });
    io.run();
    io.restart();
    io.run_for(kLastWork);
    core::log::flush();
    if (bug) {
        std::rethrow_exception(bug);
    }
    int const code = outcome && *outcome ? kExitDone : report_error(outcome->error());
    // Not by the way of destructors: a client that never reads would keep the writer for ever.
    std::_Exit(code);
}

} // namespace server
