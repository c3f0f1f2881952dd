#pragma once

#include "core/net/tls.hpp"
#include "core/task.hpp"
#include "core/task_group.hpp"
#include "protocol/mcp_http.hpp"
#include "server/app.hpp"
#include "server/front/health.hpp"
#include "server/front/host_policy.hpp"
#include "server/front/http_session.hpp"
#include "server/front/inbound_gate.hpp"
#include "server/front/listener.hpp"
#include "server/front/mcp_route.hpp"
#include "server/front/resource_metadata.hpp"
#include "server/front/rest/audit.hpp"
#include "server/front/rest/connectors.hpp"
#include "server/front/rest/credentials.hpp"
#include "server/front/rest/openapi.hpp"
#include "server/front/rest/repos.hpp"
#include "server/front/rest/sign_in.hpp"
#include "server/front/routes.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <optional>

namespace server {

/// The app with its listeners: what `ado-mcpd serve` runs.
class Daemon {
public:
    /// Binds the listeners and reads the certificate: blocking, before the loop runs. `io` and `app` outlive
    /// the daemon.
    static core::Result<std::unique_ptr<Daemon>> make(core::asio::io_context& io, App& app);

    /// Serves until the first SIGTERM or SIGINT, then drains: stops accepting, lets what runs finish within
    /// limits.drain_ms, and completes. A second signal ends the process at once. SIGHUP reads the certificate
    /// files and the store's key file again.
    core::Task<core::Result<void>> run();

    /// What the listener answers to.
    RouteTable const& routes() const noexcept { return routes_; }

private:
    Daemon(core::asio::io_context& io, App& app);
    core::Result<void> build();
    Readiness readiness() const;
    core::Task<void> wait_for_stop();
    core::Task<void> reload_keys();
    core::Task<void> drain();

    core::asio::any_io_executor executor_;
    App& app_;
    std::unique_ptr<core::TlsServer> tls_;
    std::unique_ptr<Authenticator> authenticator_;
    std::optional<ResourceMetadata> metadata_;
    std::optional<InboundGate> gate_;
    std::optional<McpRoute> mcp_route_;
    std::optional<CredentialRoutes> credential_routes_;
    std::optional<ConnectorRoutes> connector_routes_;
    std::optional<SourceRoutes> source_routes_;
    std::optional<AuditRoutes> audit_routes_;
    std::unique_ptr<protocol::McpHttpEndpoint> mcp_;
    core::TaskGroup writers_;
    std::optional<SignInRoutes> sign_in_routes_;
    RouteTable routes_;
    RouteTable health_routes_;
    std::optional<HostPolicy> hosts_;
    std::optional<HostPolicy> health_hosts_;
    std::optional<HttpFront> front_;
    std::optional<HttpFront> health_front_;
    std::unique_ptr<Listener> listener_;
    std::unique_ptr<Listener> health_listener_;
    bool draining_ = false;
};

} // namespace server
