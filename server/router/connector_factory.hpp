#pragma once

#include "auth/credential_stores.hpp"
#include "auth/providers.hpp"
#include "core/async.hpp"
#include "core/http/http_client.hpp"
#include "server/config/config.hpp"
#include "server/router/connector.hpp"

#include <memory>

namespace server {

/// What connectors are made from. Referents outlive every connector.
class ConnectorParts {
public:
    ConnectorParts(Config const& config_,
                   auth::ProviderEnvironment provider_environment_,
                   core::HttpClient& ado_http_,
                   core::BlockingPool& pool_,
                   auth::GrantStore& grants_,
                   auth::PatStore& pats_)
        : config(config_), provider_environment(std::move(provider_environment_)), ado_http(ado_http_),
          pool(pool_), grants(grants_), pats(pats_) {}

    Config const& config;
    auth::ProviderEnvironment provider_environment;
    core::HttpClient& ado_http; ///< with retries of idempotent requests
    core::BlockingPool& pool;
    auth::GrantStore& grants;
    auth::PatStore& pats;
};

ado::OrganizationUrls organization_urls(Config const& config);

/// The connector of a declared organization. Fails when the organization cannot be understood.
core::Result<std::shared_ptr<Connector>> make_declared_connector(ConnectorParts const& parts,
                                                                 ConnectorConfig const& config);

/// The connector of an organization whose credential came by API or CLI: stored grant, stored PAT.
std::shared_ptr<Connector> make_undeclared_connector(ConnectorParts const& parts,
                                                     ado::Organization organization);

} // namespace server
