#include "fixtures.hpp"

#include "core/log.hpp"
#include "core/task_group.hpp"
#include "protocol/mcp_http.hpp"
#include "server/config/listen_address.hpp"
#include "server/front/host_policy.hpp"
#include "server/front/http_session.hpp"
#include "server/front/inbound_gate.hpp"
#include "server/front/listener.hpp"
#include "server/front/mcp_route.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <optional>

/// The official conformance suite's server under test: its fixtures behind the daemon's own protocol room and
/// HTTP front, put together as server/daemon.cpp does it.
namespace conformance {
namespace {

constexpr std::chrono::seconds kDrain{5};

class ConformanceServer {
public:
    explicit ConformanceServer(core::asio::io_context& io)
        : executor_(io.get_executor()), sealer_(core::Sealer::ephemeral()), fixtures_(clock_, hub_),
          sessions_(protocol::make_memory_session_records(clock_)),
          tasks_(protocol::make_memory_task_store()),
          server_(protocol::make_mcp_server(
              fixtures_.features(*tasks_),
              protocol::ServerParts(executor_, clock_, sealer_, hub_, *sessions_, protocol::McpLimits()))),
          endpoint_(protocol::make_mcp_http_endpoint(*server_)), route_(*endpoint_, limits_),
          authenticator_(server::make_anonymous_authenticator(core::Role::administrator)),
          gate_(*authenticator_), hosts_({}, {}, std::string(), "127.0.0.1"), background_(executor_),
          front_(routes_, hosts_, gate_, limits_, clock_, background_) {
        fixtures_.attach(*server_);
        route_.add_to(routes_);
    }

    core::Task<core::Result<void>> run(std::uint16_t port) {
        server::ListenAddress address;
        address.host = "127.0.0.1";
        address.port = port;
        auto listener = server::open_listener(executor_, clock_, address, nullptr, server::ListenerOptions());
        if (!listener) {
            co_return core::fail(std::move(listener).error());
        }
        background_.spawn("mcp.tend", server_->tend());
        (*listener)->start(
            [this](std::unique_ptr<core::ByteStream> stream, server::SessionRegistry::Session& session) {
                return server::serve_http(front_, std::move(stream), session);
            });
        std::printf("listening 127.0.0.1:%u\n", static_cast<unsigned>((*listener)->port()));
        std::fflush(stdout);
        core::asio::signal_set signals(executor_, SIGTERM, SIGINT);
        auto [ec, signal] = co_await signals.async_wait(core::tok);
        static_cast<void>(ec);
        static_cast<void>(signal);
        endpoint_->end_streams();
        co_await (*listener)->drain(kDrain);
        co_await server_->stop(core::Deadline::in(clock_, kDrain));
        background_.cancel_all();
        co_await background_.wait();
        co_return core::Result<void>();
    }

private:
    core::asio::any_io_executor executor_;
    core::SystemClock clock_;
    core::Sealer sealer_;
    protocol::ChangeHub hub_;
    Fixtures fixtures_;
    std::unique_ptr<protocol::SessionRecords> sessions_;
    std::unique_ptr<protocol::TaskStore> tasks_;
    std::unique_ptr<protocol::McpServer> server_;
    std::unique_ptr<protocol::McpHttpEndpoint> endpoint_;
    server::Limits limits_;
    server::McpRoute route_;
    server::RouteTable routes_;
    std::unique_ptr<server::Authenticator> authenticator_;
    server::InboundGate gate_;
    server::HostPolicy hosts_;
    core::TaskGroup background_;
    server::HttpFront front_;
};

int run(std::uint16_t port) {
    std::signal(SIGPIPE, SIG_IGN);
    core::asio::io_context io(1);
    ConformanceServer server(io);
    std::optional<core::Result<void>> outcome;
    core::asio::co_spawn(io, server.run(port), [&](std::exception_ptr bug, core::Result<void> result) {
        if (bug) {
            std::rethrow_exception(bug);
        }
        outcome.emplace(std::move(result));
        io.stop();
    });
    io.run();
    // What is still suspended refers to the server: it ends first.
    io.restart();
    io.run_for(std::chrono::milliseconds(500));
    core::log::flush();
    if (outcome && !*outcome) {
        std::fprintf(stderr, "mcp-conformance-server: %s\n", core::describe(outcome->error()).c_str());
        return 1;
    }
    return 0;
}

} // namespace
} // namespace conformance

int main(int argc, char** argv) {
    std::uint16_t port = 0;
    bool verbose = false;
    CLI::App app{"The fixtures of the official MCP conformance suite, on http://127.0.0.1:PORT/mcp"};
    app.add_option("--port", port, "Port on 127.0.0.1; 0 = any")->required();
    app.add_flag("--verbose", verbose, "Log every request to stderr");
    CLI11_PARSE(app, argc, argv);
    core::log::configure(verbose ? core::log::Level::debug : core::log::Level::warn, core::log::Format::text);
    try {
        return conformance::run(port);
    } catch (std::exception const& e) {
        std::fprintf(stderr, "mcp-conformance-server: %s\n", e.what());
        return 1;
    }
}
