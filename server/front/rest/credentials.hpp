#pragma once

#include "core/clock.hpp"
#include "server/front/routes.hpp"
#include "server/router/credential_admin.hpp"

namespace server {

/// `/api/v1/azuredevops/auth`: attaching a PAT or a managed identity, and how the credentials of the
/// organizations stand. Never a secret in an answer; what held one on its way in is wiped.
class CredentialRoutes {
public:
    /// Both outlive it.
    CredentialRoutes(CredentialAdmin& admin, core::Clock& clock) : admin_(admin), clock_(clock) {}
    /// This object outlives `routes`' use.
    void add_to(RouteTable& routes);

private:
    core::Task<HttpReply> attach_pat(InboundRequest& request, core::CallContext const& ctx);
    core::Task<HttpReply> attach_identity(InboundRequest& request, core::CallContext const& ctx);
    core::Task<HttpReply> list(InboundRequest& request, core::CallContext const& ctx);
    core::Task<HttpReply> get(InboundRequest& request, core::CallContext const& ctx);
    core::Task<HttpReply> remove(InboundRequest& request, core::CallContext const& ctx);

    CredentialAdmin& admin_;
    core::Clock& clock_;
};

} // namespace server
