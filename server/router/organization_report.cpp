#include "server/router/organization_report.hpp"

#include <nlohmann/json.hpp>

namespace server {
namespace {

void put(core::Json& object, char const* name, std::string const& value) {
    if (!value.empty()) {
        object[name] = value;
    }
}

} // namespace

core::Json
organization_report(OrganizationDirectory const& directory, Connector const& connector, bool read_only) {
    ConnectorStatus const status = connector.status();
    ConnectorPolicy const& policy = connector.settings().policy;
    core::Json report = core::Json::object();
    report["name"] = connector.organization().name();
    report["connector"] = connector.settings().name;
    report["state"] = status.state;
    put(report, "reason", status.reason);
    put(report, "fix", status.fix);
    put(report, "method", status.method);
    put(report, "identity", status.identity);
    put(report, "tenant", status.tenant);
    report["read_only"] = read_only || policy.read_only;
    report["confirm_writes"] = policy.confirm_writes;
    report["projects"] = policy.projects;
    put(report, "default_project", policy.default_project);
    report["knowledge_sources"] = directory.sources_of(connector.organization().key());
    if (directory.source_report()) {
        core::Json indexes = directory.source_report()(connector.organization().key());
        if (!indexes.empty()) {
            report["knowledge_indexes"] = std::move(indexes);
        }
    }
    std::vector<std::string> notes = connector.notes();
    if (!notes.empty()) {
        report["notes"] = std::move(notes);
    }
    if (status.since != core::SystemTime()) {
        report["since"] = core::format_utc(status.since);
    }
    return report;
}

} // namespace server
