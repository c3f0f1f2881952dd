#include "auth/cached_provider.hpp"
#include "auth/pat_format.hpp"
#include "auth/providers.hpp"
#include "core/crypto/digest.hpp"
#include "core/log.hpp"

#include <optional>
#include <string>
#include <utility>

namespace auth {
namespace {

constexpr std::string_view kMethod = "pat";

/// "Fetching" a PAT is finding it: in the configuration, else in the store. It goes stale in two ways only:
/// the date that was entered with it, or Azure DevOps refusing it.
class PatFetcher final : public TokenFetcher {
public:
    PatFetcher(core::Clock& clock,
               PatProviderConfig config,
               PatStore& store,
               std::shared_ptr<StatusBoard> board)
        : clock_(clock), config_(std::move(config)), store_(store), board_(std::move(board)) {}

    core::Task<FetchResult> fetch() override;
    void on_rejected(core::AccessToken const& rejected) override {
        rejected_ = core::sha256(rejected.value.expose());
    }
    void on_credential_changed() override {
        rejected_.clear();
        board_->set_credential_expiry(config_.configured_expiry);
    }

private:
    bool is_configured() const noexcept { return !config_.configured_pat.empty(); }
    FetchFailure refused_for_good(core::Error error, FailureClass failure_class, ProviderState state) const;
    FetchResult judge(core::Secret const& stored, std::optional<core::SystemTime> expires_at) const;
    std::string renewal() const;

    core::Clock& clock_;
    PatProviderConfig config_;
    PatStore& store_;
    std::shared_ptr<StatusBoard> board_; ///< shared with the provider
    std::string rejected_;               ///< SHA-256 of the PAT Azure DevOps refused
};

std::string PatFetcher::renewal() const {
    return is_configured()
               ? "Put a new personal access token into the connector's pat_file: it is read at once."
               : "Store a new personal access token: ado-mcpd pat set --organization " + config_.organization;
}

/// A configured PAT without a file stays what it is; a stored one may be replaced by another process at any
/// time, and a file by anybody.
FetchFailure
PatFetcher::refused_for_good(core::Error error, FailureClass failure_class, ProviderState state) const {
    FetchFailure failure(std::move(error), failure_class, state);
    if (is_configured() && !config_.read_again) {
        failure.recheck.reset();
    } else {
        failure.recheck = kRecheckStore;
    }
    return failure;
}

FetchResult PatFetcher::judge(core::Secret const& stored, std::optional<core::SystemTime> expires_at) const {
    core::Result<NormalizedPat> pat = normalize_pat(stored.expose());
    if (!pat) {
        core::Error error = core::Error(core::ErrorKind::unauthorized, pat.error().message())
                                .with_code("pat_unusable")
                                .with_fix(renewal());
        return refuse(
            refused_for_good(std::move(error), FailureClass::configuration, ProviderState::misconfigured));
    }
    if (expires_at && *expires_at <= clock_.system_now()) {
        core::Error error = core::Error(core::ErrorKind::unauthorized,
                                        "The personal access token for organization " + config_.organization +
                                            " expired on " + core::format_utc(*expires_at) + ".")
                                .with_code("pat_expired")
                                .with_fix(renewal());
        return refuse(refused_for_good(std::move(error), FailureClass::permanent, ProviderState::expired));
    }
    if (!rejected_.empty() && core::sha256(pat->pat.expose()) == rejected_) {
        core::Error error =
            core::Error(core::ErrorKind::unauthorized,
                        "Azure DevOps refused the personal access token for organization " +
                            config_.organization +
                            ": it has expired, was revoked, or belongs to another organization.")
                .with_code("pat_refused")
                .with_fix(renewal());
        return refuse(refused_for_good(std::move(error), FailureClass::permanent, ProviderState::expired));
    }
    core::SystemTime const end = expires_at.value_or(core::SystemTime::max());
    // Nothing to refresh: at the date it ends.
    return core::AccessToken(std::move(pat->pat), core::AuthScheme::basic, end, end, std::string(kMethod));
}

core::Task<FetchResult> PatFetcher::fetch() {
    if (is_configured()) {
        board_->set_credential_expiry(config_.configured_expiry);
        if (config_.read_again) {
            core::Result<core::Secret> read = co_await config_.read_again();
            if (!read) {
                core::Error error =
                    core::Error(core::ErrorKind::unauthorized,
                                "The personal access token's file cannot be used: " + read.error().message())
                        .with_code("pat_file_unusable")
                        .with_fix(read.error().fix());
                co_return refuse(refused_for_good(
                    std::move(error), FailureClass::configuration, ProviderState::misconfigured));
            }
            if (!read->equals(config_.configured_pat.expose())) {
                // What was entered about the one before says nothing about this one.
                config_.configured_expiry.reset();
                board_->set_credential_expiry(std::nullopt);
                config_.configured_pat = std::move(*read);
            }
        }
        co_return judge(config_.configured_pat, config_.configured_expiry);
    }
    core::Result<std::optional<StoredPat>> loaded = co_await store_.load_pat(config_.organization);
    if (!loaded) {
        co_return refuse(FetchFailure::transient(std::move(loaded).error()));
    }
    if (!loaded->has_value()) {
        co_return refuse(not_configured("Store a personal access token: ado-mcpd pat set --organization " +
                                        config_.organization));
    }
    StoredPat const& stored = **loaded;
    board_->set_credential_expiry(stored.expires_at);
    if (!stored.identity.empty()) {
        board_->set_identity(stored.identity);
    }
    co_return judge(stored.pat, stored.expires_at);
}

} // namespace

std::unique_ptr<CredentialProvider>
make_pat_provider(ProviderEnvironment const& env, PatProviderConfig config, PatStore& store) {
    auto board = std::make_shared<StatusBoard>(env.clock, std::string(kMethod), config.organization);
    // Known before anything was asked for: the expiry of a configured PAT belongs into the first status
    // already.
    board->set_credential_expiry(config.configured_expiry);
    auto fetcher = std::make_shared<PatFetcher>(env.clock, std::move(config), store, board);
    return std::make_unique<CachedProvider>(env, std::string(kMethod), std::move(board), std::move(fetcher));
}

} // namespace auth
