#pragma once

#include "core/http/http_client.hpp"
#include "core/net/resolver.hpp"
#include "core/net/tls.hpp"
#include "server/router/connector_factory.hpp"
#include "server/router/leg_report.hpp"

#include <memory>
#include <string>
#include <vector>

namespace server {

/// The way out, taken apart. Referents outlive the walks.
class WayOut {
public:
    WayOut(core::asio::any_io_executor executor_,
           core::Resolver& resolver_,
           core::TlsClient& tls_,
           core::HttpClient& once_,
           core::ProxySettings const* proxy_)
        : executor(std::move(executor_)), resolver(resolver_), tls(tls_), once(once_), proxy(proxy_) {}
    core::asio::any_io_executor executor;
    core::Resolver& resolver;
    core::TlsClient& tls;
    core::HttpClient& once;           ///< each request once
    core::ProxySettings const* proxy; ///< nullptr = none
};

/// Walks the legs to an organization, one after another: name, TCP, proxy, TLS, tenant, token, who we are,
/// projects, a repository, a work item (validated, never created). Each says what was found or why it failed
/// and what to do. Nothing is changed anywhere, except that a sign-in's refresh token may rotate, as with any
/// call. Referents outlive the walks; each may run beside others.
class LegWalk {
public:
    LegWalk(ConnectorParts const& parts, WayOut out) : parts_(parts), out_(std::move(out)) {}

    /// `identity`: the managed identity the connector is set up with; nullptr when it has none. It and `ctx`
    /// outlive the task. `others`: where a PAT is tried to see whether it is one for all organizations.
    core::Task<LegReport> run(std::shared_ptr<Connector> connector,
                              AuthMethodConfig const* identity,
                              std::vector<ado::Organization> others,
                              core::CallContext const& ctx) const;
    /// Only what needs no credential.
    core::Task<LegReport> run_without_credential(ado::Organization organization,
                                                 core::CallContext const& ctx) const;

private:
    class Timer;

    core::CallContext leg_context(core::CallContext const& ctx) const;
    /// True when Azure DevOps can be reached.
    core::Task<bool>
    walk_network(ado::Organization organization, LegReport& report, core::CallContext const& ctx) const;
    core::Task<bool> walk_proxied(core::Origin origin, LegReport& report, core::CallContext const& ctx) const;
    using Endpoints = std::vector<core::asio::ip::tcp::endpoint>;
    /// Empty when the name was not found; `fix` is what the leg then says.
    core::Task<Endpoints> walk_name(core::Origin origin,
                                    std::string title,
                                    char const* fix,
                                    LegReport& report,
                                    core::CallContext const& ctx) const;
    core::Task<bool> walk_direct(core::Origin origin, LegReport& report, core::CallContext const& ctx) const;
    core::Task<void>
    walk_tenant(ado::Organization organization, LegReport& report, core::CallContext const& ctx) const;
    core::Task<void> walk_tokens(std::shared_ptr<Connector> connector,
                                 AuthMethodConfig const* identity,
                                 std::vector<ado::Organization> others,
                                 LegReport& report,
                                 core::CallContext const& ctx) const;
    core::Task<void> walk_identity(std::string key,
                                   AuthMethodConfig const& identity,
                                   LegReport& report,
                                   core::CallContext const& ctx) const;
    core::Task<void>
    walk_service(std::shared_ptr<Connector> connector, LegReport& report, core::CallContext const& ctx) const;
    core::Task<std::vector<std::string>>
    walk_projects(Connector& connector, LegReport& report, core::CallContext const& ctx) const;
    core::Task<void> walk_repository(Connector& connector,
                                     std::vector<std::string> const& projects,
                                     LegReport& report,
                                     core::CallContext const& ctx) const;
    core::Task<void> walk_work_item(Connector& connector,
                                    std::vector<std::string> const& projects,
                                    LegReport& report,
                                    core::CallContext const& ctx) const;

    ConnectorParts const& parts_;
    WayOut out_;
};

} // namespace server
