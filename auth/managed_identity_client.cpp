#include "auth/managed_identity_client.hpp"

#include "auth/auth_challenge.hpp"
#include "auth/entra_token_client.hpp"
#include "auth/managed_identity_answer.hpp"
#include "auth/secret_file.hpp"
#include "core/json.hpp"
#include "core/log.hpp"
#include "core/text/percent_encoding.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>

namespace auth {
namespace {

using core::ErrorKind;
using core::Task;
using std::chrono::seconds;
using Kind = ManagedIdentitySourceKind;

constexpr seconds kFirstContact{5}; ///< link-local or loopback: silence means nobody is there
constexpr int kRetries = 3;
constexpr seconds kUpdatingPause{10}; ///< IMDS answers 410 while it is being updated, up to 70 s
constexpr int kUpdatingRetries = 7;
constexpr seconds kLongestPause{30};
constexpr std::size_t kArcKeyBytes = 4096;
constexpr std::size_t kFederatedTokenBytes = 64U * 1024;

core::HttpRequest make_request(ManagedIdentityEndpoint const& endpoint,
                               core::Url url,
                               std::string const& resource,
                               IdentityChoice const& choice,
                               std::string const& revoked_sha256) {
    bool const tells_revoked = !revoked_sha256.empty() &&
                               (endpoint.kind == Kind::app_service || endpoint.kind == Kind::service_fabric);
    core::QueryPairs query;
    switch (endpoint.kind) {
    case Kind::app_service:
        query.emplace_back("api-version", tells_revoked ? "2025-03-30" : "2019-08-01");
        break;
    case Kind::app_service_2017:
    case Kind::azure_ml:
        query.emplace_back("api-version", "2017-09-01");
        break;
    case Kind::service_fabric:
        query.emplace_back("api-version", "2020-05-01");
        break;
    case Kind::arc:
        query.emplace_back("api-version", "2020-06-01");
        break;
    default:
        query.emplace_back("api-version", "2018-02-01");
        break;
    }
    query.emplace_back("resource", resource);
    if (!choice.parameter.empty()) {
        query.emplace_back(std::string(choice.parameter), choice.value);
    } else if (endpoint.kind == Kind::azure_ml) {
        query.emplace_back("clientid", endpoint.client_id);
    }
    if (tells_revoked) {
        query.emplace_back("xms_cc", "cp1");
        query.emplace_back("token_sha256_to_refresh", revoked_sha256);
    }
    bool const is_post = endpoint.kind == Kind::cloud_shell;
    if (!is_post) {
        url.target += (url.target.find('?') == std::string::npos ? "?" : "&") + core::build_query(query);
    }
    core::HttpRequest request(is_post ? "POST" : "GET", std::move(url));
    request.idempotent = true;
    request.max_response_bytes = kManagedIdentityAnswerBytes;
    if (is_post) {
        core::QueryPairs form;
        form.emplace_back("resource", resource);
        request.body = core::build_query(form);
        request.headers.add("Content-Type", "application/x-www-form-urlencoded");
    }
    switch (endpoint.kind) {
    case Kind::app_service:
        request.headers.add("X-IDENTITY-HEADER", std::string(endpoint.header.expose()));
        break;
    case Kind::service_fabric:
    case Kind::app_service_2017:
        request.headers.add("secret", std::string(endpoint.header.expose()));
        break;
    case Kind::azure_ml:
        request.headers.add("secret", std::string(endpoint.header.expose()));
        request.headers.add("Metadata", "true");
        break;
    default:
        request.headers.add("Metadata", "true");
        break;
    }
    return request;
}

/// The key file an Arc agent points at: in its own directory and nowhere else, or a local user could make us
/// read, and send to whoever listens on the port, any file.
std::optional<std::string> arc_key_file(core::HttpResponse const& challenge, std::string const& directory) {
    std::optional<std::string_view> const field = challenge.headers.get("WWW-Authenticate");
    if (!field || std::ranges::count(*field, '=') != 1) {
        return std::nullopt;
    }
    std::vector<AuthChallenge> const challenges = parse_challenges(*field);
    if (challenges.size() != 1 || !core::iequals(challenges.front().scheme, "Basic")) {
        return std::nullopt;
    }
    std::optional<std::string_view> const realm = challenges.front().parameter("realm");
    if (!realm) {
        return std::nullopt;
    }
    std::filesystem::path const path(*realm);
    bool const in_place = path.is_absolute() && path.lexically_normal() == path &&
                          path.parent_path() == std::filesystem::path(directory) &&
                          path.extension() == ".key";
    return in_place ? std::optional<std::string>(path.string()) : std::nullopt;
}

} // namespace

ManagedIdentityClient::ManagedIdentityClient(core::HttpClient& http,
                                             core::Clock& clock,
                                             core::BlockingPool& pool,
                                             ManagedIdentityConfig config,
                                             PinnedClientFactory pinned_client,
                                             EnvironmentReader environment,
                                             ArcPlaces arc)
    : http_(&http), clock_(clock), pool_(pool), config_(std::move(config)),
      pinned_client_(std::move(pinned_client)), environment_(std::move(environment)), arc_(std::move(arc)) {}

std::string_view ManagedIdentityClient::source_name() const noexcept {
    return endpoint_ ? to_string(endpoint_->kind) : std::string_view("not determined yet");
}

Task<std::optional<FetchFailure>> ManagedIdentityClient::find_endpoint() {
    bool const automatic = config_.source == Kind::automatic;
    bool has_agent = false;
    if (automatic) {
        auto look = [path = arc_.agent] {
            std::error_code ignored;
            return std::filesystem::exists(path, ignored);
        };
        has_agent = co_await core::run_blocking(pool_, std::move(look));
    }
    tl::expected<ManagedIdentityEndpoint, FetchFailure> found =
        find_managed_identity(config_, environment_, has_agent);
    if (!found) {
        co_return std::move(found).error();
    }
    if (!found->thumbprint.empty()) {
        core::Result<core::HttpClient*> pinned =
            pinned_client_ ? pinned_client_(found->thumbprint)
                           : core::fail(core::ErrorKind::internal, "this process cannot pin a certificate");
        if (!pinned) {
            co_return managed_identity_failure(FailureClass::configuration,
                                               "Service Fabric: " + pinned.error().message() + ".",
                                               "Check IDENTITY_SERVER_THUMBPRINT.",
                                               0);
        }
        http_ = *pinned;
    }
    endpoint_.emplace(std::move(*found));
    core::log::info(
        "managed_identity.source",
        {{"source", to_string(endpoint_->kind)}, {"why", automatic ? "environment" : "configuration"}});
    co_return std::nullopt;
}

Task<ManagedIdentityResult> ManagedIdentityClient::request(std::string resource,
                                                           std::string revoked_sha256,
                                                           core::CallContext const& ctx) {
    if (!endpoint_) {
        std::optional<FetchFailure> failure = co_await find_endpoint();
        if (failure) {
            co_return tl::unexpected<FetchFailure>(std::move(*failure));
        }
    }
    if (endpoint_->kind == Kind::workload_identity) {
        ManagedIdentityResult result = co_await request_workload(std::move(resource), ctx);
        co_return result;
    }
    ManagedIdentityResult result = co_await request_http(std::move(resource), std::move(revoked_sha256), ctx);
    co_return result;
}

Task<core::Result<core::Secret>>
ManagedIdentityClient::read_file(std::string path, std::size_t max_bytes, bool follow_links) {
    auto job = [path = std::move(path), max_bytes, follow_links] {
        return read_secret_file(path, max_bytes, follow_links);
    };
    core::Result<core::Secret> content = co_await core::run_blocking(pool_, std::move(job));
    co_return content;
}

/// AKS workload identity: the projected token is the client assertion. The file is read each time: it is
/// replaced hourly.
Task<ManagedIdentityResult> ManagedIdentityClient::request_workload(std::string resource,
                                                                    core::CallContext const& ctx) {
    core::Result<core::Secret> assertion =
        co_await read_file(endpoint_->token_file, kFederatedTokenBytes, true);
    if (!assertion) {
        co_return tl::unexpected<FetchFailure>(managed_identity_failure(
            FailureClass::configuration,
            "Workload identity: " + assertion.error().message() + ".",
            "Check AZURE_FEDERATED_TOKEN_FILE and the service account's annotations.",
            0));
    }
    EntraTokenClient client(*http_, clock_, endpoint_->url);
    EntraErrorContext context;
    context.tenant = endpoint_->tenant_id;
    context.client_id = endpoint_->client_id;
    std::string scope = resource + "/.default";
    EntraResult tokens = co_await client.exchange_assertion(
        std::move(context), std::move(scope), *assertion, std::string(), ctx);
    if (!tokens) {
        co_return tl::unexpected<FetchFailure>(std::move(tokens).error().failure);
    }
    ManagedIdentityToken token(std::move(tokens->access_token), tokens->requested_at, tokens->expires_at);
    token.refresh_in = tokens->refresh_in;
    co_return token;
}

Task<core::Result<core::HttpResponse>>
ManagedIdentityClient::send_with_retries(core::HttpRequest const& request, core::CallContext const& ctx) {
    int retries = 0;
    int updating = 0;
    while (true) {
        core::Deadline const patience =
            answered_ ? core::Deadline::never() : core::Deadline::in(clock_, kFirstContact);
        core::CallContext const limited = ctx.shortened(patience);
        core::Result<core::HttpResponse> response = co_await http_->send(request, limited);
        seconds pause(1LL << std::min(retries, 2));
        if (!response) {
            bool const may_retry =
                answered_ && retries < kRetries && response.error().kind() != ErrorKind::cancelled;
            if (!may_retry) {
                co_return response;
            }
            ++retries;
        } else {
            answered_ = true;
            if (endpoint_->kind == Kind::imds && response->status == 410) {
                if (updating++ == kUpdatingRetries) {
                    co_return response;
                }
                pause = kUpdatingPause;
            } else if (is_worth_repeating(endpoint_->kind, response->status)) {
                if (retries++ == kRetries) {
                    co_return response;
                }
                std::optional<seconds> const asked = retry_after_of(response->headers, clock_.system_now());
                if (endpoint_->kind != Kind::imds) {
                    pause = seconds(1);
                }
                pause = std::max(pause, asked.value_or(seconds(0)));
            } else {
                co_return response;
            }
        }
        if (pause > kLongestPause || ctx.deadline.remaining(clock_.now()) <= pause) {
            co_return response;
        }
        co_await clock_.sleep_for(pause);
    }
}

Task<tl::expected<core::HttpResponse, FetchFailure>> ManagedIdentityClient::answer_arc_challenge(
    core::HttpRequest& request, core::HttpResponse const& challenge, core::CallContext const& ctx) {
    std::optional<std::string> path = arc_key_file(challenge, arc_.key_directory);
    if (!path) {
        co_return tl::unexpected<FetchFailure>(managed_identity_failure(
            FailureClass::configuration,
            "The Azure Arc agent's challenge does not name a key file in " + arc_.key_directory + ".",
            "Check what listens at IDENTITY_ENDPOINT.",
            challenge.status));
    }
    core::Result<core::Secret> key = co_await read_file(std::move(*path), kArcKeyBytes, false);
    if (!key) {
        co_return tl::unexpected<FetchFailure>(
            managed_identity_failure(FailureClass::configuration,
                                     "Azure Arc: " + key.error().message() + ".",
                                     "Add this service's user to the group himds.",
                                     challenge.status));
    }
    request.headers.set("Authorization", "Basic " + std::string(key->expose()));
    core::Result<core::HttpResponse> response = co_await send_with_retries(request, ctx);
    if (!response) {
        co_return tl::unexpected<FetchFailure>(FetchFailure::transient(std::move(response).error()));
    }
    co_return std::move(*response);
}

Task<ManagedIdentityResult> ManagedIdentityClient::request_http(std::string resource,
                                                                std::string revoked_sha256,
                                                                core::CallContext const& ctx) {
    Kind const kind = endpoint_->kind;
    std::string const source(to_string(kind));
    std::optional<core::Url> url = core::Url::parse(endpoint_->url);
    if (!url) {
        co_return tl::unexpected<FetchFailure>(managed_identity_failure(
            FailureClass::configuration,
            "The managed identity endpoint of " + source + " is not a URL.",
            "Check the environment variables of the managed identity, or managed_identity.imds_url.",
            0));
    }
    IdentityChoice const choice = choose_identity(kind, config_).value_or(IdentityChoice());
    core::HttpRequest request = make_request(*endpoint_, std::move(*url), resource, choice, revoked_sha256);
    core::SystemTime const requested_at = clock_.system_now();
    core::Result<core::HttpResponse> response = co_await send_with_retries(request, ctx);
    if (!response) {
        core::Error error = std::move(response).error();
        std::string message = "The managed identity endpoint of " + source + " at " +
                              request.url.origin.to_string() + " could not be reached: " + error.message();
        error = std::move(error).with_message(std::move(message)).with_code("managed_identity_unreachable");
        if (answered_) {
            co_return tl::unexpected<FetchFailure>(FetchFailure::transient(std::move(error)));
        }
        // Nobody has ever been there: this is a host without a managed identity, not a fault of the moment.
        error = std::move(error).with_fix(
            "Managed identities exist on Azure hosts only; check managed_identity.source and imds_url.");
        FetchFailure failure(std::move(error), FailureClass::configuration);
        failure.recheck = seconds(30);
        co_return tl::unexpected<FetchFailure>(std::move(failure));
    }
    if (kind == Kind::arc && response->status == 401) {
        core::HttpResponse const challenge = std::move(*response);
        auto answered = co_await answer_arc_challenge(request, challenge, ctx);
        if (!answered) {
            co_return tl::unexpected<FetchFailure>(std::move(answered).error());
        }
        response = std::move(*answered);
    }
    if (response->status != 200) {
        FetchFailure failure = managed_identity_refusal(kind, *response, config_);
        if (std::optional<seconds> const wait = retry_after_of(response->headers, clock_.system_now())) {
            failure.error = std::move(failure.error).with_retry_after(*wait);
        }
        co_return tl::unexpected<FetchFailure>(std::move(failure));
    }
    co_return read_managed_identity_token(kind, *response, requested_at, clock_.system_now());
}

} // namespace auth
