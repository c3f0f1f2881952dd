#include "auth/cached_provider.hpp"
#include "auth/claims_request.hpp"
#include "auth/device_code.hpp"
#include "auth/entra_token_client.hpp"
#include "auth/providers.hpp"
#include "auth/token_freshness.hpp"
#include "core/crypto/digest.hpp"
#include "core/crypto/random.hpp"
#include "core/log.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace auth {
namespace {

using core::Secret;
using core::Task;
using std::chrono::seconds;

constexpr std::string_view kMethod = "oauth";
constexpr seconds kFetchDeadline{30};
/// Another process that spends the same refresh token needs this long to store its successor.
constexpr std::chrono::milliseconds kRacePause{300};
/// How often whoever waits for another process's refresh looks whether it is done.
constexpr std::chrono::milliseconds kLeaseLook{50};
/// How often the grant may turn out to have been replaced before we leave it to the next call.
constexpr int kRounds = 5;

using Loaded = tl::expected<OAuthGrant, FetchFailure>;

/// Redeems the stored refresh token. Several processes may share the store: one at a time redeems, under the
/// store's lease, and leaves the access token with the grant; the others wait for that and take it from
/// there. The grant is read anew before each use, and whoever finds it replaced goes on with the replacement.
class OAuthFetcher final : public TokenFetcher {
public:
    OAuthFetcher(ProviderEnvironment const& env,
                 OAuthProviderConfig config,
                 GrantStore& store,
                 std::shared_ptr<StatusBoard> board)
        : clock_(env.clock), config_(std::move(config)), store_(store),
          client_(env.http, env.clock, env.authority), board_(std::move(board)) {}

    Task<FetchResult> fetch() override;
    void on_rejected(core::AccessToken const& rejected) override {
        rejected_ = core::sha256(rejected.value.expose());
    }
    void on_challenged(std::string claims) override { claims_ = merge_claims(claims_, claims); }
    void on_credential_changed() override {
        dead_.reset();
        unsaved_.reset();
        claims_.clear();
        given_.clear();
    }

private:
    /// A refusal of the refresh token of one generation; asking again with the same one is pointless.
    class Dead {
    public:
        Dead(std::int64_t generation_, FetchFailure failure_)
            : generation(generation_), failure(std::move(failure_)) {}
        std::int64_t generation;
        FetchFailure failure;
    };
    /// What a round under the lease comes to; nullopt = the grant was replaced, begin anew.
    using Round = std::optional<FetchResult>;
    using Leased = tl::expected<std::unique_ptr<RefreshLease>, FetchFailure>;

    Task<Loaded> load();
    Task<bool> was_replaced(std::int64_t generation);
    Task<Leased> wait_for_lease(std::int64_t generation, core::CallContext const& ctx);
    Task<Round> store_unsaved();
    Task<Round> refresh(OAuthGrant grant, core::CallContext const& ctx);
    Task<FetchFailure> refused(OAuthGrant grant, EntraError refusal);
    bool may_share(OAuthGrant const& grant) const;
    Task<EntraResult>
    redeem(OAuthGrant const& grant, Secret const& refresh_token, core::CallContext const& ctx);
    Task<EntraResult> redeem_any(OAuthGrant& grant, core::CallContext const& ctx, bool& replaced);
    Task<Round> keep(OAuthGrant rotated);
    void note_access_token(OAuthGrant& grant, EntraTokens const& tokens) const;
    core::AccessToken give_out(OAuthGrant const& grant);

    core::Clock& clock_;
    OAuthProviderConfig config_;
    GrantStore& store_;
    EntraTokenClient client_;
    std::shared_ptr<StatusBoard> board_; ///< shared with the provider
    std::optional<Dead> dead_;
    /// A rotation the store could not keep; its generation is that of the grant it replaces.
    std::optional<OAuthGrant> unsaved_;
    std::string claims_;   ///< asked for by the upstream and not answered yet
    std::string given_;    ///< SHA-256 of the access token given out last
    std::string rejected_; ///< the same of the one the upstream refused last
};

void OAuthFetcher::note_access_token(OAuthGrant& grant, EntraTokens const& tokens) const {
    grant.access_token = tokens.access_token.clone();
    grant.access_expires_at = tokens.expires_at;
    grant.access_refresh_at = choose_refresh_at(
        tokens.requested_at, tokens.expires_at, tokens.refresh_in, RefreshRule::buffer, core::random_unit());
}

core::AccessToken OAuthFetcher::give_out(OAuthGrant const& grant) {
    given_ = core::sha256(grant.access_token.expose());
    return {grant.access_token.clone(),
            core::AuthScheme::bearer,
            grant.access_expires_at,
            grant.access_refresh_at,
            std::string(kMethod)};
}

/// The access token another process left with the grant, or this one before it was started again, if it will
/// do. Not the one given out last: whoever asks now wants another.
bool OAuthFetcher::may_share(OAuthGrant const& grant) const {
    core::SystemTime const now = clock_.system_now();
    bool const lasts = now < grant.access_refresh_at && grant.access_expires_at - now >= kShortestCachedLife;
    if (grant.access_token.empty() || !lasts || !claims_.empty()) {
        return false;
    }
    std::string const digest = core::sha256(grant.access_token.expose());
    return digest != given_ && digest != rejected_;
}

Task<Loaded> OAuthFetcher::load() {
    core::Result<std::optional<OAuthGrant>> loaded = co_await store_.load_grant(config_.organization);
    if (!loaded) {
        co_return tl::unexpected<FetchFailure>(FetchFailure::transient(std::move(loaded).error()));
    }
    if (!loaded->has_value()) {
        co_return tl::unexpected<FetchFailure>(not_configured("Sign in: ado-mcpd login --organization " +
                                                              config_.organization + " --device-code"));
    }
    co_return std::move(**loaded);
}

Task<bool> OAuthFetcher::was_replaced(std::int64_t generation) {
    Loaded const now = co_await load();
    co_return now && now->generation != generation;
}

/// The lease, or null when the grant has been replaced before it was to be had.
Task<OAuthFetcher::Leased> OAuthFetcher::wait_for_lease(std::int64_t generation,
                                                        core::CallContext const& ctx) {
    while (true) {
        core::Result<std::unique_ptr<RefreshLease>> lease = co_await store_.try_lease(config_.organization);
        if (!lease) {
            co_return tl::unexpected<FetchFailure>(FetchFailure::transient(std::move(lease).error()));
        }
        if (*lease) {
            co_return std::move(*lease);
        }
        if (ctx.deadline.remaining(clock_.now()) <= kLeaseLook) {
            core::Error error(core::ErrorKind::timeout,
                              "another process is renewing the sign-in of organization " +
                                  config_.organization + " and does not come to an end");
            co_return tl::unexpected<FetchFailure>(FetchFailure::transient(std::move(error)));
        }
        co_await clock_.sleep_for(kLeaseLook);
        bool const replaced = co_await was_replaced(generation);
        if (replaced) {
            co_return std::unique_ptr<RefreshLease>();
        }
    }
}

Task<EntraResult>
OAuthFetcher::redeem(OAuthGrant const& grant, Secret const& refresh_token, core::CallContext const& ctx) {
    EntraErrorContext context;
    context.tenant = grant.tenant;
    context.client_id = grant.client_id;
    context.organization = config_.organization;
    std::string claims = with_capabilities(merge_claims(grant.sign_in_claims, claims_));
    EntraResult result = co_await client_.redeem_refresh_token(std::move(context),
                                                               std::string(kDelegatedScope),
                                                               refresh_token,
                                                               config_.client_secret,
                                                               std::move(claims),
                                                               ctx);
    co_return result;
}

/// Tries the current refresh token and, when that one is dead, its predecessor. `replaced` is set when the
/// store holds another grant by now. On success grant.refresh_token is the one that worked.
Task<EntraResult> OAuthFetcher::redeem_any(OAuthGrant& grant, core::CallContext const& ctx, bool& replaced) {
    EntraResult first = co_await redeem(grant, grant.refresh_token, ctx);
    if (first || !first.error().failure.permanent()) {
        co_return first;
    }
    replaced = co_await was_replaced(grant.generation);
    if (replaced || !first.error().grant_is_dead) {
        co_return first;
    }
    co_await clock_.sleep_for(kRacePause);
    replaced = co_await was_replaced(grant.generation);
    if (replaced || grant.previous_refresh_token.empty()) {
        co_return first;
    }
    EntraResult second = co_await redeem(grant, grant.previous_refresh_token, ctx);
    if (second) {
        core::log::warn("oauth.previous_refresh_token_used", {{"organization", config_.organization}});
        grant.refresh_token = std::move(grant.previous_refresh_token);
        co_return second;
    }
    if (!second.error().failure.permanent()) {
        co_return second;
    }
    co_return first;
}

/// Stores the rotation durably, then hands the access token out: never the other way round.
Task<OAuthFetcher::Round> OAuthFetcher::keep(OAuthGrant rotated) {
    std::int64_t const generation = rotated.generation;
    // A sign-in that ended while we were asking is newer than what we hold.
    core::Result<bool> saved = co_await store_.rotate_grant(config_.organization, generation, rotated);
    if (!saved) {
        core::Error error = std::move(saved).error();
        std::string message = "The renewed sign-in could not be stored: " + error.message();
        unsaved_.emplace(std::move(rotated));
        unsaved_->generation = generation;
        error = std::move(error).with_message(std::move(message));
        co_return Round(refuse(FetchFailure::transient(std::move(error))));
    }
    unsaved_.reset();
    if (!*saved) {
        co_return Round();
    }
    dead_.reset();
    claims_.clear();
    board_->set_identity(rotated.identity);
    co_return Round(give_out(rotated));
}

/// A rotation that could not be stored when it was made: stored now, its access token is still to be used.
Task<OAuthFetcher::Round> OAuthFetcher::store_unsaved() {
    OAuthGrant rotated = std::move(*unsaved_);
    unsaved_.reset();
    Round kept = co_await keep(std::move(rotated));
    bool const too_old = kept && *kept && (*kept)->expires_at - clock_.system_now() < kShortestCachedLife;
    co_return too_old ? Round() : std::move(kept);
}

/// What a refusal leaves behind: claims for the next sign-in are kept with the grant, so that whoever starts
/// it, in whatever process, asks for them.
Task<FetchFailure> OAuthFetcher::refused(OAuthGrant grant, EntraError refusal) {
    FetchFailure failure = std::move(refusal.failure);
    std::string const wanted = merge_claims(merge_claims(grant.sign_in_claims, claims_), refusal.claims);
    if (failure.permanent() && wanted != grant.sign_in_claims) {
        std::int64_t const expected = grant.generation;
        grant.sign_in_claims = wanted;
        core::Result<bool> const noted = co_await store_.rotate_grant(config_.organization, expected, grant);
        if (noted && *noted) {
            claims_.clear();
        } else {
            grant.generation = expected;
        }
    }
    if (refusal.grant_is_dead) {
        // From here on it is a look into the store, which notices a new sign-in.
        failure.recheck = kRecheckStore;
        dead_.emplace(grant.generation, failure);
    }
    co_return failure;
}

/// One use of the refresh token, with the lease in hand.
Task<OAuthFetcher::Round> OAuthFetcher::refresh(OAuthGrant grant, core::CallContext const& ctx) {
    bool replaced = false;
    EntraResult redeemed = co_await redeem_any(grant, ctx, replaced);
    if (replaced) {
        co_return Round();
    }
    if (!redeemed) {
        EntraError refusal = std::move(redeemed).error();
        FetchFailure failure = co_await refused(std::move(grant), std::move(refusal));
        co_return Round(refuse(std::move(failure)));
    }
    EntraTokens tokens = std::move(*redeemed);
    if (!tokens.refresh_token.empty()) {
        grant.previous_refresh_token = std::move(grant.refresh_token);
        grant.refresh_token = std::move(tokens.refresh_token);
    } else {
        grant.previous_refresh_token = Secret();
    }
    grant.refreshed_at = clock_.system_now();
    grant.sign_in_claims.clear();
    if (!tokens.preferred_username.empty()) {
        grant.identity = tokens.preferred_username;
    }
    if (!tokens.tenant_id.empty() && !tokens.object_id.empty()) {
        grant.account_id = tokens.tenant_id + "/" + tokens.object_id;
    }
    note_access_token(grant, tokens);
    Round kept = co_await keep(std::move(grant));
    co_return kept;
}

Task<FetchResult> OAuthFetcher::fetch() {
    core::CallContext const ctx("token-refresh", core::Deadline::in(clock_, kFetchDeadline));
    for (int round = 0; round < kRounds; ++round) {
        Loaded loaded = co_await load();
        if (!loaded) {
            co_return refuse(std::move(loaded).error());
        }
        board_->set_tenant(loaded->tenant);
        board_->set_identity(loaded->identity);
        std::int64_t const generation = loaded->generation;
        if (unsaved_ && unsaved_->generation == generation) {
            Round stored = co_await store_unsaved();
            if (stored) {
                co_return std::move(*stored);
            }
            continue;
        }
        unsaved_.reset();
        if (dead_ && dead_->generation == generation) {
            co_return refuse(dead_->failure);
        }
        if (may_share(*loaded)) {
            co_return give_out(*loaded);
        }
        Leased lease = co_await wait_for_lease(generation, ctx);
        if (!lease) {
            co_return refuse(std::move(lease).error());
        }
        // Who had the lease before us has perhaps done what we came for.
        bool const replaced = co_await was_replaced(generation);
        if (*lease == nullptr || replaced) {
            continue;
        }
        Round refreshed = co_await refresh(std::move(*loaded), ctx);
        if (refreshed) {
            co_return std::move(*refreshed);
        }
    }
    co_return refuse(FetchFailure::transient(core::Error(
        core::ErrorKind::conflict,
        "the stored sign-in of organization " + config_.organization + " is being replaced over and over")));
}

} // namespace

std::unique_ptr<CredentialProvider>
make_oauth_provider(ProviderEnvironment const& env, OAuthProviderConfig config, GrantStore& store) {
    auto board = std::make_shared<StatusBoard>(env.clock, std::string(kMethod), config.organization);
    auto fetcher = std::make_shared<OAuthFetcher>(env, std::move(config), store, board);
    return std::make_unique<CachedProvider>(env, std::string(kMethod), std::move(board), std::move(fetcher));
}

} // namespace auth
