#pragma once

#include "server/front/routes.hpp"
#include "server/router/connector_admin.hpp"

namespace server {

/// `/api/v2/extendedAgent/connectors`: connectors beside the declared ones, how each stands, and the walk
/// that says which leg fails.
class ConnectorRoutes {
public:
    /// It outlives this.
    explicit ConnectorRoutes(ConnectorAdmin& admin) : admin_(admin) {}
    /// This object outlives `routes`' use.
    void add_to(RouteTable& routes);

private:
    core::Task<HttpReply> list(InboundRequest& request, core::CallContext const& ctx);
    core::Task<HttpReply> get(InboundRequest& request, core::CallContext const& ctx);
    core::Task<HttpReply> put(InboundRequest& request, core::CallContext const& ctx);
    core::Task<HttpReply> patch(InboundRequest& request, core::CallContext const& ctx);
    core::Task<HttpReply> remove(InboundRequest& request, core::CallContext const& ctx);
    core::Task<HttpReply> test(InboundRequest& request, core::CallContext const& ctx);

    ConnectorAdmin& admin_;
};

/// As GET answers, also for the command line.
core::Json describe_connector(ConnectorView const& view);

} // namespace server
