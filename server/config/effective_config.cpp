#include "server/config/effective_config.hpp"

#include "server/config/config_yaml.hpp"
#include "server/config/limits_table.hpp"

#include <nlohmann/json.hpp>

namespace server {
namespace {

using core::Json;

constexpr char kMasked[] = "***";

Json text_or_null(std::string const& text) {
    return text.empty() ? Json() : Json(text);
}
Json masked(core::Secret const& secret) {
    return secret.empty() ? Json() : Json(kMasked);
}

std::string_view word(core::log::Level level) {
    switch (level) {
    case core::log::Level::debug:
        return "debug";
    case core::log::Level::info:
        return "info";
    case core::log::Level::warn:
        return "warn";
    case core::log::Level::error:
        return "error";
    case core::log::Level::off:
        break;
    }
    return "off";
}

std::string_view word(auth::ManagedIdentitySourceKind source) {
    using Kind = auth::ManagedIdentitySourceKind;
    switch (source) {
    case Kind::imds:
        return "imds";
    case Kind::app_service:
        return "app_service";
    case Kind::app_service_2017:
        return "app_service_2017";
    case Kind::azure_ml:
        return "azure_ml";
    case Kind::arc:
        return "arc";
    case Kind::service_fabric:
        return "service_fabric";
    case Kind::cloud_shell:
        return "cloud_shell";
    case Kind::workload_identity:
        return "workload_identity";
    case Kind::automatic:
        break;
    }
    return "auto";
}

void put(Json& object, char const* key, std::string const& value) {
    if (!value.empty()) {
        object[key] = value;
    }
}

Json methods_json(std::vector<AuthMethodConfig> const& methods) {
    Json list = Json::array();
    for (AuthMethodConfig const& method : methods) {
        Json item = {{"method", std::string(to_string(method.method))}};
        put(item, "client_id", method.client_id);
        put(item, "object_id", method.object_id);
        put(item, "resource_id", method.resource_id);
        put(item, "federated_client_id", method.federated_client_id);
        put(item, "federated_tenant_id", method.federated_tenant_id);
        put(item, "tenant", method.tenant);
        put(item, "pat_file", method.pat.empty() ? "" : kMasked);
        if (method.expires) {
            item["expires"] = core::format_utc(*method.expires);
        }
        list.push_back(std::move(item));
    }
    return list;
}

Json connector_json(ConnectorConfig const& connector) {
    return {{"name", connector.name},
            {"organization", connector.organization},
            {"enabled", connector.enabled},
            {"auth", methods_json(connector.auth)},
            {"projects", connector.projects},
            {"repositories", connector.repositories},
            {"wikis", connector.wikis},
            {"read_only", connector.read_only},
            {"fallback", connector.fallback},
            {"default_project", text_or_null(connector.default_project)},
            {"confirm_writes", connector.confirm_writes},
            {"sign_in_role", std::string(core::to_string(connector.sign_in_role))}};
}

Json roles_json(InboundEntraConfig::Roles const& roles) {
    Json out = Json::object();
    for (auto const& [name, role] : roles) {
        out[name] = std::string(core::to_string(role));
    }
    return out;
}

Json inbound_entra_json(InboundEntraConfig const& entra) {
    return {{"tenant", text_or_null(entra.tenant)},
            {"issuer", text_or_null(entra.issuer)},
            {"audience", entra.audiences},
            {"roles", roles_json(entra.roles)},
            {"scopes", roles_json(entra.scopes)},
            {"default_role",
             entra.default_role ? Json(std::string(core::to_string(*entra.default_role))) : Json()},
            {"clients", entra.clients},
            {"algorithms", entra.algorithms},
            {"loopback_http", entra.loopback_http}};
}

} // namespace

Json effective_config_json(Config const& config) {
    Json out;
    out["listen"] = config.listen.to_string();
    out["health_listen"] = config.health_listen ? Json(config.health_listen->to_string()) : Json();
    out["public_url"] = text_or_null(config.public_url);
    if (config.tls) {
        out["tls"] = {{"certificate_file", config.tls->certificate_file}, {"key_file", config.tls->key_file}};
    } else {
        out["tls"] = nullptr;
    }
    out["allowed_hosts"] = config.allowed_hosts;
    out["allowed_origins"] = config.allowed_origins;
    out["log"] = {{"level", std::string(word(config.log.level))},
                  {"format", config.log.format == core::log::Format::json ? "json" : "text"}};
    out["store"] = {{"url", "sqlite:" + config.store.path}, {"key_file", config.store.key_file}};
    out["inbound"] = {{"mode", std::string(to_string(config.inbound.mode))},
                      {"anonymous_role", std::string(core::to_string(config.inbound.anonymous_role))},
                      {"entra", inbound_entra_json(config.inbound.entra)}};
    out["azure_devops"] = {{"base_url", config.azure_devops.base_url},
                           {"search_url", config.azure_devops.search_url},
                           {"identity_url", config.azure_devops.identity_url},
                           {"api_version", config.azure_devops.api_version}};
    out["entra"] = {{"authority", config.entra.authority},
                    {"client_id", text_or_null(config.entra.client_id)},
                    {"client_secret_file", masked(config.entra.client_secret)}};
    out["managed_identity"] = {{"source", std::string(word(config.managed_identity.source))},
                               {"imds_url", config.managed_identity.imds_url}};
    out["outbound"] = {{"ca_file", config.outbound.ca_file ? Json(*config.outbound.ca_file) : Json()},
                       {"proxy", text_or_null(config.outbound.proxy_shown)}};
    out["connectors"] = Json::array();
    for (ConnectorConfig const& connector : config.connectors) {
        out["connectors"].push_back(connector_json(connector));
    }
    out["knowledge_sources"] = Json::array();
    for (KnowledgeSourceConfig const& source : config.knowledge_sources) {
        out["knowledge_sources"].push_back({{"name", source.name},
                                            {"url", source.url},
                                            {"description", text_or_null(source.description)},
                                            {"auth", methods_json(source.auth)}});
    }
    out["knowledge"] = {{"embeddings", nullptr}};
    if (config.embeddings) {
        out["knowledge"]["embeddings"] = {{"url", config.embeddings->url},
                                          {"model", config.embeddings->model},
                                          {"api_key_file", masked(config.embeddings->api_key)}};
    }
    out["tools"] = {{"enable", config.tools.enable},
                    {"disable", config.tools.disable},
                    {"read_only", config.tools.read_only},
                    {"mask_secrets", config.tools.mask_secrets},
                    {"mark_writes", config.tools.mark_writes}};
    out["core_dumps"] = config.core_dumps;
    for (LimitEntry const& entry : limit_entries()) {
        out["limits"][std::string(entry.name)] = get_limit(config.limits, entry);
    }
    return out;
}

std::string effective_config_text(Config const& config) {
    return write_yaml(effective_config_json(config));
}

} // namespace server
