#include "server/router/connector_factory.hpp"

#include <algorithm>
#include <utility>

namespace server {
namespace {

ConnectorProvider
managed_identity(ConnectorParts const& parts, std::string key, AuthMethodConfig const& method) {
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
    return {auth::make_managed_identity_provider(parts.provider_environment, std::move(config), parts.pool),
            true,
            true};
}

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
std::vector<ConnectorProvider>
make_providers(ConnectorParts const& parts, std::string const& key, ConnectorConfig const& config) {
    std::vector<ConnectorProvider> providers;
    if (AuthMethodConfig const* method = find_method(config, AuthMethod::managed_identity)) {
        providers.push_back(managed_identity(parts, key, *method));
    }
    providers.push_back(oauth(parts, key, find_method(config, AuthMethod::oauth) != nullptr));
    providers.push_back(pat(parts, key, find_method(config, AuthMethod::pat)));
    return providers;
}

std::shared_ptr<Connector> make_connector(ConnectorParts const& parts,
                                          Connector::Settings settings,
                                          ado::Organization organization,
                                          std::vector<ConnectorProvider> providers) {
    auto connector =
        std::make_shared<Connector>(std::move(settings), std::move(organization), std::move(providers));
    Limits const& limits = parts.config.limits;
    ado::ThrottleLimits throttle_limits;
    throttle_limits.parallel = limits.organization_calls;
    throttle_limits.queue = limits.organization_queue;
    throttle_limits.wait_cap = limits.retry_after_cap_ms;
    auto throttle = std::make_unique<ado::Throttle>(parts.provider_environment.clock, throttle_limits);
    ado::ClientLimits client_limits;
    client_limits.response_bytes = limits.upstream_body_bytes;
    auto client = std::make_unique<ado::Client>(connector->organization(),
                                                parts.ado_http,
                                                *connector,
                                                *throttle,
                                                parts.provider_environment.clock,
                                                client_limits,
                                                &parts.pool);
    connector->attach_client(std::move(throttle), std::move(client));
    return connector;
}

} // namespace

ado::OrganizationUrls organization_urls(Config const& config) {
    ado::OrganizationUrls urls;
    urls.base_url = config.azure_devops.base_url;
    urls.search_url = config.azure_devops.search_url;
    urls.identity_url = config.azure_devops.identity_url;
    return urls;
}

core::Result<std::shared_ptr<Connector>> make_declared_connector(ConnectorParts const& parts,
                                                                 ConnectorConfig const& config) {
    ADOMCPD_TRY(ado::Organization organization,
                ado::parse_organization(config.organization, organization_urls(parts.config)));
    Connector::Settings settings;
    settings.name = config.name;
    settings.declared = true;
    settings.fallback = config.fallback;
    settings.policy.projects = config.projects;
    settings.policy.read_only = config.read_only;
    settings.policy.default_project = config.default_project;
    settings.policy.confirm_writes = config.confirm_writes;
    settings.policy.sign_in_role = config.sign_in_role;
    std::vector<ConnectorProvider> providers = make_providers(parts, organization.key(), config);
    return make_connector(parts, std::move(settings), std::move(organization), std::move(providers));
}

std::shared_ptr<Connector> make_undeclared_connector(ConnectorParts const& parts,
                                                     ado::Organization organization) {
    Connector::Settings settings;
    settings.name = organization.key();
    std::vector<ConnectorProvider> providers = make_providers(parts, organization.key(), ConnectorConfig());
    return make_connector(parts, std::move(settings), std::move(organization), std::move(providers));
}

} // namespace server
