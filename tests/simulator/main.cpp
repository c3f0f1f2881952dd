#include "simulator/daemon_config.hpp"
#include "simulator/router.hpp"
#include "simulator/server.hpp"
#include "simulator/tls_identity.hpp"

#include <CLI/CLI.hpp>

#include <filesystem>
#include <iostream>

namespace {

class Options {
public:
    simulator::ServerOptions server;
    simulator::Settings settings;
    simulator::DaemonConfigOptions config;
    std::uint64_t seed = 1;
    std::string record_file;
    bool print_config = false;
    bool print_config_only = false;
};

int run(Options& options) {
    auto const identity = simulator::make_tls_identity();
    options.settings.tls_thumbprint = identity.thumbprint;
    simulator::Simulator simulator(options.seed, options.settings);
    if (!options.record_file.empty()) {
        simulator.state().recorder = std::make_unique<simulator::Recorder>(options.record_file);
    }
    auto const server = simulator::make_server(simulator, identity, options.server);
    if (!simulator::write_file_atomically(options.config.ca_file, identity.ca_pem)) {
        std::cerr << "ado-simulator: cannot write " << options.config.ca_file << "\n";
        return 1;
    }
    if (options.print_config || options.print_config_only) {
        options.config.port = server->port();
        options.config.ca_file = std::filesystem::absolute(options.config.ca_file).string();
        options.config.state_directory = std::filesystem::absolute(options.config.state_directory).string();
        std::cout << simulator::daemon_config(simulator.state(), options.config) << std::flush;
        if (options.print_config_only) {
            return 0;
        }
    }
    // With --print-config stdout is the YAML file: there the address is a comment in it.
    char const* const prefix = options.print_config ? "# " : "";
    std::cout << prefix << "listening 127.0.0.1:" << server->port() << "\n";
    if (server->plain_port() != 0) {
        std::cout << prefix << "managed identity http://127.0.0.1:" << server->plain_port() << "\n";
    }
    std::cout << std::flush;
    server->run();
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    Options options;
    long long latency_ms = 0;
    long long index_lag_ms = 0;
    CLI::App app{"Plays Azure DevOps, its search, the Entra authority and a managed identity endpoint on one "
                 "loopback port."};
    app.add_option("--port", options.server.port, "TLS port on 127.0.0.1; 0 = any")->required();
    app.add_option("--ca-file", options.config.ca_file, "where the certificate authority is written")
        ->required();
    app.add_option("--latency-ms", latency_ms, "delay of every answer but the admin side's")
        ->check(CLI::NonNegativeNumber);
    app.add_option("--seed", options.seed, "the same seed gives the same world");
    app.add_option("--index-lag-ms", index_lag_ms, "how long code search takes to see a push")
        ->check(CLI::NonNegativeNumber);
    auto* plain =
        app.add_option("--plain-mi-port",
                       options.server.plain_port,
                       "also serve over plain HTTP on this port, for managed identity clients; 0 = any");
    app.add_option("--device-auto-approve",
                   options.settings.device_auto_approve_after,
                   "approve a device code after so many polls");
    app.add_option(
        "--device-interval-s", options.settings.device_interval_s, "polling interval of the device flow");
    app.add_option(
        "--record",
        options.record_file,
        "write every exchange with Azure DevOps to this file, a JSON object a line; no credentials");
    app.add_option("--arc-key-file",
                   options.settings.arc_key_file,
                   "the file whose content an Azure Arc agent's caller must have read");
    app.add_flag("--print-config", options.print_config, "print a daemon configuration, then serve");
    app.add_flag("--print-config-only", options.print_config_only, "print it and exit");
    options.config.state_directory = "./state";
    app.add_option("--state-dir",
                   options.config.state_directory,
                   "where the daemon of that configuration keeps its store");
    app.add_option(
        "--daemon-listen", options.config.listen, "where the daemon of that configuration listens");
    CLI11_PARSE(app, argc, argv);
    options.settings.latency = std::chrono::milliseconds(latency_ms);
    options.settings.index_lag = std::chrono::milliseconds(index_lag_ms);
    options.server.with_plain_port = plain->count() > 0;
    try {
        return run(options);
    } catch (std::exception const& error) {
        std::cerr << "ado-simulator: " << error.what() << "\n";
        return 1;
    }
}
