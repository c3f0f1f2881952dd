#include "auth/cached_provider.hpp"
#include "auth/claims_request.hpp"
#include "auth/entra_token_client.hpp"
#include "auth/jwt_claims.hpp"
#include "auth/managed_identity_client.hpp"
#include "auth/providers.hpp"
#include "auth/token_freshness.hpp"
#include "core/crypto/digest.hpp"
#include "core/crypto/random.hpp"
#include "core/log.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

namespace auth {
namespace {

using core::ErrorKind;
using core::Task;
using std::chrono::seconds;

constexpr std::string_view kMethod = "managed_identity";
/// What tokens for any cloud's exchange audience carry as `aud`.
constexpr std::string_view kExchangeId = "fb60f99c-7a34-4190-8149-302f77469936";
constexpr seconds kShortestAssertionLife{60};
/// A new federated credential reaches all of Entra's servers within about this time.
constexpr seconds kPropagation{600};
/// MI alone, or leg 1 with all its retries, then leg 2.
constexpr seconds kFetchDeadline = kManagedIdentityDeadline + seconds(30);

/// The audience of the assertion differs by cloud; the authority's host tells which.
std::string exchange_resource(std::string const& authority) {
    class Cloud {
    public:
        std::string_view host_part;
        std::string_view resource;
    };
    constexpr std::array<Cloud, 6> kClouds{{
        {"login.microsoftonline.us", "api://AzureADTokenExchangeUSGov"},
        {"login.usgovcloudapi.net", "api://AzureADTokenExchangeUSGov"},
        {"login.partner.microsoftonline.cn", "api://AzureADTokenExchangeChina"},
        {"login.chinacloudapi.cn", "api://AzureADTokenExchangeChina"},
        {"login.sovcloud-identity.fr", "api://AzureADTokenExchangeFrance"},
        {"login.sovcloud-identity.de", "api://AzureADTokenExchangeGermany"},
    }};
    std::optional<core::Url> const url = core::Url::parse(authority);
    if (url) {
        for (Cloud const& cloud : kClouds) {
            if (url->origin.host == cloud.host_part) {
                return std::string(cloud.resource);
            }
        }
    }
    return "api://AzureADTokenExchange";
}

std::string joined(std::vector<std::string> const& parts) {
    std::string out;
    for (std::string const& part : parts) {
        out.append(out.empty() ? "" : ", ").append(part);
    }
    return out;
}

bool is_federation_mismatch(EntraError const& error) {
    return std::ranges::any_of(error.codes, [](std::int64_t code) {
        return code == 70021 || code == 700211 || code == 700212 || code == 700213 || code == 7002121 ||
               code == 7002131;
    });
}

bool is_stale_assertion(EntraError const& error) {
    return error.has_code(700024) || error.has_code(500133);
}

/// The same failure, said to be one of a leg.
FetchFailure on_leg(FetchFailure failure, std::string_view leg) {
    std::string message = std::string(leg) + ": " + failure.error.message();
    failure.error = std::move(failure.error).with_message(std::move(message));
    return failure;
}

class ManagedIdentityFetcher final : public TokenFetcher {
public:
    ManagedIdentityFetcher(ProviderEnvironment const& env,
                           ManagedIdentityProviderConfig config,
                           core::BlockingPool& pool,
                           std::shared_ptr<StatusBoard> board)
        : clock_(env.clock), config_(std::move(config)), exchange_resource_(exchange_resource(env.authority)),
          identity_(env.http, env.clock, pool, config_.identity, env.pinned_client),
          client_(env.http, env.clock, env.authority), board_(std::move(board)) {}

    Task<FetchResult> fetch() override;
    void on_rejected(core::AccessToken const& rejected) override {
        rejected_ = core::hex_encode(core::sha256(rejected.value.expose()));
    }
    void on_challenged(std::string claims) override { claims_wanted_ = merge_claims(claims_wanted_, claims); }
    void on_credential_changed() override {
        assertion_.reset();
        mismatch_since_.reset();
        claims_wanted_.clear();
    }

private:
    bool is_federated() const noexcept { return !config_.federated_client_id.empty(); }
    /// The other tenant turned out to be the identity's own.
    bool is_same_tenant() const noexcept {
        return !claims_.tenant_id.empty() && core::iequals(claims_.tenant_id, config_.federated_tenant_id);
    }
    Task<FetchResult> fetch_plain(core::CallContext const& ctx);
    Task<FetchResult> fetch_federated(core::CallContext const& ctx);
    Task<std::optional<FetchFailure>> ensure_assertion(core::CallContext const& ctx);
    std::optional<FetchFailure> pre_flight(JwtClaims const& claims) const;
    Task<EntraResult> exchange(core::CallContext const& ctx);
    FetchFailure judge(EntraError error);
    std::string leg_two() const {
        return "Leg 2 (exchange in tenant " + config_.federated_tenant_id + " as application " +
               config_.federated_client_id + ")";
    }
    std::string leg_one() const {
        return "Leg 1 (managed identity, " + std::string(identity_.source_name()) + ")";
    }

    core::Clock& clock_;
    ManagedIdentityProviderConfig config_;
    std::string exchange_resource_;
    ManagedIdentityClient identity_;
    EntraTokenClient client_;
    std::shared_ptr<StatusBoard> board_; ///< shared with the provider
    std::optional<ManagedIdentityToken> assertion_;
    JwtClaims claims_;          ///< of assertion_
    std::string claims_wanted_; ///< by a claims challenge that has not been answered yet
    std::string rejected_;      ///< SHA-256 in hexadecimal of the token Azure DevOps refused last
    std::optional<core::SteadyTime> mismatch_since_;
};

/// What can be seen to be wrong before Entra is asked, named more exactly than Entra would.
std::optional<FetchFailure> ManagedIdentityFetcher::pre_flight(JwtClaims const& claims) const {
    auto const wrong = [this](std::string const& what, std::string fix) {
        core::Error error =
            core::Error(ErrorKind::unauthorized, leg_one() + ": the identity's token " + what + ".")
                .with_code("assertion_unusable")
                .with_fix(std::move(fix));
        return FetchFailure(std::move(error), FailureClass::configuration);
    };
    if (!claims.issuer.starts_with("https://")) {
        return wrong("names no issuer", "Check managed_identity.source and imds_url.");
    }
    // A federated credential is written with the v2.0 issuer of the identity's tenant, and compared letter by
    // letter.
    std::string const end =
        "/" + (claims.tenant_id.empty() ? std::string() : claims.tenant_id + "/") + "v2.0";
    if (!claims.issuer.ends_with(end)) {
        return wrong("is from issuer " + claims.issuer + " instead of https://login.microsoftonline.com/" +
                         (claims.tenant_id.empty() ? std::string("<home tenant>") : claims.tenant_id) +
                         "/v2.0",
                     "Ask for the token with audience " + exchange_resource_ +
                         ": check managed_identity.source and imds_url.");
    }
    std::string const& expected =
        config_.identity.object_id.empty() ? claims.object_id : config_.identity.object_id;
    if (!expected.empty() && !core::iequals(claims.subject, expected)) {
        return wrong("is of subject " + claims.subject + " instead of " + expected,
                     "Check which identity the connector names: the federated credential's subject is its "
                     "object id.");
    }
    bool const fits = std::ranges::any_of(claims.audience, [this](std::string const& audience) {
        return audience == kExchangeId || audience == exchange_resource_;
    });
    if (!fits) {
        return wrong("is for audience " + joined(claims.audience) + " instead of " + exchange_resource_,
                     "Check that entra.authority is of the identity's own cloud.");
    }
    if (claims.has_scope || claims.identity_type == "user") {
        return wrong("is a person's, not a managed identity's",
                     "Check managed_identity.source and imds_url.");
    }
    core::SystemTime const now = clock_.system_now();
    if (!claims.expires_at || *claims.expires_at - now <= kShortestAssertionLife) {
        return wrong("has expired by this machine's clock", "Check this machine's clock (NTP).");
    }
    return std::nullopt;
}

/// Leg 1. Kept until it has less than the refresh buffer left: the platform caches it for a day anyway.
Task<std::optional<FetchFailure>> ManagedIdentityFetcher::ensure_assertion(core::CallContext const& ctx) {
    if (assertion_ && assertion_->expires_at - clock_.system_now() > kRefreshBuffer) {
        co_return std::nullopt;
    }
    assertion_.reset();
    ManagedIdentityResult fetched = co_await identity_.request(exchange_resource_, std::string(), ctx);
    if (!fetched) {
        FetchFailure failure = on_leg(std::move(fetched).error(), leg_one());
        co_return std::optional<FetchFailure>(std::move(failure));
    }
    std::optional<JwtClaims> claims = read_jwt_claims(fetched->value.expose());
    if (!claims) {
        core::Error error =
            core::Error(ErrorKind::unauthorized, leg_one() + ": the identity's token is no JWT.")
                .with_code("assertion_unusable")
                .with_fix("Check managed_identity.source and imds_url.");
        co_return std::optional<FetchFailure>(FetchFailure(std::move(error), FailureClass::configuration));
    }
    if (std::optional<FetchFailure> wrong = pre_flight(*claims)) {
        co_return wrong;
    }
    claims_ = std::move(*claims);
    assertion_.emplace(std::move(*fetched));
    co_return std::nullopt;
}

Task<EntraResult> ManagedIdentityFetcher::exchange(core::CallContext const& ctx) {
    EntraErrorContext context;
    context.tenant = config_.federated_tenant_id;
    context.client_id = config_.federated_client_id;
    context.organization = config_.organization;
    context.assertion_issuer = claims_.issuer;
    context.assertion_subject = claims_.subject;
    context.assertion_audience = joined(claims_.audience);
    std::string scope = std::string(kAzureDevOpsResource) + "/.default";
    std::string claims = claims_wanted_.empty() ? std::string() : with_capabilities(claims_wanted_);
    EntraResult result = co_await client_.exchange_assertion(
        std::move(context), std::move(scope), assertion_->value, std::move(claims), ctx);
    co_return result;
}

FetchFailure ManagedIdentityFetcher::judge(EntraError error) {
    FetchFailure failure = on_leg(std::move(error.failure), leg_two());
    if (is_stale_assertion(error)) {
        // A new assertion has been tried: what is left is a clock that is wrong.
        failure.failure_class = FailureClass::configuration;
        failure.state = ProviderState::misconfigured;
        return failure;
    }
    if (!is_federation_mismatch(error)) {
        return failure;
    }
    core::SteadyTime const now = clock_.now();
    if (!mismatch_since_) {
        mismatch_since_ = now;
    }
    failure.state = ProviderState::misconfigured;
    core::SteadyTime const end = *mismatch_since_ + kPropagation;
    if (now >= end) {
        failure.failure_class = FailureClass::configuration;
        return failure;
    }
    failure.failure_class = FailureClass::transient;
    auto const left = std::chrono::duration_cast<core::SystemTime::duration>(end - now);
    std::string fix = failure.error.fix() + " Until " + core::format_utc(clock_.system_now() + left) +
                      " it is tried again by itself.";
    failure.error = std::move(failure.error).with_fix(std::move(fix));
    return failure;
}

Task<FetchResult> ManagedIdentityFetcher::fetch_federated(core::CallContext const& ctx) {
    std::optional<FetchFailure> leg_one_failed = co_await ensure_assertion(ctx);
    if (leg_one_failed) {
        co_return refuse(std::move(*leg_one_failed));
    }
    if (is_same_tenant()) {
        core::log::info("managed_identity.same_tenant",
                        {{"organization", config_.organization}, {"tenant", claims_.tenant_id}});
        FetchResult plain = co_await fetch_plain(ctx);
        co_return plain;
    }
    EntraResult exchanged = co_await exchange(ctx);
    if (!exchanged && is_stale_assertion(exchanged.error())) {
        assertion_.reset();
        leg_one_failed = co_await ensure_assertion(ctx);
        if (leg_one_failed) {
            co_return refuse(std::move(*leg_one_failed));
        }
        exchanged = co_await exchange(ctx);
    }
    if (!exchanged) {
        co_return refuse(judge(std::move(exchanged).error()));
    }
    mismatch_since_.reset();
    claims_wanted_.clear();
    EntraTokens tokens = std::move(*exchanged);
    core::SystemTime const refresh_at = choose_refresh_at(tokens.requested_at,
                                                          tokens.expires_at,
                                                          tokens.refresh_in,
                                                          RefreshRule::half_of_long_life,
                                                          core::random_unit());
    co_return core::AccessToken(std::move(tokens.access_token),
                                core::AuthScheme::bearer,
                                tokens.expires_at,
                                refresh_at,
                                std::string(kMethod));
}

Task<FetchResult> ManagedIdentityFetcher::fetch_plain(core::CallContext const& ctx) {
    std::string revoked = claims_wanted_.empty() ? std::string() : rejected_;
    ManagedIdentityResult fetched =
        co_await identity_.request(std::string(kAzureDevOpsResource), std::move(revoked), ctx);
    if (!fetched) {
        co_return refuse(on_leg(std::move(fetched).error(), "Managed identity"));
    }
    claims_wanted_.clear();
    ManagedIdentityToken token = std::move(*fetched);
    core::SystemTime const refresh_at = choose_refresh_at(token.requested_at,
                                                          token.expires_at,
                                                          token.refresh_in,
                                                          RefreshRule::half_of_long_life,
                                                          core::random_unit());
    co_return core::AccessToken(
        std::move(token.value), core::AuthScheme::bearer, token.expires_at, refresh_at, std::string(kMethod));
}

Task<FetchResult> ManagedIdentityFetcher::fetch() {
    core::CallContext const ctx("token-refresh", core::Deadline::in(clock_, kFetchDeadline));
    if (config_.federated_client_id.empty() != config_.federated_tenant_id.empty()) {
        core::Error error = core::Error(ErrorKind::unauthorized,
                                        "Only one of federated_client_id and federated_tenant_id is given.")
                                .with_code("managed_identity_misconfigured")
                                .with_fix("Give both to reach another tenant, or neither.");
        co_return refuse(FetchFailure(std::move(error), FailureClass::configuration));
    }
    if (is_federated()) {
        FetchResult federated = co_await fetch_federated(ctx);
        co_return federated;
    }
    FetchResult plain = co_await fetch_plain(ctx);
    co_return plain;
}

} // namespace

std::unique_ptr<CredentialProvider> make_managed_identity_provider(ProviderEnvironment const& env,
                                                                   ManagedIdentityProviderConfig config,
                                                                   core::BlockingPool& pool) {
    auto board = std::make_shared<StatusBoard>(env.clock, std::string(kMethod), config.organization);
    board->set_tenant(config.federated_tenant_id);
    auto fetcher = std::make_shared<ManagedIdentityFetcher>(env, std::move(config), pool, board);
    return std::make_unique<CachedProvider>(env, std::string(kMethod), std::move(board), std::move(fetcher));
}

std::string exchange_resource_of(std::string const& authority) {
    return exchange_resource(authority);
}

} // namespace auth
