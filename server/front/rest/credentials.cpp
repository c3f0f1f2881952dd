#include "server/front/rest/credentials.hpp"

#include "core/json.hpp"
#include "core/log.hpp"
#include "server/front/problem.hpp"
#include "server/front/rest/identity_request.hpp"
#include "server/front/rest/pat_request.hpp"
#include "server/front/rest/rest_request.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <utility>

namespace server {
namespace {

core::Json describe_organization(OrganizationCredentials const& credentials) {
    core::Json methods = core::Json::array();
    for (CredentialMethodStatus const& status : credentials.methods) {
        methods.push_back(describe_method(status));
    }
    core::Json object = {{"organization", credentials.organization}, {"state", credentials.state}};
    put_text(object, "connector", credentials.connector);
    object["methods"] = std::move(methods);
    object["notes"] = credentials.notes;
    return object;
}

core::Json describe_accepted(PatAccepted const& accepted) {
    core::Json object = {{"organization", accepted.organization},
                         {"method", "pat"},
                         {"state", "connected"},
                         {"identity", accepted.identity},
                         {"message", "Connected to Azure DevOps"}};
    put_time(object, "expires_at", accepted.expires_at);
    if (!accepted.notes.empty()) {
        object["notes"] = accepted.notes;
    }
    return object;
}

core::Json describe_accepted(IdentityAccepted const& accepted) {
    core::Json object = {{"organization", accepted.organization},
                         {"method", "managed_identity"},
                         {"state", "connected"},
                         {"identity", accepted.identity},
                         {"message", "Connected to Azure DevOps"}};
    put_text(object, "tenant", accepted.tenant);
    return object;
}

/// Logs that attaching failed, and says so.
HttpReply not_attached(std::string const& organization,
                       char const* method,
                       core::Error const& error,
                       InboundRequest const& request,
                       core::CallContext const& ctx) {
    core::log::warn("credentials.attach",
                    {{"request_id", ctx.request_id},
                     {"organization", organization},
                     {"method", method},
                     {"principal", request.principal.id},
                     {"error", core::describe(error)}});
    return problem_reply(problem_of(error));
}

void log_attached(std::string const& organization,
                  char const* method,
                  InboundRequest const& request,
                  core::CallContext const& ctx) {
    core::log::info("credentials.attach",
                    {{"request_id", ctx.request_id},
                     {"organization", organization},
                     {"method", method},
                     {"principal", request.principal.id}});
}

HttpReply refuse_request(core::Error const& error) {
    Problem problem = problem_of(error);
    if (error.status() == 415) {
        problem.status = 415;
    }
    return problem_reply(problem);
}

} // namespace

void CredentialRoutes::add_to(RouteTable& routes) {
    static std::string const base = "/api/v1/azuredevops/auth";
    routes.add(
        Route("POST", base + "/pat", core::Role::administrator, [this](auto& request, auto const& ctx) {
            return attach_pat(request, ctx);
        }));
    routes.add(Route("POST", base + "/mi", core::Role::administrator, [this](auto& request, auto const& ctx) {
        return attach_identity(request, ctx);
    }));
    routes.add(Route("GET", base, core::Role::reader, [this](auto& request, auto const& ctx) {
        return list(request, ctx);
    }));
    routes.add(
        Route("GET", base + "/{organization}", core::Role::reader, [this](auto& request, auto const& ctx) {
            return get(request, ctx);
        }));
    routes.add(Route("DELETE",
                     base + "/{organization}",
                     core::Role::administrator,
                     [this](auto& request, auto const& ctx) { return remove(request, ctx); }));
}

core::Task<HttpReply> CredentialRoutes::attach_pat(InboundRequest& request, core::CallContext const& ctx) {
    core::Result<PatRequest> asked = read_pat_request(request, clock_.system_now());
    if (!asked) {
        co_return refuse_request(asked.error());
    }
    std::string const organization = asked->organization;
    core::Result<PatAccepted> accepted = co_await admin_.attach_pat(
        std::move(asked->organization), std::move(asked->pat), asked->expires, request.principal, ctx);
    if (!accepted) {
        co_return not_attached(organization, "pat", accepted.error(), request, ctx);
    }
    log_attached(accepted->organization, "pat", request, ctx);
    core::Json body = describe_accepted(*accepted);
    if (!asked->warning.empty()) {
        body["warning"] = asked->warning;
    }
    co_return json_reply(200, body);
}

core::Task<HttpReply> CredentialRoutes::attach_identity(InboundRequest& request,
                                                        core::CallContext const& ctx) {
    core::Result<IdentityRequest> asked = read_identity_request(request);
    if (!asked) {
        co_return refuse_request(asked.error());
    }
    std::string const organization = asked->organization;
    core::Result<IdentityAccepted> const accepted =
        co_await admin_.attach_identity(std::move(*asked), request.principal, ctx);
    if (!accepted) {
        co_return not_attached(organization, "managed_identity", accepted.error(), request, ctx);
    }
    log_attached(accepted->organization, "managed_identity", request, ctx);
    co_return json_reply(200, describe_accepted(*accepted));
}

core::Task<HttpReply> CredentialRoutes::list(InboundRequest& /*request*/, core::CallContext const& ctx) {
    core::Result<std::vector<OrganizationCredentials>> const all = co_await admin_.list(ctx);
    if (!all) {
        co_return problem_reply(problem_of(all.error()));
    }
    core::Json organizations = core::Json::array();
    for (OrganizationCredentials const& one : *all) {
        organizations.push_back(describe_organization(one));
    }
    core::Json const body = {{"organizations", std::move(organizations)}};
    co_return json_reply(200, body);
}

core::Task<HttpReply> CredentialRoutes::get(InboundRequest& request, core::CallContext const& ctx) {
    std::string organization(request.parameter("organization"));
    core::Result<OrganizationCredentials> const one = co_await admin_.get(std::move(organization), ctx);
    if (!one) {
        co_return problem_reply(problem_of(one.error()));
    }
    co_return json_reply(200, describe_organization(*one));
}

core::Task<HttpReply> CredentialRoutes::remove(InboundRequest& request, core::CallContext const& ctx) {
    std::string organization(request.parameter("organization"));
    core::Result<std::string> const removed =
        co_await admin_.remove(std::move(organization), request.principal, ctx);
    if (!removed) {
        co_return problem_reply(problem_of(removed.error()));
    }
    core::log::info(
        "credentials.remove",
        {{"request_id", ctx.request_id}, {"organization", *removed}, {"principal", request.principal.id}});
    core::Json const body = {
        {"organization", *removed}, {"state", "disconnected"}, {"message", "Disconnected"}};
    co_return json_reply(200, body);
}

} // namespace server
