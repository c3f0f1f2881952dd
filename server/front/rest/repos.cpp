#include "server/front/rest/repos.hpp"

#include "core/log.hpp"
#include "server/front/problem.hpp"
#include "server/front/rest/rest_request.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace server {
namespace {

using core::Json;

constexpr char kPath[] = "/api/v2/repos";

Json describe(SourceView const& view) {
    Json properties = Json::object();
    properties["url"] = view.url;
    properties["type"] = "AzureDevOps";
    put_text(properties, "description", view.description);
    Json object = describe_source(view);
    object["type"] = view.kind == "wiki" ? "Wiki" : "CodeRepo";
    object["properties"] = std::move(properties);
    if (!view.index.is_null()) {
        object["index"] = view.index;
    }
    object["declared"] = view.declared;
    object["etag"] = view.etag;
    put_time(object, "created_at", view.created_at);
    put_time(object, "updated_at", view.updated_at);
    return object;
}

Json describe(SourceProof const& proof) {
    Json object = Json::object();
    object["name"] = proof.name;
    object["kind"] = proof.kind;
    object["works"] = !proof.failure;
    put_text(object, "id", proof.id);
    put_text(object, "title", proof.title);
    put_text(object, "branch", proof.branch);
    put_text(object, "method", proof.method);
    put_text(object, "identity", proof.identity);
    object["message"] = "Connected";
    if (proof.failure) {
        object["message"] = "Disconnected";
        object["reason"] = proof.failure->message();
        put_text(object,
                 "code",
                 proof.failure->code().empty() ? std::string(core::to_string(proof.failure->kind()))
                                               : proof.failure->code());
        put_text(object, "fix", proof.failure->fix());
        put_text(object, "activity_id", proof.failure->activity_id());
    }
    return object;
}

HttpReply view_reply(int status, SourceView const& view) {
    return resource_reply(status,
                          describe(view),
                          view.etag,
                          view.created ? std::string(kPath) + "/" + view.name : std::string());
}

} // namespace

void SourceRoutes::add_to(RouteTable& routes) {
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
    routes.add(Route("DELETE", one, Role::administrator, [this](auto& request, auto const& ctx) {
        return remove(request, ctx);
    }));
    routes.add(Route("POST", one + "/test", Role::administrator, [this](auto& request, auto const& ctx) {
        return test(request, ctx);
    }));
    routes.add(Route("POST", one + "/sync", Role::administrator, [this](auto& request, auto const& ctx) {
        return sync(request, ctx);
    }));
}

core::Task<HttpReply> SourceRoutes::list(InboundRequest& /*request*/, core::CallContext const& ctx) {
    core::Result<std::vector<SourceView>> const all = co_await admin_.list(ctx);
    if (!all) {
        co_return rest_problem(all.error());
    }
    Json body = Json::object();
    body["repos"] = Json::array();
    for (SourceView const& view : *all) {
        body["repos"].push_back(describe(view));
    }
    co_return json_reply(200, body);
}

core::Task<HttpReply> SourceRoutes::get(InboundRequest& request, core::CallContext const& ctx) {
    core::Result<SourceView> const view = co_await admin_.get(resource_name(request), ctx);
    if (!view) {
        co_return rest_problem(view.error());
    }
    co_return view_reply(200, *view);
}

core::Task<HttpReply> SourceRoutes::put(InboundRequest& request, core::CallContext const& ctx) {
    core::Result<ResourceChange> change = read_change(request);
    if (!change) {
        co_return rest_problem(change.error());
    }
    core::Result<SourceView> const view = co_await admin_.put(resource_name(request),
                                                              std::move(change->document),
                                                              std::move(change->condition),
                                                              request.principal,
                                                              ctx);
    if (!view) {
        co_return rest_problem(view.error());
    }
    core::log::info("repos.put",
                    {{"request_id", ctx.request_id},
                     {"source", view->name},
                     {"organization", view->organization},
                     {"principal", request.principal.id}});
    co_return view_reply(view->created ? 201 : 200, *view);
}

core::Task<HttpReply> SourceRoutes::remove(InboundRequest& request, core::CallContext const& ctx) {
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
        "repos.remove",
        {{"request_id", ctx.request_id}, {"source", *removed}, {"principal", request.principal.id}});
    Json const body = {{"name", *removed}, {"state", "removed"}};
    co_return json_reply(200, body);
}

core::Task<HttpReply> SourceRoutes::test(InboundRequest& request, core::CallContext const& ctx) {
    core::Result<SourceProof> const proof = co_await admin_.test(resource_name(request), ctx);
    if (!proof) {
        co_return rest_problem(proof.error());
    }
    co_return json_reply(200, describe(*proof));
}

core::Task<HttpReply> SourceRoutes::sync(InboundRequest& request, core::CallContext const& ctx) {
    core::Result<SourceView> const view = co_await admin_.sync(resource_name(request), ctx);
    if (!view) {
        co_return rest_problem(view.error());
    }
    core::log::info(
        "repos.sync",
        {{"request_id", ctx.request_id}, {"source", view->name}, {"principal", request.principal.id}});
    co_return json_reply(202, describe(*view));
}

} // namespace server
