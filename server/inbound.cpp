#include "server/inbound.hpp"

#include "auth/tenant_lookup.hpp"
#include "core/http/http_message.hpp"

#include <utility>
#include <vector>

namespace server {
namespace {

/// Role names compare without case: portals show them in one spelling, manifests hold another.
std::map<std::string, core::Role, std::less<>> lower_names(InboundEntraConfig::Roles const& names) {
    std::map<std::string, core::Role, std::less<>> lower;
    for (auto const& [name, role] : names) {
        lower.emplace(core::to_lower_ascii(name), role);
    }
    return lower;
}

std::vector<auth::JwksPlace> issuers_of(Config const& config) {
    InboundEntraConfig const& entra = config.inbound.entra;
    std::vector<auth::JwksPlace> issuers;
    if (entra.issuer.empty()) {
        issuers = auth::entra_issuers(config.entra.authority, entra.tenant);
    } else {
        issuers.push_back(auth::openid_issuer(entra.issuer));
    }
    std::vector<auth::SignatureAlgorithm> algorithms;
    for (std::string const& name : entra.algorithms) {
        if (auto const algorithm = auth::parse_signature_algorithm(name)) {
            algorithms.push_back(*algorithm);
        }
    }
    for (auth::JwksPlace& issuer : issuers) {
        issuer.algorithms = algorithms;
        issuer.loopback_http = entra.loopback_http;
    }
    return issuers;
}

} // namespace

auth::JwtVerifierSettings jwt_verifier_settings(Config const& config) {
    InboundEntraConfig const& entra = config.inbound.entra;
    Limits const& limits = config.limits;
    auth::JwtVerifierSettings settings;
    settings.issuers = issuers_of(config);
    for (std::string const& audience : entra.audiences) {
        for (std::string& form : auth::audience_forms(audience)) {
            settings.rules.audiences.push_back(std::move(form));
        }
    }
    // What is configured goes before what is known anyway.
    settings.rules.roles = lower_names(entra.roles);
    settings.rules.roles.merge(auth::known_role_names());
    settings.rules.scopes = lower_names(entra.scopes);
    settings.rules.default_role = entra.default_role;
    settings.rules.clients = entra.clients;
    settings.rules.skew = limits.inbound_skew_ms;
    settings.rules.entra = entra.issuer.empty();
    settings.limits.document_bytes = limits.inbound_keys_bytes;
    settings.limits.keys = limits.inbound_keys;
    settings.limits.fetch = limits.inbound_keys_fetch_ms;
    settings.limits.refresh = limits.inbound_keys_refresh_ms;
    settings.limits.refetch = limits.inbound_keys_refetch_ms;
    settings.limits.stale = limits.inbound_keys_stale_ms;
    settings.token_bytes = limits.inbound_token_bytes;
    settings.remembered = limits.inbound_verified_tokens;
    return settings;
}

ResourceMetadataSettings resource_metadata_settings(Config const& config) {
    InboundEntraConfig const& entra = config.inbound.entra;
    ResourceMetadataSettings settings;
    settings.public_url = config.public_url;
    settings.tls = config.tls.has_value();
    settings.scopes = entra.scopes;
    if (entra.issuer.empty()) {
        settings.authorization_servers = {config.entra.authority + "/" + entra.tenant + "/v2.0"};
        // Entra's clients name the resource in the scope.
        std::string const& audience = entra.audiences.front();
        settings.scope_prefix = (auth::is_tenant_id(audience) ? "api://" + audience : audience) + "/";
    } else {
        settings.authorization_servers = {entra.issuer};
    }
    return settings;
}

std::string how_to_get_a_token(InboundConfig const& inbound) {
    if (inbound.mode != InboundMode::entra) {
        return "An administrator makes one with 'ado-mcpd token create'.";
    }
    InboundEntraConfig const& entra = inbound.entra;
    return entra.issuer.empty()
               ? "Get one for " + entra.audiences.front() + " from Entra tenant " + entra.tenant + "."
               : "Get one for " + entra.audiences.front() + " from " + entra.issuer + ".";
}

} // namespace server
