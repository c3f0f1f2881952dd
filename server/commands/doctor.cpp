#include "server/commands/doctor.hpp"

#include "core/crypto/random.hpp"
#include "core/json.hpp"
#include "core/log.hpp"
#include "server/commands/command_run.hpp"
#include "server/commands/daemon_client.hpp"
#include "server/commands/exit_codes.hpp"
#include "server/commands/in_app.hpp"
#include "server/commands/leg_output.hpp"
#include "server/config/load_config.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace server {
namespace {

using core::Json;

constexpr std::chrono::seconds kTestTime{120};

/// A check of this machine, before any organization.
Json check(char const* name, char const* outcome, std::string detail, std::string fix = {}) {
    Json item = Json::object();
    item["name"] = name;
    item["outcome"] = outcome;
    item["detail"] = std::move(detail);
    if (!fix.empty()) {
        item["fix"] = std::move(fix);
    }
    return item;
}

/// That nobody listens is no fault: commands and stdio work without a daemon.
Json check_daemon(Config const& config) {
    ListenAddress const address = config.health_listen ? *config.health_listen : config.listen;
    std::string const scheme = !config.health_listen && config.tls ? "https://" : "http://";
    auto url = core::Url::parse(scheme + address.to_string() + "/readyz");
    if (!url || address.port == 0) {
        return check("daemon", "skipped", "its port is chosen at each start");
    }
    core::HttpRequest request("GET", std::move(*url));
    auto const answer = ask_daemon(config, std::move(request));
    if (!answer) {
        return check("daemon",
                     "warned",
                     "nothing answers on " + address.to_string() + ": " + answer.error().message(),
                     "start it with `ado-mcpd serve`; commands and `ado-mcpd stdio` work without it");
    }
    if (answer->status == 200) {
        return check("daemon", "passed", "ready on " + address.to_string());
    }
    return check("daemon",
                 "warned",
                 address.to_string() + " answers with HTTP " + std::to_string(answer->status),
                 "look at its log; it may be starting or stopping, or another program listens there");
}

core::Task<core::Result<Json>> walk(App* app, std::string organization) {
    std::vector<std::string> organizations;
    if (!organization.empty()) {
        organizations.push_back(std::move(organization));
    } else {
        core::CallContext const ctx(core::random_uuid(), core::Deadline::in(app->clock(), kTestTime));
        CO_TRY(std::vector<ConnectorView> const views, co_await app->connectors().list(ctx));
        for (ConnectorView const& view : views) {
            organizations.push_back(view.organization);
        }
    }
    Json reports = Json::array();
    for (std::string const& wanted : organizations) {
        core::CallContext const ctx(core::random_uuid(), core::Deadline::in(app->clock(), kTestTime));
        std::string name = wanted;
        CO_TRY(LegReport const report, co_await app->connectors().test_organization(std::move(name), ctx));
        reports.push_back(to_json(report));
    }
    co_return reports;
}

void print(Json const& checks, Json const& reports) {
    for (Json const& item : checks) {
        std::printf("%s  %s: %s\n",
                    outcome_word(item.at("outcome").get<std::string>()).c_str(),
                    item.at("name").get<std::string>().c_str(),
                    item.at("detail").get<std::string>().c_str());
        if (auto const fix = core::find_string(item, "fix")) {
            std::printf("      fix: %s\n", std::string(*fix).c_str());
        }
    }
    for (Json const& report : reports) {
        std::printf("%s", leg_text(report).c_str());
    }
}

int finish(DoctorOptions const& options, Json checks, Json reports, int code) {
    core::log::flush();
    if (options.json) {
        Json out = Json::object();
        out["works"] = code == kExitDone;
        out["checks"] = std::move(checks);
        out["organizations"] = std::move(reports);
        std::printf("%s\n", core::dump_json_pretty(out).c_str());
    } else {
        print(checks, reports);
    }
    return code;
}

} // namespace

int run_doctor(DoctorOptions const& options) {
    Json checks = Json::array();
    auto config = load_config(options.config);
    if (!config) {
        checks.push_back(check("configuration", "failed", config.error().message(), config.error().fix()));
        return finish(options, std::move(checks), Json::array(), exit_code_of(config.error()));
    }
    core::log::configure(core::log::Level::off, config->log.format);
    checks.push_back(check("configuration", "passed", config->source));
    checks.push_back(check_daemon(*config));
    std::string const store = config->store.path;
    auto const reports = run_in_app<Json>(std::move(*config),
                                          [&options](App& app) { return walk(&app, options.organization); });
    if (!reports) {
        bool const of_store = reports.error().code().starts_with("store_") ||
                              reports.error().code().starts_with("envelope_") ||
                              reports.error().code().starts_with("key_");
        checks.push_back(check(of_store ? "store" : "organizations",
                               "failed",
                               reports.error().message(),
                               reports.error().fix()));
        return finish(options, std::move(checks), Json::array(), exit_code_of(reports.error()));
    }
    checks.push_back(check("store", "passed", store + " opens, and the key of every record is known"));
    int code = kExitDone;
    for (Json const& report : *reports) {
        int const own = leg_exit_code(report);
        code = code == kExitDone ? own : code;
    }
    if (reports->empty()) {
        checks.push_back(
            check("organizations",
                  "warned",
                  "none is connected",
                  "declare a connector, or attach a credential: `ado-mcpd login --organization ORG "
                  "--device-code` or `ado-mcpd pat set --organization ORG`"));
    }
    return finish(options, std::move(checks), *reports, code);
}

} // namespace server
