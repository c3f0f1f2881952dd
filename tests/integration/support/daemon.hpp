#pragma once

#include "integration/support/process.hpp"
#include "integration/support/simulator.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace test {

/// A configuration that points at the simulator, as a value to change before it is written (JSON is YAML):
/// contoso by PAT, fabrikam by OAuth, northwind by managed identity and federated credential; callers need a
/// token.
Json daemon_config(Simulator const& simulator);
/// A connector entry for `organization`; `auth` as in the configuration file.
Json connector(std::string const& organization, Json auth);
/// The `auth` entries of daemon_config(), by method; `federated` false is the plain managed identity.
Json managed_identity_auth(Simulator const& simulator, bool federated);

/// The real `ado-mcpd serve` on one state directory, across restarts.
class Daemon {
public:
    /// Files go into `directory`, which outlives the object. Does not start it.
    Daemon(std::filesystem::path directory, Json const& config);

    /// Returns once `daemon.ready` is logged. Throws with the log when it is not.
    void start();
    /// SIGTERM; its exit code.
    int stop();
    /// SIGKILL.
    void kill();
    void restart() {
        stop();
        start();
    }
    bool running() { return process_ != nullptr && process_->running(); }
    /// Takes effect with the next start.
    void set_config(Json const& config);
    Process& process() { return *process_; }
    /// Beside the test's own; from the next start on. An empty value removes a variable.
    std::map<std::string, std::string> environment;

    /// `http://127.0.0.1:port`
    std::string const& url() const noexcept { return url_; }
    std::string const& config_file() const noexcept { return config_file_; }
    std::filesystem::path const& state_directory() const noexcept { return state_directory_; }
    /// The administrator's token that the first start left.
    std::string admin_token() const;
    /// Everything logged since the first start, of all runs.
    std::string log() const;
    /// Waits until the log of the present run has a line with `text` and returns it.
    std::string wait_for_log(std::string const& text);
    /// `ado-mcpd <arguments> --config …`, while the daemon runs or not.
    CommandResult command(std::vector<std::string> arguments, std::string input = {}) const;

private:
    std::filesystem::path log_file(int run) const;

    std::filesystem::path directory_;
    std::filesystem::path state_directory_;
    std::string config_file_;
    std::string url_;
    int runs_ = 0;
    std::unique_ptr<Process> process_;
};

} // namespace test
