#pragma once

#include "auth/credential_stores.hpp"
#include "core/async.hpp"
#include "core/http/http_client.hpp"
#include "core/token_source.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// The credential providers of one organization. Each is a core::TokenSource behind the token cache
/// (auth/token_cache.hpp); on top of that it tells what it is and how it stands.
namespace auth {

/// The Azure DevOps resource in Entra; `/.default` appended it is the scope.
inline constexpr std::string_view kAzureDevOpsResource = "499b84ac-1321-427f-aa17-267ca6975798";

enum class ProviderState {
    unknown,   ///< not used yet
    connected, ///< the last fetch worked, or none is needed
    degraded,  ///< serving a valid token while refreshing fails
    sign_in_required,
    consent_required,
    admin_action_required,
    misconfigured,
    throttled,
    expired,
    failing,        ///< a transient fault and no valid token
    not_configured, ///< no grant, no PAT stored
};

std::string_view to_string(ProviderState state) noexcept;

class ProviderStatus {
public:
    ProviderState state = ProviderState::unknown;
    core::SystemTime since{};
    std::string reason; ///< message of the last error; empty when connected
    std::string fix;
    std::string code; ///< AADSTS code where there is one
    std::string identity;
    std::string tenant;
    std::optional<core::SystemTime> expires_at; ///< of the credential itself (PAT)
    std::optional<core::SystemTime> last_refresh;
    bool fetching = false; ///< a token is being fetched right now
};

class CredentialProvider : public core::TokenSource {
public:
    /// pat | oauth | managed_identity: the word of the configuration and of `_meta`.
    virtual std::string const& method() const noexcept = 0;
    virtual ProviderStatus status() const = 0;
    /// True when it was refused for good (sign-in lapsed, PAT expired, nothing stored): the connector passes
    /// it over. A fault of the moment is not. It may end by itself: get() asks again from time to time.
    virtual bool permanently_refused() const noexcept = 0;
    /// The stored credential changed (API, CLI): forget cached tokens, negative caches and states.
    virtual void credential_changed() = 0;
    /// The upstream accepted a token of this provider and said who it is.
    virtual void note_accepted(std::string const& identity) = 0;
};

class CredentialObserver;
class TenantCache;

/// Shared by all providers; referents outlive them.
class ProviderEnvironment {
public:
    ProviderEnvironment(core::asio::any_io_executor executor_, core::HttpClient& http_, core::Clock& clock_)
        : executor(std::move(executor_)), http(http_), clock(clock_) {}
    core::asio::any_io_executor executor;
    core::HttpClient& http;
    core::Clock& clock;
    std::string authority = "https://login.microsoftonline.com";
    /// A client that trusts the one certificate with this SHA-1 thumbprint (hexadecimal) and no other, and
    /// uses no proxy: how Service Fabric identifies its endpoint. It outlives the providers. Fails with
    /// invalid_argument for what is no thumbprint. Empty where there is none to be had.
    std::function<core::Result<core::HttpClient*>(std::string const& thumbprint)> pinned_client;
    CredentialObserver* observer = nullptr; ///< nullptr = nobody listens
    /// Told of refusals: perhaps the organization has moved to another tenant. nullptr = there is none.
    TenantCache* tenants = nullptr;
};

class PatProviderConfig {
public:
    std::string organization;
    /// From the configuration file; empty = look into the store.
    core::Secret configured_pat;
    std::optional<core::SystemTime> configured_expiry;
    /// Reads the configured PAT again, whenever it is looked for: after credential_changed(), and on each
    /// call while it is refused. Empty = it stays what it is. Owns, or shares, what it uses.
    std::function<core::Task<core::Result<core::Secret>>()> read_again;
};
std::unique_ptr<CredentialProvider>
make_pat_provider(ProviderEnvironment const& env, PatProviderConfig config, PatStore& store);

class OAuthProviderConfig {
public:
    std::string organization;
    core::Secret client_secret; ///< empty for a public client
};
std::unique_ptr<CredentialProvider>
make_oauth_provider(ProviderEnvironment const& env, OAuthProviderConfig config, GrantStore& store);

enum class ManagedIdentitySourceKind {
    automatic,
    imds,
    app_service,      ///< App Service, Functions, Container Apps: api-version 2019-08-01
    app_service_2017, ///< the same before: api-version 2017-09-01
    azure_ml,
    arc,
    service_fabric,
    cloud_shell,
    workload_identity
};

class ManagedIdentityConfig {
public:
    ManagedIdentitySourceKind source = ManagedIdentitySourceKind::automatic;
    std::string imds_url; ///< scheme://host[:port]
    // Of the user-assigned identity, at most one of the three; none = system-assigned.
    std::string client_id;
    std::string object_id;   ///< its principal
    std::string resource_id; ///< /subscriptions/…/userAssignedIdentities/…
};
class ManagedIdentityProviderConfig {
public:
    std::string organization;
    ManagedIdentityConfig identity;
    /// Both or neither: with them the identity's token is exchanged in the other tenant (FIC). Where that is
    /// the identity's own tenant there is nothing to exchange: Azure DevOps takes the identity itself.
    std::string federated_client_id;
    std::string federated_tenant_id;
};
/// `pool` is for reading token files (workload identity, Arc).
std::unique_ptr<CredentialProvider> make_managed_identity_provider(ProviderEnvironment const& env,
                                                                   ManagedIdentityProviderConfig config,
                                                                   core::BlockingPool& pool);

/// The resource an identity's token is asked for when it is to be exchanged (FIC), in the cloud of this
/// authority.
std::string exchange_resource_of(std::string const& authority);

} // namespace auth
