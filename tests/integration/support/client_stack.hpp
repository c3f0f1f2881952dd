#pragma once

#include "integration/support/daemon.hpp"
#include "integration/support/mcp_client.hpp"
#include "integration/support/simulator.hpp"
#include "support/temp_dir.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

namespace test {

/// Waits until `condition` holds; false when it does not within kPatience.
inline bool eventually(std::function<bool()> const& condition) {
    auto const end = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < end) {
        if (condition()) {
            return true;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return condition();
}

/// A simulator, a daemon that is started when the test wants it, and a client with the administrator's token.
class ClientStack {
public:
    /// `change` gets the configuration before it is written.
    explicit ClientStack(std::function<void(Json&)> const& change = {})
        : simulator(directory_.path()), config(configure(simulator, change)),
          daemon(directory_.path(), config) {}

    void start() {
        daemon.start();
        // A TLS daemon's certificate is the test's own: such a test makes its own client.
        if (daemon.url().starts_with("http://")) {
            client_.emplace(daemon);
        }
    }
    McpClient& client() { return *client_; }
    ToolAnswer call(std::string const& tool, Json const& arguments) { return client_->call(tool, arguments); }
    /// Connects contoso (again): a PAT that was refused stays so until one is stored.
    void attach_pat() {
        auto const answer = client_->attach_pat("contoso", simulator.pat("contoso"));
        if (!answer || answer->status != 200) {
            throw std::runtime_error("the PAT was not taken: " +
                                     (answer ? answer->body : core::describe(answer.error())));
        }
    }
    /// An agent token of this role, made by the command line.
    std::string make_token(std::string const& role) const {
        CommandResult const made =
            daemon.command({"token", "create", "--name", role + " of a test", "--role", role});
        if (made.exit_code != 0) {
            throw std::runtime_error("token create: " + made.err);
        }
        return std::string(core::trim_ows(made.out.substr(0, made.out.find('\n'))));
    }
    /// Requests the simulator is working on; its own admin side does not count.
    std::int64_t in_flight() { return simulator.admin("counts").at("in_flight").get<std::int64_t>(); }
    std::filesystem::path const& directory() const noexcept { return directory_.path(); }

private:
    static Json configure(Simulator const& simulator, std::function<void(Json&)> const& change) {
        Json config = daemon_config(simulator);
        if (change) {
            change(config);
        }
        return config;
    }

    TempDir directory_;
    std::optional<McpClient> client_;

public:
    Simulator simulator;
    Json config;
    Daemon daemon;
};

} // namespace test
