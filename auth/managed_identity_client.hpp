#pragma once

#include "auth/failure.hpp"
#include "auth/managed_identity_source.hpp"
#include "core/async.hpp"
#include "core/call_context.hpp"
#include "core/http/http_client.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace auth {

class ManagedIdentityToken {
public:
    ManagedIdentityToken(core::Secret value_, core::SystemTime requested_at_, core::SystemTime expires_at_)
        : value(std::move(value_)), requested_at(requested_at_), expires_at(expires_at_) {}
    core::Secret value;
    core::SystemTime requested_at;
    core::SystemTime expires_at;
    std::optional<std::chrono::seconds> refresh_in;
};

/// Where the Azure Arc agent keeps its keys and its program.
class ArcPlaces {
public:
    ArcPlaces() = default;
    ArcPlaces(std::string key_directory_, std::string agent_)
        : key_directory(std::move(key_directory_)), agent(std::move(agent_)) {}
    std::string key_directory = "/var/opt/azcmagent/tokens";
    std::string agent = "/opt/azcmagent/bin/himds";
};

using PinnedClientFactory = decltype(ProviderEnvironment::pinned_client);

using ManagedIdentityResult = tl::expected<ManagedIdentityToken, FetchFailure>;

/// Long enough for the slowest retry rule (IMDS being updated: seven times ten seconds).
inline constexpr std::chrono::seconds kManagedIdentityDeadline{100};

/// Asks this machine's managed identity for tokens. The source is found at the first request and kept: it
/// does not change while a process runs. Retries as the platform asks (entra facts: IMDS 1, 2, 4 s, 410 every
/// 10 s; others at least 1 s or Retry-After); an endpoint that never answered is not tried again, so that a
/// host outside Azure fails fast. Service Fabric's certificate is known by its thumbprint alone. The
/// referents outlive it. Not concurrently.
class ManagedIdentityClient {
public:
    ManagedIdentityClient(core::HttpClient& http,
                          core::Clock& clock,
                          core::BlockingPool& pool,
                          ManagedIdentityConfig config,
                          PinnedClientFactory pinned_client = {},
                          EnvironmentReader environment = read_process_environment,
                          ArcPlaces arc = ArcPlaces());

    /// `resource`: the scope without `/.default`. `revoked_sha256`: of a token of this resource that was
    /// refused with a claims challenge, in hexadecimal; App Service and Service Fabric are told, so that they
    /// pass over their own cache, the others know nothing of it. `ctx` must outlive the task.
    core::Task<ManagedIdentityResult>
    request(std::string resource, std::string revoked_sha256, core::CallContext const& ctx);

    core::Task<ManagedIdentityResult> request(std::string resource, core::CallContext const& ctx) {
        return request(std::move(resource), std::string(), ctx);
    }

    /// `IMDS`, once the source is known.
    std::string_view source_name() const noexcept;

private:
    core::Task<std::optional<FetchFailure>> find_endpoint();
    core::Task<ManagedIdentityResult> request_workload(std::string resource, core::CallContext const& ctx);
    core::Task<ManagedIdentityResult>
    request_http(std::string resource, std::string revoked_sha256, core::CallContext const& ctx);
    core::Task<core::Result<core::HttpResponse>> send_with_retries(core::HttpRequest const& request,
                                                                   core::CallContext const& ctx);
    core::Task<tl::expected<core::HttpResponse, FetchFailure>> answer_arc_challenge(
        core::HttpRequest& request, core::HttpResponse const& challenge, core::CallContext const& ctx);
    core::Task<core::Result<core::Secret>>
    read_file(std::string path, std::size_t max_bytes, bool follow_links);

    core::HttpClient* http_; ///< the pinned one for Service Fabric
    core::Clock& clock_;
    core::BlockingPool& pool_;
    ManagedIdentityConfig config_;
    PinnedClientFactory pinned_client_;
    EnvironmentReader environment_;
    ArcPlaces arc_;
    std::optional<ManagedIdentityEndpoint> endpoint_;
    bool answered_ = false;
};

} // namespace auth
