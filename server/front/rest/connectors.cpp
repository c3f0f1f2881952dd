#include "server/front/rest/connectors.hpp"

#include "core/log.hpp"
#include "server/front/problem.hpp"
#include "server/front/rest/rest_request.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <utility>

namespace server {
namespace {

using core::Json;

constexpr char kPath[] = "/api/v2/extendedAgent/connectors";

/// The product's two words.
std::string_view label_of(std::string_view state) {
    constexpr std::array<std::string_view, 5> kWorking{
        "connected", "refreshing", "degraded", "expiring", "throttled"};
    for (std::string_view const word : kWorking) {
        if (word == state) {
            return "Connected";
        }
    }
    return "Disconnected";
}

Json describe_status(ConnectorStatus const& status) {
    Json object = Json::object();
    object["state"] = status.state;
    object["label"] = std::string(label_of(status.state));
    if (status.since != core::SystemTime()) {
        object["since"] = core::format_utc(status.since);
    }
    put_text(object, "reason", status.reason);
    put_text(object, "fix", status.fix);
    put_text(object, "method", status.method);
    put_text(object, "identity", status.identity);
    put_text(object, "tenant", status.tenant);
    return object;
}

HttpReply view_reply(int status, ConnectorView const& view) {
    return resource_reply(status,
                          describe_connector(view),
                          view.etag,
                          view.created ? std::string(kPath) + "/" + view.name : std::string());
}

} // namespace

Json describe_connector(ConnectorView const& view) {
    Json object = Json::object();
    object["name"] = view.name;
    object["type"] = "AzureDevOps";
    object["url"] = view.url;
    object["origin"] = std::string(to_string(view.origin));
    object["declared"] = view.origin == ConnectorOrigin::configuration;
    object["etag"] = view.etag;
    object.update(view.settings);
    object["organization"] = view.organization;
    object["status"] = describe_status(view.status);
    object["methods"] = Json::array();
    for (CredentialMethodStatus const& method : view.methods) {
        object["methods"].push_back(describe_method(method));
    }
    object["knowledge_sources"] = view.knowledge_sources;
    object["notes"] = view.notes;
    put_time(object, "created_at", view.created_at);
    put_time(object, "updated_at", view.updated_at);
    return object;
}

void ConnectorRoutes::add_to(RouteTable& routes) {
    std::string const base = kPath;
    std::string const one = base + "/{name}";
    using core::Role;
    routes.add(Route(
        "GET", base, Role::reader, [this](auto& request, auto const& ctx) { return list(request, ctx); }));
    routes.add(Route(
        "GET", one, Role::reader, [this](auto& request, auto const& ctx) { return get(request, ctx); }));
    routes.add(Route("PUT", one, Role::administrator, [this](auto& request, auto const& ctx) {
        return put(request, ctx);
    }));
    routes.add(Route("PATCH", one, Role::administrator, [this](auto& request, auto const& ctx) {
        return patch(request, ctx);
    }));
    routes.add(Route("DELETE", one, Role::administrator, [this](auto& request, auto const& ctx) {
        return remove(request, ctx);
    }));
    routes.add(Route("POST", one + "/test", Role::administrator, [this](auto& request, auto const& ctx) {
        return test(request, ctx);
    }));
}

core::Task<HttpReply> ConnectorRoutes::list(InboundRequest& /*request*/, core::CallContext const& ctx) {
    core::Result<std::vector<ConnectorView>> const all = co_await admin_.list(ctx);
    if (!all) {
        co_return rest_problem(all.error());
    }
    Json body = Json::object();
    body["connectors"] = Json::array();
    for (ConnectorView const& view : *all) {
        body["connectors"].push_back(describe_connector(view));
    }
    co_return json_reply(200, body);
}

core::Task<HttpReply> ConnectorRoutes::get(InboundRequest& request, core::CallContext const& ctx) {
    core::Result<ConnectorView> const view = co_await admin_.get(resource_name(request), ctx);
    if (!view) {
        co_return rest_problem(view.error());
    }
    co_return view_reply(200, *view);
}

core::Task<HttpReply> ConnectorRoutes::put(InboundRequest& request, core::CallContext const& ctx) {
    core::Result<ResourceChange> change = read_change(request);
    if (!change) {
        co_return rest_problem(change.error());
    }
    core::Result<ConnectorView> const view = co_await admin_.put(resource_name(request),
                                                                 std::move(change->document),
                                                                 std::move(change->condition),
                                                                 request.principal,
                                                                 ctx);
    if (!view) {
        co_return rest_problem(view.error());
    }
    core::log::info("connectors.put",
                    {{"request_id", ctx.request_id},
                     {"connector", view->name},
                     {"organization", view->organization},
                     {"principal", request.principal.id}});
    co_return view_reply(view->created ? 201 : 200, *view);
}

core::Task<HttpReply> ConnectorRoutes::patch(InboundRequest& request, core::CallContext const& ctx) {
    core::Result<ResourceChange> change = read_change(request);
    if (!change) {
        co_return rest_problem(change.error());
    }
    core::Result<ConnectorView> const view = co_await admin_.patch(resource_name(request),
                                                                   std::move(change->document),
                                                                   std::move(change->condition),
                                                                   request.principal,
                                                                   ctx);
    if (!view) {
        co_return rest_problem(view.error());
    }
    core::log::info("connectors.patch",
                    {{"request_id", ctx.request_id},
                     {"connector", view->name},
                     {"organization", view->organization},
                     {"principal", request.principal.id}});
    co_return view_reply(200, *view);
}

core::Task<HttpReply> ConnectorRoutes::remove(InboundRequest& request, core::CallContext const& ctx) {
    core::Result<WriteCondition> condition = read_condition(request);
    if (!condition) {
        co_return rest_problem(condition.error());
    }
    core::Result<std::string> const removed =
        co_await admin_.remove(resource_name(request), std::move(*condition), request.principal, ctx);
    if (!removed) {
        co_return rest_problem(removed.error());
    }
    core::log::info(
        "connectors.remove",
        {{"request_id", ctx.request_id}, {"connector", *removed}, {"principal", request.principal.id}});
    Json const body = {{"name", *removed}, {"state", "disconnected"}, {"message", "Disconnected"}};
    co_return json_reply(200, body);
}

core::Task<HttpReply> ConnectorRoutes::test(InboundRequest& request, core::CallContext const& ctx) {
    core::Result<LegReport> const report = co_await admin_.test(resource_name(request), ctx);
    if (!report) {
        co_return rest_problem(report.error());
    }
    co_return json_reply(200, to_json(*report));
}

} // namespace server
