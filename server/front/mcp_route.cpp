#include "server/front/mcp_route.hpp"

#include "server/front/problem.hpp"

#include <memory>
#include <utility>

namespace server {

void McpRoute::add_to(RouteTable& routes) {
    for (char const* const method : {"POST", "GET", "DELETE"}) {
        Route route(
            method,
            "/mcp",
            core::Role::reader,
            [this](InboundRequest& request, core::CallContext const& ctx) { return handle(request, ctx); });
        route.json_rpc = true;
        route.head = false; // a stream is nothing without its body
        routes.add(std::move(route));
    }
}

core::Task<HttpReply> McpRoute::handle(InboundRequest& request, core::CallContext const& ctx) {
    std::unique_ptr<protocol::McpHttpEndpoint::Admitted> const message =
        endpoint_.admit(request.method, request.headers, std::move(request.body), request.principal);
    if (message->cancel_on_disconnect()) {
        request.connection.cancel_on_disconnect();
    }
    if (message->is_call()) {
        co_return co_await call(*message, request, ctx);
    }
    co_return co_await run(*message, request, ctx);
}

core::Task<HttpReply> McpRoute::call(protocol::McpHttpEndpoint::Admitted& message,
                                     InboundRequest& request,
                                     core::CallContext const& ctx) {
    core::Result<core::Semaphore::Permit> const place = co_await calls_.acquire(ctx.deadline);
    if (!place) {
        Problem busy(503, "overloaded", "The server is at its limit of calls in flight.");
        busy.fix =
            "Try again in a moment; the limits are limits.calls and limits.calls_queue in the configuration.";
        busy.headers.add("Retry-After", "1");
        co_return rpc_problem_reply(busy);
    }
    co_return co_await run(message, request, ctx);
}

core::Task<HttpReply> McpRoute::run(protocol::McpHttpEndpoint::Admitted& message,
                                    InboundRequest& request,
                                    core::CallContext const& ctx) {
    protocol::McpHttpReply answer =
        co_await endpoint_.run(message, request.principal, ctx, request.connection.events());
    HttpReply reply(answer.status);
    reply.headers = std::move(answer.headers);
    reply.body = std::move(answer.body);
    reply.rpc_method = std::move(answer.rpc_method);
    reply.tool = std::move(answer.tool);
    reply.failed = answer.failed;
    co_return reply;
}

} // namespace server
