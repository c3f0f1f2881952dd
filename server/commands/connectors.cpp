#include "server/commands/connectors.hpp"

#include "core/crypto/random.hpp"
#include "core/json.hpp"
#include "core/log.hpp"
#include "core/text/percent_encoding.hpp"
#include "server/commands/command_run.hpp"
#include "server/commands/daemon_client.hpp"
#include "server/commands/exit_codes.hpp"
#include "server/commands/in_app.hpp"
#include "server/commands/leg_output.hpp"
#include "server/commands/table.hpp"
#include "server/config/load_config.hpp"
#include "server/front/rest/connectors.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace server {
namespace {

using core::Json;

constexpr char kPath[] = "/api/v2/extendedAgent/connectors";
constexpr std::chrono::seconds kTestTime{120};

core::Error refused(Config const& config, core::HttpResponse const& response) {
    auto const problem = core::parse_json(response.body, core::JsonLimits());
    std::string const said =
        problem ? std::string(core::find_string(*problem, "detail").value_or("")) : std::string();
    core::ErrorKind const kind = response.status == 401 || response.status == 403 ? core::ErrorKind::forbidden
                                 : response.status == 404                         ? core::ErrorKind::not_found
                                 : response.status >= 500                         ? core::ErrorKind::upstream
                                                          : core::ErrorKind::invalid_argument;
    core::Error error(
        kind, said.empty() ? "the daemon answered with HTTP " + std::to_string(response.status) : said);
    std::string fix(problem ? core::find_string(*problem, "fix").value_or("") : std::string_view());
    if (response.status == 401 || response.status == 403) {
        fix = token_fix(config, response.status);
    }
    return std::move(error)
        .with_code(problem ? std::string(core::find_string(*problem, "code").value_or("")) : std::string())
        .with_fix(std::move(fix));
}

/// nullopt when no daemon listens.
core::Result<std::optional<Json>>
ask(Config const& config, std::string const& method, std::string const& path) {
    auto url = core::Url::parse(daemon_base_url(config) + path);
    if (!url || config.listen.port == 0) {
        return std::optional<Json>();
    }
    core::HttpRequest request(method, std::move(*url));
    request.credential = caller_token(config);
    core::Result<core::HttpResponse> const response = ask_daemon(config, std::move(request));
    if (!response) {
        return response.error().not_sent() ? core::Result<std::optional<Json>>(std::optional<Json>())
                                           : core::fail(response.error());
    }
    if (response->status != 200) {
        return core::fail(refused(config, *response));
    }
    ADOMCPD_TRY(Json answer, core::parse_json(response->body, core::JsonLimits()));
    return std::optional<Json>(std::move(answer));
}

core::Task<core::Result<Json>> list_here(App* app) {
    core::CallContext const ctx(core::random_uuid(), core::Deadline::in(app->clock(), kTestTime));
    CO_TRY(std::vector<ConnectorView> const views, co_await app->connectors().list(ctx));
    Json answer = Json::object();
    answer["connectors"] = Json::array();
    for (ConnectorView const& view : views) {
        answer["connectors"].push_back(describe_connector(view));
    }
    co_return answer;
}

core::Task<core::Result<Json>> test_here(App* app, std::vector<std::string> names) {
    Json reports = Json::array();
    for (std::string const& name : names) {
        core::CallContext const ctx(core::random_uuid(), core::Deadline::in(app->clock(), kTestTime));
        std::string wanted = name;
        CO_TRY(LegReport const report, co_await app->connectors().test(std::move(wanted), ctx));
        reports.push_back(to_json(report));
    }
    co_return reports;
}

core::Task<core::Result<Json>> test_named_here(App* app, std::string name) {
    std::vector<std::string> names;
    if (!name.empty()) {
        names.push_back(std::move(name));
    } else {
        core::CallContext const ctx(core::random_uuid(), core::Deadline::in(app->clock(), kTestTime));
        CO_TRY(std::vector<ConnectorView> const views, co_await app->connectors().list(ctx));
        for (ConnectorView const& view : views) {
            names.push_back(view.name);
        }
    }
    core::Result<Json> reports = co_await test_here(app, std::move(names));
    co_return reports;
}

core::Result<Config> prepare(ConnectorsOptions const& options) {
    ADOMCPD_TRY(Config config, load_config(options.config));
    core::log::configure(core::log::Level::error, config.log.format);
    return config;
}

core::Result<Json> list(ConnectorsOptions const& options) {
    ADOMCPD_TRY(Config config, prepare(options));
    ADOMCPD_TRY(std::optional<Json> answer, ask(config, "GET", kPath));
    if (answer) {
        return std::move(*answer);
    }
    return run_in_app<Json>(std::move(config), [](App& app) { return list_here(&app); });
}

core::Result<Json> test(ConnectorsOptions const& options) {
    ADOMCPD_TRY(Config config, prepare(options));
    std::vector<std::string> names;
    if (!options.name.empty()) {
        names.push_back(options.name);
    }
    ADOMCPD_TRY(std::optional<Json> const known, ask(config, "GET", kPath));
    if (!known) {
        return run_in_app<Json>(std::move(config),
                                [&options](App& app) { return test_named_here(&app, options.name); });
    }
    if (names.empty()) {
        for (Json const& connector : known->at("connectors")) {
            names.push_back(connector.at("name").get<std::string>());
        }
    }
    Json reports = Json::array();
    for (std::string const& name : names) {
        ADOMCPD_TRY(std::optional<Json> report,
                    ask(config, "POST", std::string(kPath) + "/" + core::percent_encode(name) + "/test"));
        if (!report) {
            return core::fail(core::ErrorKind::network, "the daemon stopped in the middle");
        }
        reports.push_back(std::move(*report));
    }
    return reports;
}

Json cell(Json const& object, char const* name) {
    auto const text = core::find_string(object, name);
    return text ? Json(std::string(*text)) : Json();
}

} // namespace

int run_connectors_list(ConnectorsOptions const& options) {
    auto const answer = list(options);
    core::log::flush();
    if (!answer) {
        return report_error(answer.error());
    }
    if (options.json) {
        std::printf("%s\n", core::dump_json_pretty(*answer).c_str());
        return kExitDone;
    }
    Table table("connectors",
                {"name", "organization", "origin", "state", "method", "identity", "since", "reason"});
    for (Json const& connector : answer->at("connectors")) {
        Json const& status = connector.at("status");
        table.add({cell(connector, "name"),
                   cell(connector, "organization"),
                   cell(connector, "origin"),
                   cell(status, "state"),
                   cell(status, "method"),
                   cell(status, "identity"),
                   cell(status, "since"),
                   cell(status, "reason")});
    }
    table.print(false);
    for (Json const& connector : answer->at("connectors")) {
        if (auto const fix = core::find_string(connector.at("status"), "fix")) {
            std::printf(
                "%s: fix: %s\n", connector.at("name").get<std::string>().c_str(), std::string(*fix).c_str());
        }
    }
    return kExitDone;
}

int run_connectors_test(ConnectorsOptions const& options) {
    auto const reports = test(options);
    core::log::flush();
    if (!reports) {
        return report_error(reports.error());
    }
    int code = kExitDone;
    for (Json const& report : *reports) {
        int const own = leg_exit_code(report);
        code = code == kExitDone ? own : code;
        if (!options.json) {
            std::printf("%s", leg_text(report).c_str());
        }
    }
    if (options.json) {
        Json out = Json::object();
        out["connectors"] = *reports;
        std::printf("%s\n", core::dump_json_pretty(out).c_str());
    }
    return code;
}

} // namespace server
