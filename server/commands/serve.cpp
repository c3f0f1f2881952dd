#include "server/commands/serve.hpp"

#include "core/log.hpp"
#include "server/app.hpp"
#include "server/commands/command_run.hpp"
#include "server/commands/exit_codes.hpp"
#include "server/commands/process_privacy.hpp"
#include "server/config/load_config.hpp"
#include "server/daemon.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <malloc.h>
#include <optional>

namespace server {
namespace {

constexpr std::chrono::milliseconds kLastWork{500};
constexpr int kKeptHeapBytes = 4 * 1024 * 1024;

} // namespace

int run_serve(ServeOptions const& options) {
    auto config = load_config(options.config);
    if (!config) {
        return report_error(config.error());
    }
    core::log::configure(config->log.level, config->log.format);
    if (config->core_dumps) {
        allow_core_dumps();
    }
    // Bodies and buffers come and go with every call: giving their pages back and asking again costs more
    // than keeping them.
    mallopt(M_TRIM_THRESHOLD, kKeptHeapBytes);
    mallopt(M_MMAP_THRESHOLD, kKeptHeapBytes);
    // A peer that closes while we write is an error of that connection, not of the process.
    std::signal(SIGPIPE, SIG_IGN);

    core::asio::io_context io(1);
    auto app = App::make(io, std::move(*config));
    if (!app) {
        return report_error(app.error());
    }
    auto daemon = Daemon::make(std::move(*app), [path = options.config] { return load_config(path); });
    if (!daemon) {
        return report_error(daemon.error());
    }
    std::optional<core::Result<void>> outcome;
    std::exception_ptr bug;
    core::asio::co_spawn(io, (*daemon)->run(), [&](std::exception_ptr e, core::Result<void> result) {
        bug = e;
        outcome.emplace(std::move(result));
        io.stop();
    });
    io.run();
    // Frames still suspended (a token fetch nobody waits for) refer to the app: give them a moment to end,
    // and if one does not, leave without destroying what it refers to.
    io.restart();
    io.run_for(kLastWork);
    core::log::flush();
    if (!io.stopped()) {
        std::_Exit(outcome && *outcome ? kExitDone : kExitFailed);
    }
    if (bug) {
        std::rethrow_exception(bug);
    }
    return outcome && *outcome ? kExitDone : report_error(outcome->error());
}

} // namespace server
