#pragma once

#include "auth/failure.hpp"
#include "auth/providers.hpp"
#include "core/secret.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace auth {

/// One variable of the process environment; nullopt when it is not set or empty.
using EnvironmentReader = std::function<std::optional<std::string>(char const* name)>;
std::optional<std::string> read_process_environment(char const* name);

/// Where this machine's managed identity answers, and how it was found.
class ManagedIdentityEndpoint {
public:
    ManagedIdentityEndpoint(ManagedIdentitySourceKind kind_, std::string url_)
        : kind(kind_), url(std::move(url_)) {}

    ManagedIdentitySourceKind kind; ///< never `automatic`
    std::string url;                ///< without a query; the authority for workload identity
    core::Secret header;            ///< X-IDENTITY-HEADER (App Service), else `secret`
    std::string thumbprint;         ///< of the certificate to trust (Service Fabric)
    std::string client_id;          ///< workload identity; Azure ML: the one used when none is named
    // Workload identity
    std::string tenant_id;
    std::string token_file;
};

/// `IMDS`, `App Service` …
std::string_view to_string(ManagedIdentitySourceKind kind) noexcept;

/// Reads environment variables only; nothing is asked over the network. `automatic` takes the first of
/// workload identity, Service Fabric, App Service, Azure ML (DEFAULT_IDENTITY_CLIENT_ID), App Service as it
/// was in 2017, Cloud Shell and Arc whose variables are there, Arc also when its agent is installed, else
/// IMDS at `config.imds_url`. A source named in the configuration whose variables are missing is a failure
/// that names them; so is one that cannot be told which user-assigned identity is meant.
tl::expected<ManagedIdentityEndpoint, FetchFailure>
find_managed_identity(ManagedIdentityConfig const& config,
                      EnvironmentReader const& environment,
                      bool arc_agent_installed = false);

/// The query parameter by which `kind` takes the identity `config` names, and its value; both empty where
/// none is named.
class IdentityChoice {
public:
    IdentityChoice() = default;
    IdentityChoice(std::string_view parameter_, std::string value_)
        : parameter(parameter_), value(std::move(value_)) {}
    std::string_view parameter;
    std::string value;
};
/// nullopt when the source has no such parameter.
std::optional<IdentityChoice> choose_identity(ManagedIdentitySourceKind kind,
                                              ManagedIdentityConfig const& config);

} // namespace auth
