#include "server/commands/audit.hpp"

#include "ado/organization.hpp"
#include "core/json.hpp"
#include "core/log.hpp"
#include "server/commands/command_run.hpp"
#include "server/commands/exit_codes.hpp"
#include "server/commands/table.hpp"
#include "server/config/expiry.hpp"
#include "server/config/load_config.hpp"
#include "server/front/rest/audit.hpp"
#include "server/router/connector_factory.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

namespace server {
namespace {

constexpr std::size_t kPage = 1000;

core::Result<std::unique_ptr<CommandRun>> prepare(AuditOptions const& options) {
    ADOMCPD_TRY(Config config, load_config(options.config));
    return CommandRun::make(std::move(config));
}

core::Result<AuditQuery> query_of(AuditOptions const& options, CommandRun& run) {
    AuditQuery query;
    query.event = options.event;
    if (!options.organization.empty()) {
        ADOMCPD_TRY(ado::Organization const organization,
                    ado::parse_organization(options.organization, organization_urls(run.config())));
        query.organization = organization.key();
    }
    if (!options.since.empty()) {
        query.since = parse_since(options.since, run.clock().system_now());
        if (!query.since) {
            return core::fail(core::Error(core::ErrorKind::invalid_argument, "--since cannot be understood")
                                  .with_code("usage")
                                  .with_fix("write a date (2027-03-01) or a span back from now (7d, 12h)"));
        }
    }
    return query;
}

core::Result<std::vector<AuditRecord>> read(AuditOptions const& options) {
    ADOMCPD_TRY(std::unique_ptr<CommandRun> const run, prepare(options));
    ADOMCPD_TRY(AuditQuery query, query_of(options, *run));
    std::vector<AuditRecord> records;
    for (bool more = true; more;) {
        std::size_t const wanted = options.limit == 0 ? kPage : options.limit - records.size();
        query.limit = std::min(kPage, wanted);
        AuditQuery asked = query;
        ADOMCPD_TRY(AuditPage page, run->wait_for(run->store().audit().list(std::move(asked))));
        std::move(page.records.begin(), page.records.end(), std::back_inserter(records));
        query.before = page.before;
        more = page.before.has_value() && (options.limit == 0 || records.size() < options.limit);
    }
    return records;
}

core::Json cell(std::string const& text) {
    return text.empty() ? core::Json() : core::Json(text);
}

void print_table(std::vector<AuditRecord> const& records) {
    Table table("records",
                {"sequence",
                 "time",
                 "event",
                 "outcome",
                 "principal",
                 "organization",
                 "method",
                 "identity",
                 "subject",
                 "error_code"});
    for (AuditRecord const& record : records) {
        AuditEvent const& event = record.event;
        table.add({record.sequence,
                   core::format_utc(record.at),
                   event.event,
                   std::string(to_string(event.outcome)),
                   event.actor.name.empty() ? event.actor.id : event.actor.name,
                   cell(event.organization),
                   cell(event.method),
                   cell(event.identity),
                   cell(event.subject),
                   cell(event.error_code)});
    }
    table.print(false);
}

core::Result<AuditReport> verify(AuditOptions const& options) {
    ADOMCPD_TRY(std::unique_ptr<CommandRun> const run, prepare(options));
    return run->wait_for(run->store().audit().verify());
}

} // namespace

int run_audit_list(AuditOptions const& options) {
    auto const records = read(options);
    if (!records) {
        return report_error(records.error());
    }
    if (!options.json) {
        print_table(*records);
        return kExitDone;
    }
    core::Json list = core::Json::array();
    std::transform(records->begin(), records->end(), std::back_inserter(list), audit_record_json);
    core::Json out = core::Json::object();
    out["records"] = std::move(list);
    std::printf("%s\n", core::dump_json_pretty(out).c_str());
    return kExitDone;
}

int run_audit_verify(AuditOptions const& options) {
    auto const report = verify(options);
    if (!report) {
        return report_error(report.error());
    }
    if (options.json) {
        core::Json out = {{"intact", report->intact()},
                          {"records", report->records},
                          {"first", report->first},
                          {"last", report->last}};
        if (!report->intact()) {
            out["problem"] = report->problem;
            out["broken_at"] = report->broken_at ? core::Json(*report->broken_at) : core::Json();
        }
        std::printf("%s\n", core::dump_json_pretty(out).c_str());
    } else if (report->intact()) {
        std::printf("The audit log is intact: %zu record%s, %lld to %lld.\n",
                    report->records,
                    report->records == 1 ? "" : "s",
                    static_cast<long long>(report->first),
                    static_cast<long long>(report->last));
    } else {
        std::printf("The audit log is NOT intact: %s.\n", report->problem.c_str());
    }
    return report->intact() ? kExitDone : kExitFailed;
}

} // namespace server
