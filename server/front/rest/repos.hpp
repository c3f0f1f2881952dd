#pragma once

#include "server/front/routes.hpp"
#include "server/router/source_admin.hpp"

namespace server {

/// `/api/v2/repos`: knowledge sources, in the product's shape with more members.
class SourceRoutes {
public:
    /// It outlives this.
    explicit SourceRoutes(SourceAdmin& admin) : admin_(admin) {}
    /// This object outlives `routes`' use.
    void add_to(RouteTable& routes);

private:
    core::Task<HttpReply> list(InboundRequest& request, core::CallContext const& ctx);
    core::Task<HttpReply> get(InboundRequest& request, core::CallContext const& ctx);
    core::Task<HttpReply> put(InboundRequest& request, core::CallContext const& ctx);
    core::Task<HttpReply> remove(InboundRequest& request, core::CallContext const& ctx);
    core::Task<HttpReply> test(InboundRequest& request, core::CallContext const& ctx);
    core::Task<HttpReply> sync(InboundRequest& request, core::CallContext const& ctx);

    SourceAdmin& admin_;
};

} // namespace server
