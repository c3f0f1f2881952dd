#include "server/router/leg_report.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace server {
namespace {

void put(core::Json& object, char const* name, std::string const& value) {
    if (!value.empty()) {
        object[name] = value;
    }
}

} // namespace

std::string_view to_string(LegOutcome outcome) noexcept {
    switch (outcome) {
    case LegOutcome::passed:
        return "passed";
    case LegOutcome::warned:
        return "warned";
    case LegOutcome::failed:
        return "failed";
    case LegOutcome::skipped:
        break;
    }
    return "skipped";
}

void Leg::fail(core::Error const& error, std::string_view otherwise) {
    outcome = LegOutcome::failed;
    detail = error.message();
    fix = error.fix().empty() ? std::string(otherwise) : error.fix();
    code = error.code().empty() ? std::string(core::to_string(error.kind())) : error.code();
    activity_id = error.activity_id();
    failure.emplace(error);
}

Leg const* LegReport::find(std::string_view name) const noexcept {
    auto const it =
        std::find_if(legs.begin(), legs.end(), [name](Leg const& leg) { return leg.name == name; });
    return it == legs.end() ? nullptr : &*it;
}

Leg const* LegReport::broken() const noexcept {
    Leg const* const who = find("connection_data");
    bool const token_works = who != nullptr && who->outcome == LegOutcome::passed;
    for (Leg const& leg : legs) {
        bool const passed_over = leg.name.starts_with("token.") && token_works;
        if (leg.outcome == LegOutcome::failed && !passed_over) {
            return &leg;
        }
    }
    return nullptr;
}

bool LegReport::works() const noexcept {
    return broken() == nullptr;
}

core::Json to_json(LegReport const& report) {
    core::Json object = core::Json::object();
    object["organization"] = report.organization;
    put(object, "connector", report.connector);
    object["works"] = report.works();
    object["message"] = report.works() ? "Connected to Azure DevOps" : "Authentication Failed";
    if (report.find("connection_data") == nullptr) {
        object["message"] = "No connector";
    }
    if (Leg const* const broken = report.broken()) {
        bool const refused = broken->failure && (broken->failure->kind() == core::ErrorKind::unauthorized ||
                                                 broken->failure->kind() == core::ErrorKind::forbidden);
        object["message"] = refused ? "Authentication Failed" : "Disconnected";
        object["broken_leg"] = broken->name;
    }
    put(object, "method", report.method);
    put(object, "identity", report.identity);
    object["legs"] = core::Json::array();
    for (Leg const& leg : report.legs) {
        core::Json item = core::Json::object();
        item["name"] = leg.name;
        item["title"] = leg.title;
        item["outcome"] = std::string(to_string(leg.outcome));
        item["took_ms"] = leg.took.count();
        put(item, "detail", leg.detail);
        put(item, "fix", leg.fix);
        put(item, "code", leg.code);
        put(item, "activity_id", leg.activity_id);
        if (leg.failure) {
            item["kind"] = std::string(core::to_string(leg.failure->kind()));
        }
        object["legs"].push_back(std::move(item));
    }
    return object;
}

} // namespace server
