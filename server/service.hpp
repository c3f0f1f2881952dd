#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/task.hpp"
#include "core/task_group.hpp"
#include "protocol/mcp_http.hpp"
#include "server/app.hpp"
#include "server/front/health.hpp"
#include "server/front/host_policy.hpp"
#include "server/front/http_session.hpp"
#include "server/front/inbound_gate.hpp"
#include "server/front/mcp_route.hpp"
#include "server/front/resource_metadata.hpp"
#include "server/front/rest/audit.hpp"
#include "server/front/rest/connectors.hpp"
#include "server/front/rest/credentials.hpp"
#include "server/front/rest/openapi.hpp"
#include "server/front/rest/repos.hpp"
#include "server/front/rest/sign_in.hpp"
#include "server/front/routes.hpp"

#include <functional>
#include <memory>
#include <optional>

namespace server {

/// One configuration in force: the app, and what listeners answer with it. A reload puts another one in its
/// place. One thread, but it may be built elsewhere.
class Service final {
public:
    /// `writers` (of event streams) outlives it; `readiness` is asked by health probes.
    Service(std::unique_ptr<App> app, core::TaskGroup& writers, std::function<Readiness()> readiness);
    Service(Service const&) = delete;
    Service& operator=(Service const&) = delete;

    /// Takes up what is stored and begins background work. With inbound.mode token it sees to it that there
    /// is an administrator's token.
    core::Task<core::Result<void>> start();
    /// Ends the streams that would never end by themselves; whenever there may be new ones.
    void end_streams() { mcp_->end_streams(); }
    /// Lets writes finish until `deadline`, then ends what runs by itself.
    core::Task<void> stop(core::Deadline deadline);
    /// After stop(): completes when nothing refers to this any more that nobody waits for, so that it may go
    /// while the loop goes on; or when cancelled (terminal).
    core::Task<void> come_to_rest();

    App& app() noexcept { return *app_; }
    Config const& config() const noexcept { return app_->config(); }
    RouteTable const& routes() const noexcept { return routes_; }
    HttpFront const& front() const noexcept { return front_; }
    /// Of health_listen; what `front` answers where there is none.
    HttpFront const& health_front() const noexcept { return health_front_ ? *health_front_ : front_; }

private:
    void add_routes();

    std::unique_ptr<App> app_;
    std::unique_ptr<Authenticator> authenticator_;
    std::optional<ResourceMetadata> metadata_;
    InboundGate gate_;
    std::unique_ptr<protocol::McpHttpEndpoint> mcp_;
    McpRoute mcp_route_;
    CredentialRoutes credential_routes_;
    ConnectorRoutes connector_routes_;
    SourceRoutes source_routes_;
    AuditRoutes audit_routes_;
    SignInRoutes sign_in_routes_;
    RouteTable routes_;
    RouteTable health_routes_;
    HostPolicy hosts_;
    std::optional<HostPolicy> health_hosts_;
    HttpFront front_;
    std::optional<HttpFront> health_front_;
};

} // namespace server
