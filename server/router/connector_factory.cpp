#include "server/router/connector_factory.hpp"

#include "core/crypto/random.hpp"
#include "server/config/private_file.hpp"

#include <algorithm>
#include <utility>

namespace server {
namespace {

ConnectorProvider oauth(ConnectorParts const& parts, std::string key, bool declared) {
    auth::OAuthProviderConfig config;
    config.organization = std::move(key);
    config.client_secret = parts.config.entra.client_secret.clone();
    return {auth::make_oauth_provider(parts.provider_environment, std::move(config), parts.grants), declared};
}

ConnectorProvider pat(ConnectorParts const& parts, std::string key, AuthMethodConfig const* declared) {
    auth::PatProviderConfig config;
    config.organization = std::move(key);
    if (declared != nullptr) {
        config.configured_pat = declared->pat.clone();
        config.configured_expiry = declared->expires;
    }
    bool const configured = !config.configured_pat.empty();
    if (configured && !declared->pat_file.empty()) {
        config.read_again = [&pool = parts.pool, path = declared->pat_file] {
            return core::run_blocking(pool, [path] { return read_private_file(path); });
        };
    }
    return {auth::make_pat_provider(parts.provider_environment, std::move(config), parts.pats),
            declared != nullptr,
            configured};
}

AuthMethodConfig const* find_method(ConnectorConfig const& config, AuthMethod method) {
    auto const it =
        std::find_if(config.auth.begin(), config.auth.end(), [method](AuthMethodConfig const& candidate) {
            return candidate.method == method;
        });
    return it == config.auth.end() ? nullptr : &*it;
}

/// In the order of CONTRACT §4: managed identity, OAuth, PAT. Stored credentials of an organization are
/// usable whether or not the configuration names the method.
std::vector<ConnectorProvider> make_providers(ConnectorParts const& parts,
                                              std::string const& key,
                                              ConnectorConfig const& config,
                                              StoredIdentity const* identity) {
    std::vector<ConnectorProvider> providers;
    if (AuthMethodConfig const* method = find_method(config, AuthMethod::managed_identity)) {
        providers.emplace_back(make_identity_provider(parts, key, *method), true, true);
    } else if (identity != nullptr) {
        providers.emplace_back(make_identity_provider(parts, key, identity_method(*identity)), true, true);
    }
    providers.push_back(oauth(parts, key, find_method(config, AuthMethod::oauth) != nullptr));
    providers.push_back(pat(parts, key, find_method(config, AuthMethod::pat)));
    return providers;
}

std::shared_ptr<ado::Throttle> make_throttle(ConnectorParts const& parts) {
    Limits const& limits = parts.config.limits;
    ado::ThrottleLimits throttle_limits;
    throttle_limits.parallel = limits.organization_calls;
    throttle_limits.queue = limits.organization_queue;
    throttle_limits.wait_cap = limits.retry_after_cap_ms;
    throttle_limits.breaker.failures = limits.breaker_failures;
    throttle_limits.breaker.window = limits.breaker_window_ms;
    throttle_limits.breaker.open_for = limits.breaker_open_ms;
    return std::make_shared<ado::Throttle>(parts.provider_environment.clock, throttle_limits);
}

Connector::Settings
settings_of(ConnectorParts const& parts, ConnectorRecipe const& recipe, ConnectorConfig const& config) {
    Connector::Settings settings;
    settings.name = recipe.name;
    settings.declared = recipe.origin == ConnectorOrigin::configuration;
    settings.origin = recipe.origin;
    settings.enabled = config.enabled;
    settings.fallback = config.fallback;
    settings.clock = &parts.provider_environment.clock;
    settings.policy.projects = config.projects;
    settings.policy.repositories = config.repositories;
    settings.policy.wikis = config.wikis;
    settings.policy.read_only = config.read_only;
    settings.policy.default_project = config.default_project;
    settings.policy.confirm_writes = config.confirm_writes;
    settings.policy.mark_writes = parts.config.tools.mark_writes;
    settings.policy.sign_in_role = config.sign_in_role;
    if (AuthMethodConfig const* method = find_method(config, AuthMethod::oauth)) {
        settings.oauth_tenant = method->tenant;
    }
    return settings;
}

} // namespace

std::unique_ptr<auth::TenantCache> make_tenant_cache(Config const& config,
                                                     auth::ProviderEnvironment const& environment,
                                                     core::HttpClient& http) {
    auth::TenantCacheLimits limits;
    limits.lookup = config.limits.tenant_lookup_ms;
    limits.fresh = config.limits.tenant_fresh_ms;
    limits.retry = config.limits.tenant_retry_ms;
    limits.organizations = config.limits.tenants;
    return std::make_unique<auth::TenantCache>(
        environment.executor, http, environment.clock, config.azure_devops.identity_url, limits);
}

ado::OrganizationUrls organization_urls(Config const& config) {
    ado::OrganizationUrls urls;
    urls.base_url = config.azure_devops.base_url;
    urls.search_url = config.azure_devops.search_url;
    urls.identity_url = config.azure_devops.identity_url;
    return urls;
}

AuthMethodConfig identity_method(StoredIdentity const& identity) {
    AuthMethodConfig method;
    method.method = AuthMethod::managed_identity;
    method.client_id = identity.client_id;
    method.object_id = identity.object_id;
    method.resource_id = identity.resource_id;
    method.federated_client_id = identity.federated_client_id;
    method.federated_tenant_id = identity.federated_tenant_id;
    return method;
}

std::unique_ptr<auth::CredentialProvider>
make_identity_provider(ConnectorParts const& parts, std::string key, AuthMethodConfig const& method) {
    auth::ManagedIdentityProviderConfig config;
    config.organization = std::move(key);
    config.identity = parts.config.managed_identity;
    if (!method.client_id.empty()) {
        config.identity.client_id = method.client_id;
    }
    config.identity.object_id = method.object_id;
    config.identity.resource_id = method.resource_id;
    config.federated_client_id = method.federated_client_id;
    config.federated_tenant_id = method.federated_tenant_id;
    return auth::make_managed_identity_provider(parts.provider_environment, std::move(config), parts.pool);
}

std::shared_ptr<Connector> make_connector(ConnectorParts const& parts, ConnectorRecipe const& recipe) {
    ConnectorConfig const nothing_said;
    ConnectorConfig const& config = recipe.config != nullptr ? *recipe.config : nothing_said;
    auto connector = std::make_shared<Connector>(
        settings_of(parts, recipe, config),
        recipe.organization,
        make_providers(parts, recipe.organization.key(), config, recipe.identity));
    std::shared_ptr<ado::Throttle> throttle =
        recipe.replaces != nullptr ? recipe.replaces->throttle() : std::shared_ptr<ado::Throttle>();
    if (!throttle) {
        throttle = make_throttle(parts);
    }
    if (recipe.replaces != nullptr) {
        connector->take_over(*recipe.replaces);
    }
    ado::ClientLimits client_limits;
    client_limits.response_bytes = parts.config.limits.upstream_body_bytes;
    core::HttpClient* http = &parts.ado_http;
    if (parts.once != nullptr) {
        http = parts.once;
        client_limits.retry = parts.retry;
        client_limits.jitter = core::random_unit;
    }
    client_limits.use_version(parts.config.azure_devops.api_version);
    auto client = std::make_unique<ado::Client>(connector->organization(),
                                                *http,
                                                *connector,
                                                *throttle,
                                                parts.provider_environment.clock,
                                                client_limits,
                                                &parts.pool);
    connector->attach_client(std::move(throttle), std::move(client));
    return connector;
}

} // namespace server
