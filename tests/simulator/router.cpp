#include "simulator/router.hpp"

#include "simulator/access.hpp"
#include "simulator/admin.hpp"
#include "simulator/api_version.hpp"
#include "simulator/digest.hpp"
#include "simulator/entra_authority.hpp"
#include "simulator/locations.hpp"
#include "simulator/managed_identity.hpp"

#include <algorithm>

namespace simulator {
namespace {

constexpr std::string_view kLegacySuffix = ".visualstudio.com";

/// Which of the services a host name stands for; core for any other name.
Service service_of_host(std::string_view host) {
    if (istarts_with(host, "almsearch.") || host.ends_with(".almsearch.visualstudio.com")) {
        return Service::search;
    }
    if (istarts_with(host, "vssps.") || host.ends_with(".vssps.visualstudio.com")) {
        return Service::identity;
    }
    return Service::core;
}

/// contoso of contoso.visualstudio.com and contoso.almsearch.visualstudio.com; empty for the hosts that serve
/// all.
std::string organization_of_host(std::string_view host) {
    if (!host.ends_with(kLegacySuffix) || host == "app.vssps.visualstudio.com") {
        return {};
    }
    return std::string(host.substr(0, host.find('.')));
}

/// contoso of contoso-12: the same organization under another name, whose requests are matched and counted
/// apart.
std::string_view name_of_alias(std::string_view name) {
    auto const dash = name.find_last_not_of("0123456789");
    bool const numbered = dash != std::string_view::npos && dash + 1 < name.size() && name[dash] == '-';
    return numbered ? name.substr(0, dash) : std::string_view();
}

std::string_view service_name(Service service) {
    return service == Service::search ? "search" : service == Service::identity ? "vssps" : "core";
}

/// Characters the service's front refuses in a path segment.
bool dangerous(Request const& request) {
    auto const path = std::string_view(request.target).substr(0, request.target.find('?'));
    return path.find_first_of(":<>*\\") != std::string_view::npos ||
           path.find("%3A") != std::string_view::npos || path.find("%3a") != std::string_view::npos;
}

std::string base_url(Request const& request, std::string const& organization) {
    auto const host = request.host_name();
    if (host == "dev.azure.com" || host.ends_with(".dev.azure.com") || host.ends_with(kLegacySuffix)) {
        return "https://dev.azure.com/" + organization;
    }
    return "https://" + request.host + (is_server_path(request) ? "/tfs/" : "/") + organization;
}

Reply head_of_organization(Organization const& organization, Service service) {
    // 404 by design on vssps; elsewhere the way to the sign-in page. What counts are the headers.
    Reply reply = service == Service::identity ? empty_reply(404) : empty_reply(302);
    if (reply.status == 302) {
        reply.with(
            "Location",
            "https://spsprodeus1.vssps.visualstudio.com/_signin?realm=dev.azure.com&reply_to=https%3A%2F%2F"
            "dev.azure.com%2F" +
                organization.name);
    }
    add_tenant_headers(organization, reply);
    return reply;
}

Reply dangerous_path() {
    return {400,
            "text/html; charset=utf-8",
            "<!DOCTYPE html><html><head><title>A potentially dangerous Request.Path value was detected from "
            "the client "
            "(:).</title></head><body></body></html>"};
}

} // namespace

std::optional<PathMatch>
match_path(std::string_view pattern, std::vector<std::string> const& segments, std::size_t from) {
    PathMatch out;
    std::size_t at = from;
    while (!pattern.empty()) {
        auto const slash = pattern.find('/');
        auto const part = pattern.substr(0, slash);
        pattern = slash == std::string_view::npos ? std::string_view{} : pattern.substr(slash + 1);
        if (part.starts_with("{*")) {
            std::string rest;
            for (; at < segments.size(); ++at) {
                rest += "/" + segments[at];
            }
            out.params.emplace_back(part.substr(2, part.size() - 3), std::move(rest));
            return out;
        }
        if (at >= segments.size()) {
            return std::nullopt;
        }
        auto const& segment = segments[at++];
        if (part.starts_with("${")) {
            if (!segment.starts_with('$')) {
                return std::nullopt;
            }
            out.params.emplace_back(part.substr(2, part.size() - 3), segment.substr(1));
        } else if (part.starts_with('{')) {
            out.params.emplace_back(part.substr(1, part.size() - 2), segment);
        } else if (!iequals(part, segment)) {
            return std::nullopt;
        }
    }
    return at == segments.size() ? std::optional<PathMatch>(std::move(out)) : std::nullopt;
}

std::string const& Call::param(std::string_view name) const {
    static std::string const none;
    for (auto const& [key, value] : params) {
        if (key == name) {
            return value;
        }
    }
    return none;
}

bool Call::may_see(Project const& project_) const {
    return caller.membership == nullptr || caller.membership->projects.empty() ||
           caller.membership->projects.contains(project_.name);
}

std::string Call::project_url() const {
    return project == nullptr ? base_url : base_url + "/" + project->id;
}

Simulator::Simulator(std::uint64_t seed, Settings const& settings)
    : state_(std::make_unique<State>(seed, settings)) {
    for (auto const& table : {search_routes(),
                              git_routes(),
                              work_item_routes(),
                              git_history_routes(),
                              organization_routes(),
                              work_item_type_routes(),
                              wiki_routes()}) {
        routes_.insert(routes_.end(), table.begin(), table.end());
    }
}

template <class Answer>
Reply Simulator::with_faults(RouteKey const& key, Answer answer) {
    auto const fault = state_->faults.take(key);
    if (fault.has_value()) {
        if (auto reply = answer_of_fault(*fault, key)) {
            reply->service_headers =
                key.service == "core" || key.service == "search" || key.service == "vssps";
            return std::move(*reply);
        }
    }
    Reply reply = answer();
    if (fault.has_value()) {
        apply_after(*fault, reply);
    }
    return reply;
}

Reply Simulator::handle(Request const& request) {
    if (!request.segments.empty() && request.segments.front() == "__sim") {
        return admin_request(*state_, request);
    }
    RouteKey key;
    key.method = request.method;
    Reply reply = dispatch(request, key);
    auto& counters = state_->counters;
    ++counters.total;
    ++counters.requests[key.route.empty() ? "unknown" : key.route];
    ++counters.statuses[std::to_string(reply.status)];
    if (!key.organization.empty()) {
        ++counters.organizations[key.organization];
    }
    reply.delay += state_->settings.latency;
    if (state_->recorder != nullptr) {
        state_->recorder->note(request, key.service, reply);
    }
    return reply;
}

Reply Simulator::dispatch(Request const& request, RouteKey& key) {
    if (is_managed_identity_path(request)) {
        key.service = "managed_identity";
        key.route = "managed_identity." + managed_identity_source(request);
        return with_faults(key, [&] { return managed_identity_request(*state_, request); });
    }
    if (iequals(request.host_name(), "login.microsoftonline.com") || is_entra_path(request)) {
        key.service = "entra";
        key.route = entra_route_name(request);
        return with_faults(key, [&]() -> Reply {
            auto reply = entra_request(*state_, request, key.route);
            if (!reply.has_value()) {
                reply =
                    Reply(404, "text/html; charset=utf-8", "<html><head><title>404</title></head></html>");
                reply->service_headers = false;
            }
            return std::move(*reply);
        });
    }
    return azure_devops(request, key);
}

Reply Simulator::azure_devops(Request const& request, RouteKey& key) {
    Service service = service_of_host(request.host_name());
    Call call(*state_, request);
    std::size_t at = 0;
    std::string name = organization_of_host(request.host_name());
    if (name.empty()) {
        if (request.segments.empty()) {
            key.route = "root";
            return sign_in_page(200);
        }
        if (iequals(request.segments.front(), "_apis")) {
            key.service = "vssps";
            return with_faults(key, [&] { return account_request(call, key); });
        }
        at = is_server_path(request) ? 1 : 0;
        name = request.segments[at++];
    } else if (!request.segments.empty() && iequals(request.segments.front(), "DefaultCollection")) {
        ++at;
    }
    call.organization = state_->world->find_organization(name);
    if (call.organization == nullptr) {
        call.organization = state_->world->find_organization(name_of_alias(name));
    }
    if (dangerous(request) && call.organization == nullptr) {
        return dangerous_path();
    }
    if (call.organization == nullptr) {
        key.route = "unknown_organization";
        key.service = service_name(service);
        Reply reply = unknown_organization_page();
        add_service_headers(request, nullptr, reply);
        return reply;
    }
    bool const alias = !iequals(name, call.organization->name);
    key.organization = alias ? lower(name) : call.organization->name;
    call.base_url = base_url(request, key.organization);
    auto const api = std::find_if(request.segments.begin() + static_cast<std::ptrdiff_t>(at),
                                  request.segments.end(),
                                  [](auto const& segment) { return iequals(segment, "_apis"); });
    if (api == request.segments.end()) {
        key.service = service_name(service);
        key.route = request.method == "HEAD" ? "organization.head" : "page";
        Reply reply = with_faults(key, [&]() -> Reply {
            return request.method == "HEAD" ? head_of_organization(*call.organization, service)
                                            : sign_in_page(200);
        });
        add_service_headers(request, nullptr, reply);
        return reply;
    }
    auto const api_at = static_cast<std::size_t>(api - request.segments.begin());
    if (api_at - at > 0) {
        // Found later, after the credential: a project the caller may not see is one that does not exist.
        call.params.emplace_back("project", request.segments[at]);
    }
    bool const search =
        api_at + 1 < request.segments.size() && iequals(request.segments[api_at + 1], "search");
    if (search && service == Service::core) {
        service = Service::search;
    }
    Reply reply = organization_request(call, api_at, service, key);
    add_service_headers(request, &call, reply);
    return reply;
}

Reply Simulator::organization_request(Call& call, std::size_t api_at, Service service, RouteKey& key) {
    auto const& request = call.request;
    key.service = service_name(service);
    if (request.method == "OPTIONS") {
        key.route = "locations";
        return with_faults(key, [&] { return locations(call, service, api_at); });
    }
    Route const* route = nullptr;
    bool path_known = false;
    for (auto const& candidate : routes_) {
        auto match = match_path(candidate.pattern, request.segments, api_at + 1);
        if (!match.has_value()) {
            continue;
        }
        path_known = true;
        bool const head = request.method == "HEAD" && candidate.method == "GET";
        if (candidate.method == request.method || head) {
            route = &candidate;
            call.params.insert(call.params.end(), match->params.begin(), match->params.end());
            break;
        }
    }
    key.route = route == nullptr ? "unknown" : std::string(route->name);
    return with_faults(key, [&]() -> Reply {
        if (call.organization->stopped) {
            return stopped_collection(call.organization->name);
        }
        Route const none(service, "", "", "unknown", "", nullptr);
        if (is_server_path(request) && istarts_with(request.header("authorization"), "Bearer")) {
            return empty_reply(401); // no Entra stands behind a Server
        }
        if (auto refusal = authenticate(call, route == nullptr ? none : *route)) {
            return *refusal;
        }
        if (route == nullptr) {
            if (path_known) {
                return ado_error(405,
                                 "VssRequestMethodNotAllowedException",
                                 "The requested resource does not support http method '" + request.method +
                                     "'.");
            }
            return no_controller("/" + join(request.segments, "/"));
        }
        if (!call.caller.has_scope(route->scope)) {
            return missing_scope();
        }
        if (auto refusal = negotiate_version(call, *route)) {
            return *refusal;
        }
        std::string const project = call.param("project");
        if (!project.empty()) {
            call.project = call.organization->find_project(project);
            if (call.project == nullptr || !call.may_see(*call.project)) {
                return project_not_found(project);
            }
        } else if (route->project_required) {
            return no_controller("/" + join(request.segments, "/"));
        }
        Reply reply = route->handler(call);
        bool const json = reply.content_type.starts_with("application/json") && reply.status < 300;
        if (json && !call.api_version.empty()) {
            reply.content_type += "; api-version=" + call.api_version;
        }
        return reply;
    });
}

void add_service_headers(Request const& request, Call const* call, Reply& reply) {
    if (!reply.service_headers) {
        return;
    }
    std::string const activity = next_guid();
    reply.with("ActivityId", activity).with("X-VSS-E2EID", activity);
    auto const session = request.header("x-tfs-session");
    reply.with("X-TFS-Session", session.empty() ? activity : std::string(session));
    if (call != nullptr && call->caller.identity != nullptr) {
        reply.with("X-VSS-UserData",
                   call->caller.identity->vss_id + ":" + call->caller.identity->unique_name);
    }
}

} // namespace simulator
