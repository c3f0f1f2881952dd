#include "auth/managed_identity_source.hpp"

#include "core/http/http_message.hpp"

#include <cstdlib>
#include <utility>

namespace auth {
namespace {

using Kind = ManagedIdentitySourceKind;
using Found = tl::expected<ManagedIdentityEndpoint, FetchFailure>;

constexpr std::string_view kDefaultAuthority = "https://login.microsoftonline.com";
constexpr std::string_view kLinkLocalImds = "169.254.169.254";

tl::unexpected<FetchFailure> misconfigured(std::string message, std::string fix) {
    core::Error error = core::Error(core::ErrorKind::unauthorized, std::move(message))
                            .with_code("managed_identity_misconfigured")
                            .with_fix(std::move(fix));
    return tl::unexpected<FetchFailure>(FetchFailure(std::move(error), FailureClass::configuration));
}

tl::unexpected<FetchFailure> missing(Kind kind, std::string_view variables) {
    return misconfigured("The managed identity source is " + std::string(to_string(kind)) +
                             ", but the environment lacks " + std::string(variables) + ".",
                         "Run on a host that sets them, or choose another managed_identity.source.");
}

bool is_loopback(std::string const& host) {
    return host == "localhost" || host == "::1" || host.starts_with("127.");
}

Found imds(ManagedIdentityConfig const& config) {
    std::optional<core::Url> const url = core::Url::parse(config.imds_url);
    if (!url) {
        return misconfigured("managed_identity.imds_url is not a URL.",
                             "Leave it out for Azure's own address.");
    }
    // The answer is a bearer token: in the clear only where it cannot leave the machine.
    if (!url->origin.is_tls() && url->origin.host != kLinkLocalImds && !is_loopback(url->origin.host)) {
        return misconfigured("managed_identity.imds_url is neither https nor on this machine.",
                             "Use https, or leave it out for Azure's own address.");
    }
    std::string base = url->to_string();
    while (base.ends_with('/')) {
        base.pop_back();
    }
    return ManagedIdentityEndpoint(Kind::imds, base + "/metadata/identity/oauth2/token");
}

Found app_service(EnvironmentReader const& environment) {
    std::optional<std::string> const endpoint = environment("IDENTITY_ENDPOINT");
    std::optional<std::string> const header = environment("IDENTITY_HEADER");
    if (!endpoint || !header) {
        return missing(Kind::app_service, "IDENTITY_ENDPOINT or IDENTITY_HEADER");
    }
    ManagedIdentityEndpoint found(Kind::app_service, *endpoint);
    found.header = core::Secret(*header);
    return found;
}

Found service_fabric(EnvironmentReader const& environment) {
    std::optional<std::string> const endpoint = environment("IDENTITY_ENDPOINT");
    std::optional<std::string> const header = environment("IDENTITY_HEADER");
    std::optional<std::string> const thumbprint = environment("IDENTITY_SERVER_THUMBPRINT");
    if (!endpoint || !header || !thumbprint) {
        return missing(Kind::service_fabric,
                       "IDENTITY_ENDPOINT, IDENTITY_HEADER or IDENTITY_SERVER_THUMBPRINT");
    }
    ManagedIdentityEndpoint found(Kind::service_fabric, *endpoint);
    found.header = core::Secret(*header);
    found.thumbprint = *thumbprint;
    return found;
}

Found app_service_2017(EnvironmentReader const& environment) {
    std::optional<std::string> const endpoint = environment("MSI_ENDPOINT");
    std::optional<std::string> const secret = environment("MSI_SECRET");
    if (!endpoint || !secret) {
        return missing(Kind::app_service_2017, "MSI_ENDPOINT or MSI_SECRET");
    }
    ManagedIdentityEndpoint found(Kind::app_service_2017, *endpoint);
    found.header = core::Secret(*secret);
    return found;
}

Found azure_ml(ManagedIdentityConfig const& config, EnvironmentReader const& environment) {
    std::optional<std::string> const endpoint = environment("MSI_ENDPOINT");
    std::optional<std::string> const secret = environment("MSI_SECRET");
    std::optional<std::string> const client_id = environment("DEFAULT_IDENTITY_CLIENT_ID");
    if (!endpoint || !secret || (!client_id && config.client_id.empty())) {
        return missing(Kind::azure_ml, "MSI_ENDPOINT, MSI_SECRET or DEFAULT_IDENTITY_CLIENT_ID");
    }
    ManagedIdentityEndpoint found(Kind::azure_ml, *endpoint);
    found.header = core::Secret(*secret);
    found.client_id = config.client_id.empty() ? *client_id : config.client_id;
    return found;
}

Found cloud_shell(EnvironmentReader const& environment) {
    std::optional<std::string> const endpoint = environment("MSI_ENDPOINT");
    if (!endpoint) {
        return missing(Kind::cloud_shell, "MSI_ENDPOINT");
    }
    return ManagedIdentityEndpoint(Kind::cloud_shell, *endpoint);
}

Found arc(EnvironmentReader const& environment) {
    std::optional<std::string> const endpoint = environment("IDENTITY_ENDPOINT");
    // The agent's own well-known address, for hosts where the variables are not exported to services.
    return ManagedIdentityEndpoint(
        Kind::arc, endpoint.value_or("http://127.0.0.1:40342/metadata/identity/oauth2/token"));
}

Found workload_identity(ManagedIdentityConfig const& config, EnvironmentReader const& environment) {
    std::optional<std::string> const client_id = environment("AZURE_CLIENT_ID");
    std::optional<std::string> const tenant_id = environment("AZURE_TENANT_ID");
    std::optional<std::string> const file = environment("AZURE_FEDERATED_TOKEN_FILE");
    if (!tenant_id || !file || (!client_id && config.client_id.empty())) {
        return missing(Kind::workload_identity,
                       "AZURE_CLIENT_ID, AZURE_TENANT_ID or AZURE_FEDERATED_TOKEN_FILE");
    }
    ManagedIdentityEndpoint found(
        Kind::workload_identity,
        environment("AZURE_AUTHORITY_HOST").value_or(std::string(kDefaultAuthority)));
    found.tenant_id = *tenant_id;
    found.client_id = config.client_id.empty() ? *client_id : config.client_id;
    found.token_file = *file;
    return found;
}

std::string how_to_choose(Kind kind) {
    switch (kind) {
    case Kind::service_fabric:
        return "Use object_id.";
    case Kind::workload_identity:
    case Kind::app_service_2017:
    case Kind::azure_ml:
        return "Use client_id.";
    default:
        return "Leave it out to use the identity of the host.";
    }
}

Kind detect(EnvironmentReader const& environment, bool arc_agent_installed) {
    auto const is_set = [&environment](char const* name) { return environment(name).has_value(); };
    if (is_set("AZURE_CLIENT_ID") && is_set("AZURE_TENANT_ID") && is_set("AZURE_FEDERATED_TOKEN_FILE")) {
        return Kind::workload_identity;
    }
    if (is_set("IDENTITY_ENDPOINT") && is_set("IDENTITY_HEADER")) {
        return is_set("IDENTITY_SERVER_THUMBPRINT") ? Kind::service_fabric : Kind::app_service;
    }
    if (is_set("MSI_ENDPOINT") && is_set("MSI_SECRET")) {
        // Compute of Azure ML answers at the same variables, and always wants to be told which identity.
        return is_set("DEFAULT_IDENTITY_CLIENT_ID") ? Kind::azure_ml : Kind::app_service_2017;
    }
    if (is_set("MSI_ENDPOINT")) {
        return Kind::cloud_shell;
    }
    // The agent's variables are not exported to every service.
    if ((is_set("IDENTITY_ENDPOINT") && is_set("IMDS_ENDPOINT")) || arc_agent_installed) {
        return Kind::arc;
    }
    return Kind::imds;
}

} // namespace

std::optional<std::string> read_process_environment(char const* name) {
    char const* const value = std::getenv(name);
    return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
}

std::string_view to_string(ManagedIdentitySourceKind kind) noexcept {
    switch (kind) {
    case Kind::automatic:
        return "automatic";
    case Kind::imds:
        return "IMDS";
    case Kind::app_service:
        return "App Service";
    case Kind::app_service_2017:
        return "App Service (2017)";
    case Kind::azure_ml:
        return "Azure ML";
    case Kind::arc:
        return "Azure Arc";
    case Kind::service_fabric:
        return "Service Fabric";
    case Kind::cloud_shell:
        return "Cloud Shell";
    case Kind::workload_identity:
        return "workload identity";
    }
    return "unknown";
}

std::optional<IdentityChoice> choose_identity(Kind kind, ManagedIdentityConfig const& config) {
    bool const by_client = !config.client_id.empty();
    bool const by_object = !config.object_id.empty();
    if (!by_client && !by_object && config.resource_id.empty()) {
        return IdentityChoice();
    }
    std::string_view parameter;
    switch (kind) {
    case Kind::imds:
        parameter = by_client ? "client_id" : by_object ? "object_id" : "msi_res_id";
        break;
    case Kind::app_service:
        parameter = by_client ? "client_id" : by_object ? "object_id" : "mi_res_id";
        break;
    case Kind::app_service_2017:
    case Kind::azure_ml:
        parameter = by_client ? "clientid" : "";
        break;
    case Kind::service_fabric:
        parameter = by_object ? "principalId" : "";
        break;
    case Kind::workload_identity:
        parameter = by_client ? "client_id" : "";
        break;
    case Kind::arc:
    case Kind::cloud_shell:
    case Kind::automatic:
        break;
    }
    if (parameter.empty()) {
        return std::nullopt;
    }
    return IdentityChoice(parameter,
                          by_client   ? config.client_id
                          : by_object ? config.object_id
                                      : config.resource_id);
}

Found find_managed_identity(ManagedIdentityConfig const& config,
                            EnvironmentReader const& environment,
                            bool arc_agent_installed) {
    Kind const kind =
        config.source == Kind::automatic ? detect(environment, arc_agent_installed) : config.source;
    int const named = (config.client_id.empty() ? 0 : 1) + (config.object_id.empty() ? 0 : 1) +
                      (config.resource_id.empty() ? 0 : 1);
    if (named > 1) {
        return misconfigured("The connector names its identity more than once.",
                             "Give one of client_id, object_id and resource_id.");
    }
    if (!choose_identity(kind, config)) {
        std::string_view const by = !config.client_id.empty()   ? "client id"
                                    : !config.object_id.empty() ? "object id"
                                                                : "resource id";
        return misconfigured(std::string(to_string(kind)) +
                                 " does not let a user-assigned identity be chosen by its " +
                                 std::string(by) + ".",
                             how_to_choose(kind));
    }
    switch (kind) {
    case Kind::app_service:
        return app_service(environment);
    case Kind::app_service_2017:
        return app_service_2017(environment);
    case Kind::azure_ml:
        return azure_ml(config, environment);
    case Kind::service_fabric:
        return service_fabric(environment);
    case Kind::cloud_shell:
        return cloud_shell(environment);
    case Kind::arc:
        return arc(environment);
    case Kind::workload_identity:
        return workload_identity(config, environment);
    case Kind::imds:
    case Kind::automatic:
        return imds(config);
    }
    return imds(config);
}

} // namespace auth
