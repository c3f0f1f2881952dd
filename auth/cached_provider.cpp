#include "auth/cached_provider.hpp"

#include "auth/claims_request.hpp"
#include "auth/tenant_cache.hpp"
#include "core/log.hpp"

#include <utility>

namespace auth {
namespace {

/// A failure that repeats itself is logged once in this time.
constexpr std::chrono::seconds kQuietSpan{60};

} // namespace

StatusBoard::StatusBoard(core::Clock& clock, std::string method, std::string organization)
    : clock_(clock), method_(std::move(method)), organization_(std::move(organization)),
      since_(clock.system_now()) {}

void StatusBoard::enter(ProviderState state) {
    if (state != state_) {
        state_ = state;
        since_ = clock_.system_now();
    }
}

void StatusBoard::on_fetched(core::AccessToken const& token) {
    enter(ProviderState::connected);
    reason_.clear();
    fix_.clear();
    code_.clear();
    last_refresh_ = clock_.system_now();
    if (observer_ != nullptr) {
        observer_->on_credential_used(news());
    }
    bool const lasting = token.expires_at == core::SystemTime::max();
    core::log::info("token.fetched",
                    {{"organization", organization_},
                     {"method", method_},
                     {"expires_at", lasting ? std::string("never") : core::format_utc(token.expires_at)}});
}

CredentialNews StatusBoard::news() const {
    CredentialNews news(organization_, method_);
    news.identity = identity_;
    return news;
}

void StatusBoard::on_failed(FetchFailure const& failure, bool still_valid) {
    bool const repeated = code_ == failure.error.code() && !reason_.empty();
    if (observer_ != nullptr && !repeated && failure.permanent() &&
        failure.state != ProviderState::not_configured) {
        CredentialNews refusal = news();
        refusal.error_code = failure.error.code();
        refusal.activity_id = failure.error.activity_id();
        observer_->on_credential_refused(refusal);
    }
    if (tenants_ != nullptr && failure.permanent() && failure.state != ProviderState::not_configured) {
        tenants_->forget(organization_);
    }
    without_token_ = failure.state;
    enter(still_valid ? ProviderState::degraded : failure.state);
    if (code_ != failure.error.code() || reason_.empty()) {
        quiet_until_ = core::SteadyTime::min();
    }
    reason_ = failure.error.message();
    fix_ = failure.error.fix();
    code_ = failure.error.code();
    log_failure(failure, still_valid);
}

void StatusBoard::log_failure(FetchFailure const& failure, bool still_valid) {
    core::SteadyTime const now = clock_.now();
    if (now < quiet_until_) {
        return;
    }
    quiet_until_ = now + kQuietSpan;
    core::log::warn("token.fetch_failed",
                    {{"organization", organization_},
                     {"method", method_},
                     {"class", to_string(failure.failure_class)},
                     {"kind", core::to_string(failure.error.kind())},
                     {"code", failure.error.code()},
                     {"status", failure.error.status()},
                     {"reason", failure.error.message()},
                     {"detail", failure.error.detail()},
                     {"correlation_id", failure.error.activity_id()},
                     {"still_valid", still_valid}});
}

void StatusBoard::reset() {
    enter(ProviderState::unknown);
    reason_.clear();
    fix_.clear();
    code_.clear();
    identity_.clear();
    expires_at_.reset();
    last_refresh_.reset();
}

void StatusBoard::accepted(std::string const& identity) {
    if (!identity.empty()) {
        identity_ = identity;
    }
    if (state_ == ProviderState::unknown) {
        enter(ProviderState::connected);
    }
}

ProviderStatus StatusBoard::status(bool has_valid_token) const {
    ProviderStatus status;
    status.state = state_ == ProviderState::degraded && !has_valid_token ? without_token_ : state_;
    status.since = since_;
    status.reason = reason_;
    status.fix = fix_;
    status.code = code_;
    status.identity = identity_;
    status.tenant = tenant_;
    status.expires_at = expires_at_;
    status.last_refresh = last_refresh_;
    return status;
}

CachedProvider::CachedProvider(ProviderEnvironment const& env,
                               std::string method,
                               std::shared_ptr<StatusBoard> board,
                               std::shared_ptr<TokenFetcher> fetcher)
    : method_(std::move(method)), tenants_(env.tenants), board_(std::move(board)),
      fetcher_(std::move(fetcher)),
      cache_(
          env.executor, env.clock, [kept = fetcher_] { return kept->fetch(); }, board_) {
    board_->set_observer(env.observer, env.tenants);
}

core::Task<core::Result<core::AccessToken>> CachedProvider::get(std::chrono::seconds min_ttl,
                                                                core::CallContext const& ctx) {
    return cache_.get(min_ttl, ctx);
}

void CachedProvider::invalidate(core::AccessToken const& rejected) {
    if (tenants_ != nullptr) {
        tenants_->forget(board_->organization());
    }
    fetcher_->on_rejected(rejected);
    cache_.invalidate(rejected);
}

void CachedProvider::challenged(core::AccessToken const& rejected, std::string_view challenge) {
    if (std::optional<std::string> claims = claims_of_challenge(challenge)) {
        core::log::info("token.claims_challenge", {{"method", method_}});
        fetcher_->on_challenged(std::move(*claims));
    }
    invalidate(rejected);
}

ProviderStatus CachedProvider::status() const {
    ProviderStatus status = board_->status(cache_.has_valid_token());
    status.fetching = cache_.is_fetching();
    return status;
}

void CachedProvider::credential_changed() {
    cache_.reset();
    board_->reset();
    fetcher_->on_credential_changed();
}

} // namespace auth
