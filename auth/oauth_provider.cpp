#include "auth/cached_provider.hpp"
#include "auth/device_code.hpp"
#include "auth/entra_token_client.hpp"
#include "auth/providers.hpp"
#include "auth/token_freshness.hpp"
#include "core/crypto/random.hpp"
#include "core/log.hpp"

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
/// How often the grant may turn out to have been replaced before we leave it to the next call.
constexpr int kRounds = 3;

using Loaded = tl::expected<OAuthGrant, FetchFailure>;

/// Redeems the stored refresh token. Several processes may share the store: the grant is read anew before
/// each use, and whoever finds it replaced goes on with the replacement.
class OAuthFetcher final : public TokenFetcher {
public:
    OAuthFetcher(ProviderEnvironment const& env,
                 OAuthProviderConfig config,
                 GrantStore& store,
                 std::shared_ptr<StatusBoard> board)
        : clock_(env.clock), config_(std::move(config)), store_(store),
          client_(env.http, env.clock, env.authority), board_(std::move(board)) {}

    Task<FetchResult> fetch() override;
    void on_credential_changed() override {
        dead_.reset();
        unsaved_.reset();
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
    /// A rotation the store could not keep.
    class Unsaved {
    public:
        Unsaved(OAuthGrant grant_, EntraTokens tokens_)
            : grant(std::move(grant_)), tokens(std::move(tokens_)) {}
        OAuthGrant grant; ///< its generation is that of the grant it replaces
        EntraTokens tokens;
    };

    Task<Loaded> load();
    Task<bool> was_replaced(std::int64_t generation);
    Task<EntraResult>
    redeem(OAuthGrant const& grant, Secret const& refresh_token, core::CallContext const& ctx);
    Task<EntraResult> redeem_any(OAuthGrant& grant, core::CallContext const& ctx, bool& replaced);
    Task<FetchResult> keep(OAuthGrant rotated, EntraTokens tokens, bool& replaced);
    core::AccessToken to_access_token(EntraTokens tokens) const;

    core::Clock& clock_;
    OAuthProviderConfig config_;
    GrantStore& store_;
    EntraTokenClient client_;
    std::shared_ptr<StatusBoard> board_; ///< shared with the provider
    std::optional<Dead> dead_;
    std::optional<Unsaved> unsaved_;
};

core::AccessToken OAuthFetcher::to_access_token(EntraTokens tokens) const {
    core::SystemTime const refresh_at = choose_refresh_at(
        tokens.requested_at, tokens.expires_at, tokens.refresh_in, RefreshRule::buffer, core::random_unit());
    return {std::move(tokens.access_token),
            core::AuthScheme::bearer,
            tokens.expires_at,
            refresh_at,
            std::string(kMethod)};
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

Task<EntraResult>
OAuthFetcher::redeem(OAuthGrant const& grant, Secret const& refresh_token, core::CallContext const& ctx) {
    EntraResult result = co_await client_.redeem_refresh_token(grant.tenant,
                                                               grant.client_id,
                                                               std::string(kDelegatedScope),
                                                               refresh_token,
                                                               config_.client_secret,
                                                               config_.organization,
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
Task<FetchResult> OAuthFetcher::keep(OAuthGrant rotated, EntraTokens tokens, bool& replaced) {
    // A sign-in that ended while we were asking is newer than what we hold.
    replaced = co_await was_replaced(rotated.generation);
    if (replaced) {
        unsaved_.reset();
        co_return refuse(FetchFailure::transient(
            core::Error(core::ErrorKind::conflict, "the stored sign-in was replaced")));
    }
    std::int64_t const generation = rotated.generation;
    core::Result<void> saved = co_await store_.save_grant(config_.organization, rotated);
    if (!saved) {
        core::Error error = std::move(saved).error();
        std::string message = "The renewed sign-in could not be stored: " + error.message();
        rotated.generation = generation;
        unsaved_.emplace(std::move(rotated), std::move(tokens));
        error = std::move(error).with_message(std::move(message));
        co_return refuse(FetchFailure::transient(std::move(error)));
    }
    unsaved_.reset();
    dead_.reset();
    board_->set_identity(rotated.identity);
    co_return to_access_token(std::move(tokens));
}

Task<FetchResult> OAuthFetcher::fetch() {
    core::CallContext const ctx("token-refresh", core::Deadline::in(clock_, kFetchDeadline));
    for (int round = 0; round < kRounds; ++round) {
        bool replaced = false;
        Loaded loaded = co_await load();
        if (!loaded) {
            co_return refuse(std::move(loaded).error());
        }
        OAuthGrant grant = std::move(*loaded);
        board_->set_tenant(grant.tenant);
        board_->set_identity(grant.identity);
        if (unsaved_ && unsaved_->grant.generation == grant.generation) {
            OAuthGrant rotated = std::move(unsaved_->grant);
            EntraTokens tokens = std::move(unsaved_->tokens);
            unsaved_.reset();
            FetchResult kept = co_await keep(std::move(rotated), std::move(tokens), replaced);
            if (!kept && !replaced) {
                co_return kept;
            }
            if (kept && kept->expires_at - clock_.system_now() >= kShortestCachedLife) {
                co_return kept;
            }
            continue;
        }
        unsaved_.reset();
        if (dead_ && dead_->generation == grant.generation) {
            co_return refuse(dead_->failure);
        }
        EntraResult redeemed = co_await redeem_any(grant, ctx, replaced);
        if (replaced) {
            continue;
        }
        if (!redeemed) {
            FetchFailure failure = redeemed.error().failure;
            if (redeemed.error().grant_is_dead) {
                // From here on it is a look into the store, which notices a new sign-in.
                failure.recheck = kRecheckStore;
                dead_.emplace(grant.generation, failure);
            }
            co_return refuse(std::move(failure));
        }
        EntraTokens tokens = std::move(*redeemed);
        if (!tokens.refresh_token.empty()) {
            grant.previous_refresh_token = std::move(grant.refresh_token);
            grant.refresh_token = std::move(tokens.refresh_token);
        } else {
            grant.previous_refresh_token = Secret();
        }
        grant.refreshed_at = clock_.system_now();
        if (!tokens.preferred_username.empty()) {
            grant.identity = tokens.preferred_username;
        }
        if (!tokens.tenant_id.empty() && !tokens.object_id.empty()) {
            grant.account_id = tokens.tenant_id + "/" + tokens.object_id;
        }
        FetchResult kept = co_await keep(std::move(grant), std::move(tokens), replaced);
        if (!replaced) {
            co_return kept;
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
