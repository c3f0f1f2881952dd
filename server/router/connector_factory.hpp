#pragma once

#include "auth/credential_stores.hpp"
#include "auth/providers.hpp"
#include "auth/tenant_cache.hpp"
#include "core/async.hpp"
#include "core/http/http_client.hpp"
#include "core/http/retry.hpp"
#include "server/config/config.hpp"
#include "server/router/connector.hpp"
#include "server/store/connector_store.hpp"

#include <memory>
#include <string>
#include <utility>

namespace server {

/// `http`: with retries. The arguments outlive it.
std::unique_ptr<auth::TenantCache>
make_tenant_cache(Config const& config, auth::ProviderEnvironment const& environment, core::HttpClient& http);

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
          pool(pool_), grants(grants_), pats(pats_),
          tenants(make_tenant_cache(config, provider_environment, ado_http)) {
        provider_environment.tenants = tenants.get();
    }

    Config const& config;
    auth::ProviderEnvironment provider_environment;
    core::HttpClient& ado_http; ///< with retries of idempotent requests
    /// Each request once, for connectors, whose gate wants to see every attempt; nullptr: they use the above.
    core::HttpClient* once = nullptr;
    core::RetryPolicy retry; ///< of connectors with `once`
    core::BlockingPool& pool;
    auth::GrantStore& grants;
    auth::PatStore& pats;
    std::unique_ptr<auth::TenantCache> tenants;
};

ado::OrganizationUrls organization_urls(Config const& config);

/// One connector, as it is to be. What it points to need only live until it is made.
class ConnectorRecipe {
public:
    ConnectorRecipe(std::string name_, ado::Organization organization_, ConnectorOrigin origin_)
        : name(std::move(name_)), organization(std::move(organization_)), origin(origin_) {}

    std::string name;
    ado::Organization organization;
    ConnectorOrigin origin;
    ConnectorConfig const* config = nullptr;  ///< nullptr = everything as it is by default
    StoredIdentity const* identity = nullptr; ///< used where the configuration names none
    Connector const* replaces = nullptr;      ///< whose throttle and knowledge of the store it takes over
};

std::shared_ptr<Connector> make_connector(ConnectorParts const& parts, ConnectorRecipe const& recipe);

/// The provider of a managed identity, beside those of connectors: to try it out.
std::unique_ptr<auth::CredentialProvider>
make_identity_provider(ConnectorParts const& parts, std::string key, AuthMethodConfig const& method);

AuthMethodConfig identity_method(StoredIdentity const& identity);

} // namespace server
