#pragma once

#include "core/async.hpp"
#include "protocol/mcp_http.hpp"
#include "server/config/limits.hpp"
#include "server/front/http_exchange.hpp"
#include "server/front/routes.hpp"

namespace server {

/// `/mcp`: hands messages to the protocol room, with a bounded number of calls in flight and cancellation
/// when the caller of a 2026-07-28 request goes away (the initialize era works on: there a disconnect is not
/// a cancellation).
class McpRoute {
public:
    /// `endpoint` outlives it.
    McpRoute(protocol::McpHttpEndpoint& endpoint, Limits const& limits)
        : endpoint_(endpoint), calls_(limits.calls, limits.calls_queue) {}

    /// This object outlives `routes`' use.
    void add_to(RouteTable& routes);
    std::size_t calls_in_flight() const noexcept { return calls_.in_use(); }

private:
    core::Task<HttpReply> handle(InboundRequest& request, core::CallContext const& ctx);
    core::Task<HttpReply>
    call(protocol::McpHttpEndpoint::Admitted& message, InboundRequest& request, core::CallContext const& ctx);
    core::Task<HttpReply>
    run(protocol::McpHttpEndpoint::Admitted& message, InboundRequest& request, core::CallContext const& ctx);

    protocol::McpHttpEndpoint& endpoint_;
    core::Semaphore calls_;
};

} // namespace server
