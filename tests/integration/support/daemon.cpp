#include "integration/support/daemon.hpp"

#include "core/http/http_message.hpp"

#include <fstream>
#include <utility>

namespace test {

Json connector(std::string const& organization, Json auth) {
    Json entry = Json::object();
    entry["name"] = organization;
    entry["organization"] = organization;
    entry["auth"] = Json::array();
    entry["auth"].push_back(std::move(auth));
    return entry;
}

Json managed_identity_auth(Simulator const& simulator, bool federated) {
    Json const& world = simulator.world();
    Json auth = Json{{"method", "managed_identity"}, {"client_id", world.at("managed_identity_client_id")}};
    if (federated) {
        auth["federated_client_id"] = world.at("agent_client_id");
        auth["federated_tenant_id"] = world.at("customer_tenant_id");
    }
    return auth;
}

Json daemon_config(Simulator const& simulator) {
    std::string const& base = simulator.url();
    std::string const state = simulator.state_directory();
    Json config = Json::object();
    config["listen"] = "127.0.0.1:0";
    config["log"] = Json{{"level", "debug"}, {"format", "json"}};
    config["store"] = Json{{"url", "sqlite:" + state + "/state.db"}, {"key_file", state + "/store.key"}};
    config["inbound"] = Json{{"mode", "token"}};
    config["azure_devops"] = Json{{"base_url", base}, {"search_url", base}, {"identity_url", base}};
    config["entra"] = Json{{"authority", base}, {"client_id", simulator.world().at("public_client_id")}};
    config["managed_identity"] = Json{{"source", "imds"}, {"imds_url", base}};
    config["outbound"] = Json{{"ca_file", simulator.ca_file()}};
    config["connectors"] = Json::array();
    config["connectors"].push_back(connector("contoso", Json{{"method", "pat"}}));
    config["connectors"].push_back(connector("fabrikam", Json{{"method", "oauth"}}));
    config["connectors"].push_back(connector("northwind", managed_identity_auth(simulator, true)));
    return config;
}

Daemon::Daemon(std::filesystem::path directory, Json const& config)
    : directory_(std::move(directory)), config_file_((directory_ / "config.yaml").string()) {
    std::string const store = config.at("store").at("url").get<std::string>();
    state_directory_ = std::filesystem::path(store.substr(store.find(':') + 1)).parent_path();
    std::filesystem::create_directories(state_directory_);
    std::filesystem::permissions(state_directory_, std::filesystem::perms::owner_all);
    set_config(config);
}

void Daemon::set_config(Json const& config) {
    std::ofstream(config_file_) << config.dump(2) << "\n";
}

std::filesystem::path Daemon::log_file(int run) const {
    return directory_ / ("daemon-" + std::to_string(run) + ".log");
}

void Daemon::start() {
    ++runs_;
    ProcessOptions options;
    options.arguments = {daemon_binary(), "serve", "--config", config_file_};
    options.environment = {{"ADO_MCPD_TOKEN", ""}, {"ADO_MCPD_CONFIG", ""}};
    for (auto const& [name, value] : environment) {
        options.environment[name] = value;
    }
    options.stdout_file = directory_ / ("daemon-" + std::to_string(runs_) + ".out");
    options.stderr_file = log_file(runs_);
    process_ = std::make_unique<Process>(options);
    Json const ready = Json::parse(process_->wait_for_line(options.stderr_file, "\"daemon.ready\""));
    url_ = (ready.value("tls", false) ? "https://" : "http://") + ready.at("listen").get<std::string>();
}

int Daemon::stop() {
    return process_->terminate();
}

void Daemon::kill() {
    process_->kill_now();
}

std::string Daemon::admin_token() const {
    return std::string(core::trim_ows(read_text(state_directory_ / "admin-token").substr(0, 4096)));
}

std::string Daemon::log() const {
    std::string all;
    for (int run = 1; run <= runs_; ++run) {
        all += read_text(log_file(run));
    }
    return all;
}

std::string Daemon::wait_for_log(std::string const& text) {
    return process_->wait_for_line(log_file(runs_), text);
}

CommandResult Daemon::command(std::vector<std::string> arguments, std::string input) const {
    arguments.insert(arguments.begin(), daemon_binary());
    arguments.emplace_back("--config");
    arguments.push_back(config_file_);
    std::map<std::string, std::string> variables{{"ADO_MCPD_TOKEN", ""}, {"ADO_MCPD_CONFIG", ""}};
    for (auto const& [name, value] : environment) {
        variables[name] = value;
    }
    return run_command(directory_, std::move(arguments), std::move(input), variables);
}

} // namespace test
