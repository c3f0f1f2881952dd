#include "server/router/credential_report.hpp"

#include <utility>

namespace server {

OrganizationCredentials describe_credentials(Connector const& connector) {
    OrganizationCredentials result(connector.organization().name());
    result.connector = connector.settings().name;
    result.state = connector.status().state;
    result.notes = connector.notes();
    for (ConnectorProvider const& entry : connector.providers()) {
        auth::ProviderStatus const provider = entry.provider->status();
        if (entry.absent() && !entry.declared) {
            continue;
        }
        CredentialMethodStatus method(entry.provider->method());
        method.state = auth::to_string(entry.absent() ? auth::ProviderState::not_configured : provider.state);
        if (provider.since != core::SystemTime()) {
            method.since = provider.since;
        }
        method.identity = provider.identity;
        method.tenant = provider.tenant;
        method.expires_at = provider.expires_at;
        if (!method.expires_at && !entry.self_contained) {
            method.expires_at = entry.stored_end;
        }
        method.all_organizations = entry.works_everywhere && !entry.self_contained;
        method.last_refresh = provider.last_refresh;
        method.last_error = provider.reason;
        method.last_error_code = provider.code;
        method.fix = provider.fix;
        result.methods.push_back(std::move(method));
    }
    return result;
}

} // namespace server
