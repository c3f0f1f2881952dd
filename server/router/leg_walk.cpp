#include "server/router/leg_walk.hpp"

#include "ado/projects.hpp"
#include "ado/work_items.hpp"
#include "auth/managed_identity_client.hpp"
#include "server/router/leg_timer.hpp"
#include "server/router/pat_reach.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace server {
namespace {

/// How long the token of a walk must last.
constexpr std::chrono::seconds kTokenLife{60};
/// Projects that are searched for a repository.
constexpr std::size_t kMostProjects = 5;
constexpr char kProbeTitle[] = "Connection test (validated, never created)";
constexpr char kSkippedToken[] = "there is no token to try it with";

std::string until(core::AccessToken const& token) {
    return token.expires_at == core::SystemTime::max() ? std::string("found")
                                                       : "valid until " + core::format_utc(token.expires_at);
}

std::string title_of(std::string const& method) {
    if (method == "oauth") {
        return "Token by sign-in";
    }
    return method == "pat" ? "Personal access token" : "Token of the managed identity";
}

constexpr std::array<std::pair<char const*, char const*>, 4> kServiceLegs{
    {{"connection_data", "Who we are"},
     {"projects", "Projects"},
     {"repository", "Reading a repository"},
     {"work_item", "Writing a work item (validated only)"}}};

/// With nothing set up there is no token leg: then the service's own legs say so.
bool no_token_works(LegReport const& report) {
    Leg const* const exchange = report.find("token.exchange");
    bool const half = exchange != nullptr && exchange->outcome != LegOutcome::passed;
    bool any = false;
    for (Leg const& leg : report.legs) {
        if (!leg.name.starts_with("token.")) {
            continue;
        }
        any = true;
        bool const works = leg.outcome == LegOutcome::passed || leg.outcome == LegOutcome::warned;
        // What is only the first half of an exchange is no token for Azure DevOps.
        if (works && !(half && leg.name == "token.managed_identity")) {
            return false;
        }
    }
    return any;
}

/// Those from `first` on.
void skip_service(LegReport& report, std::size_t first, std::string const& why) {
    for (std::size_t i = first; i < kServiceLegs.size(); ++i) {
        report.legs.emplace_back(kServiceLegs[i].first, kServiceLegs[i].second).skip(why);
    }
}

} // namespace

core::Task<LegReport> LegWalk::run(std::shared_ptr<Connector> connector,
                                   AuthMethodConfig const* identity,
                                   std::vector<ado::Organization> others,
                                   core::CallContext const& ctx) const {
    ado::Organization const organization = connector->organization();
    LegReport report(organization.name());
    report.connector = connector->settings().name;
    bool const reached = co_await walk_network(organization, report, ctx);
    if (!reached) {
        report.legs.emplace_back("tenant", "Tenant of the organization")
            .skip("Azure DevOps cannot be reached");
        skip_service(report, 0, "Azure DevOps cannot be reached");
        co_return report;
    }
    co_await walk_tenant(organization, report, ctx);
    co_await walk_tokens(connector, identity, std::move(others), report, ctx);
    if (no_token_works(report)) {
        skip_service(report, 0, kSkippedToken);
        co_return report;
    }
    co_await walk_service(connector, report, ctx);
    co_return report;
}

core::Task<void> LegWalk::walk_tokens(std::shared_ptr<Connector> connector,
                                      AuthMethodConfig const* identity,
                                      std::vector<ado::Organization> others,
                                      LegReport& report,
                                      core::CallContext const& ctx) const {
    core::Clock& clock = parts_.provider_environment.clock;
    std::string const key = connector->organization().key();
    std::vector<ConnectorProvider> const& providers = connector->providers();
    for (ConnectorProvider const& entry : providers) {
        std::string const method = entry.provider->method();
        if (entry.absent() && !entry.declared) {
            continue;
        }
        if (method == "managed_identity" && identity != nullptr) {
            co_await walk_identity(key, *identity, report, ctx);
            continue;
        }
        Timer timer(clock, report, "token." + method, title_of(method));
        core::CallContext const leg = leg_context(ctx);
        auto const token = co_await entry.provider->get(kTokenLife, leg);
        if (!token) {
            timer.leg().fail(token.error());
            continue;
        }
        timer.leg().pass(until(*token));
        if (method != "pat") {
            continue;
        }
        core::AccessToken candidate = token->clone();
        bool const everywhere =
            co_await pat_works_elsewhere(std::move(candidate), others, parts_.ado_http, clock, leg);
        std::optional<PatEnd> end = connector->pat_end();
        PatEnd const known(end ? end->entered : std::nullopt, everywhere || (end && end->everywhere));
        std::string words = describe_pat_end(connector->organization().name(), known, clock.system_now());
        if (!words.empty()) {
            timer.leg().warn(std::move(words), pat_end_fix(connector->organization().name(), known));
            timer.leg().code = known.everywhere ? "pat_all_organizations" : "pat_expiring";
        }
    }
}

/// Leg 1 is asked of the platform by itself, so that its time and its failure are its own.
core::Task<void> LegWalk::walk_identity(std::string key,
                                        AuthMethodConfig const& identity,
                                        LegReport& report,
                                        core::CallContext const& ctx) const {
    auth::ProviderEnvironment const& environment = parts_.provider_environment;
    bool const federated = !identity.federated_client_id.empty();
    if (federated) {
        Timer timer(
            environment.clock, report, "token.managed_identity", "Token of the managed identity (leg 1)");
        core::CallContext const leg = leg_context(ctx);
        auth::ManagedIdentityConfig config = parts_.config.managed_identity;
        if (!identity.client_id.empty()) {
            config.client_id = identity.client_id;
        }
        config.object_id = identity.object_id;
        config.resource_id = identity.resource_id;
        auth::ManagedIdentityClient client(
            environment.http, environment.clock, parts_.pool, std::move(config), environment.pinned_client);
        std::string resource = auth::exchange_resource_of(environment.authority);
        auto const token = co_await client.request(std::move(resource), leg);
        if (!token) {
            timer.leg().fail(token.error().error);
            report.legs.emplace_back("token.exchange", "Exchange in the other tenant (leg 2)")
                .skip("leg 1 failed");
            co_return;
        }
        timer.leg().pass("from " + std::string(client.source_name()) + ", valid until " +
                         core::format_utc(token->expires_at));
    }
    Timer timer(environment.clock,
                report,
                federated ? "token.exchange" : "token.managed_identity",
                federated ? "Exchange in tenant " + identity.federated_tenant_id + " (leg 2)"
                          : std::string("Token of the managed identity"));
    core::CallContext const leg = leg_context(ctx);
    // One of its own: the connector's would answer from its cache.
    auto const provider = make_identity_provider(parts_, std::move(key), identity);
    auto const token = co_await provider->get(kTokenLife, leg);
    if (!token) {
        timer.leg().fail(token.error());
        co_return;
    }
    timer.leg().pass(until(*token));
}

core::Task<void> LegWalk::walk_service(std::shared_ptr<Connector> connector,
                                       LegReport& report,
                                       core::CallContext const& ctx) const {
    {
        Timer timer(parts_.provider_environment.clock, report, "connection_data", "Who we are");
        core::CallContext const leg = leg_context(ctx);
        auto const who = co_await connector->client().connection_data(leg);
        if (!who) {
            timer.leg().fail(who.error());
        } else {
            report.method = leg.trace->method;
            report.identity = who->name;
            connector->note_accepted(report.method, who->name);
            timer.leg().pass(who->name + ", by " + report.method);
        }
    }
    if (report.legs.back().outcome == LegOutcome::failed) {
        skip_service(report, 1, kSkippedToken);
        co_return;
    }
    std::vector<std::string> const projects = co_await walk_projects(*connector, report, ctx);
    co_await walk_repository(*connector, projects, report, ctx);
    co_await walk_work_item(*connector, projects, report, ctx);
}

core::Task<std::vector<std::string>>
LegWalk::walk_projects(Connector& connector, LegReport& report, core::CallContext const& ctx) const {
    Timer timer(parts_.provider_environment.clock, report, "projects", "Projects");
    core::CallContext const leg = leg_context(ctx);
    ConnectorPolicy const& policy = connector.settings().policy;
    std::vector<std::string> names;
    auto const projects = co_await connector.client().list_projects(leg);
    if (!projects) {
        timer.leg().fail(projects.error());
        co_return names;
    }
    for (ado::Project const& project : *projects) {
        if (policy.allows_project(project.name)) {
            names.push_back(project.name);
        }
    }
    auto const preferred = std::find_if(names.begin(), names.end(), [&](std::string const& name) {
        return core::iequals(name, policy.default_project);
    });
    if (preferred != names.end()) {
        std::rotate(names.begin(), preferred, preferred + 1);
    }
    if (names.empty()) {
        core::Error const error =
            core::Error(core::ErrorKind::forbidden,
                        projects->empty()
                            ? "The identity is a member of the organization, but sees no project."
                            : "None of the projects it sees is in the connector's allow-list.")
                .with_code("no_project")
                .with_fix(projects->empty()
                              ? "Add it to a project (Project settings, Teams or Permissions) with at least "
                                "read access to its repositories."
                              : "Change `projects` of the connector, or give the identity access to them.");
        timer.leg().fail(error);
        co_return names;
    }
    std::string text = std::to_string(names.size()) + (names.size() == 1 ? " project: " : " projects: ");
    for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 3); ++i) {
        text += (i == 0 ? "" : ", ") + names[i];
    }
    timer.leg().pass(text + (names.size() > 3 ? ", …" : ""));
    co_return names;
}

core::Task<void> LegWalk::walk_repository(Connector& connector,
                                          std::vector<std::string> const& projects,
                                          LegReport& report,
                                          core::CallContext const& ctx) const {
    Timer timer(parts_.provider_environment.clock, report, "repository", "Reading a repository");
    if (projects.empty()) {
        timer.leg().skip("there is no project to look in");
        co_return;
    }
    core::CallContext const leg = leg_context(ctx);
    for (std::size_t i = 0; i < std::min(projects.size(), kMostProjects); ++i) {
        auto const found = co_await connector.client().list_repositories(projects[i], leg);
        if (!found) {
            timer.leg().fail(found.error());
            co_return;
        }
        // One with a branch tells most; an empty one will do.
        auto const usable = std::find_if(found->begin(), found->end(), [](ado::Repository const& repository) {
            return !repository.is_disabled && !repository.default_branch.empty();
        });
        if (usable == found->end()) {
            continue;
        }
        std::string const root = "/";
        ado::VersionDescriptor const version;
        auto const item = co_await connector.client().get_item(projects[i], usable->id, root, version, leg);
        if (!item) {
            timer.leg().fail(item.error());
            co_return;
        }
        timer.leg().pass("read " + usable->name + " of project " + projects[i]);
        co_return;
    }
    timer.leg().warn("no repository that has a branch is visible",
                     "Where there should be one: give the identity Basic access and read permission on the "
                     "project and on its repositories.");
    timer.leg().code = "no_repository";
}

core::Task<void> LegWalk::walk_work_item(Connector& connector,
                                         std::vector<std::string> const& projects,
                                         LegReport& report,
                                         core::CallContext const& ctx) const {
    Timer timer(
        parts_.provider_environment.clock, report, "work_item", "Writing a work item (validated only)");
    if (connector.settings().policy.read_only || parts_.config.tools.read_only) {
        timer.leg().skip("read-only: tools that write are off here");
        co_return;
    }
    if (projects.empty()) {
        timer.leg().skip("there is no project to write in");
        co_return;
    }
    core::CallContext const leg = leg_context(ctx);
    std::string const project = projects.front();
    auto const types = co_await connector.client().list_work_item_types(project, leg);
    if (!types) {
        timer.leg().fail(types.error());
        co_return;
    }
    auto type = std::find_if(types->begin(), types->end(), [](ado::WorkItemType const& candidate) {
        return candidate.name == "Task" && !candidate.is_disabled;
    });
    if (type == types->end()) {
        type = std::find_if(types->begin(), types->end(), [](ado::WorkItemType const& candidate) {
            return !candidate.is_disabled;
        });
    }
    if (type == types->end()) {
        timer.leg().warn("project " + project + " has no type of work item",
                         "Choose another default_project.");
        co_return;
    }
    ado::WorkItemPatch patch;
    patch.set("System.Title", kProbeTitle);
    ado::WriteOptions const options(true);
    auto const made = co_await connector.client().create_work_item(project, type->name, patch, options, leg);
    // The rules of the type are looked at once the permission is there.
    bool const rules_only = !made && made.error().kind() == core::ErrorKind::invalid_argument;
    if (!made && !rules_only) {
        timer.leg().fail(made.error());
        co_return;
    }
    timer.leg().pass("a " + type->name + " in project " + project +
                     (rules_only ? " may be created; its rules ask for more fields" : " may be created"));
}

} // namespace server
