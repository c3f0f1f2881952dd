#pragma once

#include "auth/credential_observer.hpp"
#include "auth/providers.hpp"
#include "auth/token_cache.hpp"

#include <memory>
#include <string>
#include <string_view>

/// What the three providers have in common: the cache in front, the state it leaves behind, the log lines.
namespace auth {

/// How a provider stands, kept from the outcomes of its fetches. Shared between the provider and a running
/// fetch.
class StatusBoard final : public FetchObserver {
public:
    StatusBoard(core::Clock& clock, std::string method, std::string organization);

    void on_fetched(core::AccessToken const& token) override;
    void on_failed(FetchFailure const& failure, bool still_valid) override;
    void reset();

    void set_observer(CredentialObserver* observer, TenantCache* tenants) noexcept {
        observer_ = observer;
        tenants_ = tenants;
    }
    std::string const& organization() const noexcept { return organization_; }
    void set_identity(std::string identity) { identity_ = std::move(identity); }
    void set_tenant(std::string tenant) { tenant_ = std::move(tenant); }
    void set_credential_expiry(std::optional<core::SystemTime> expires_at) { expires_at_ = expires_at; }
    /// A working call proves the credential where no fetch did.
    void accepted(std::string const& identity);

    ProviderStatus status(bool has_valid_token) const;

private:
    void enter(ProviderState state);
    void log_failure(FetchFailure const& failure, bool still_valid);
    CredentialNews news() const;

    core::Clock& clock_;
    CredentialObserver* observer_ = nullptr;
    TenantCache* tenants_ = nullptr;
    std::string method_;
    std::string organization_;
    ProviderState state_ = ProviderState::unknown;
    ProviderState without_token_ =
        ProviderState::failing; ///< what `degraded` becomes once the token has expired
    core::SystemTime since_;
    std::string reason_;
    std::string fix_;
    std::string code_;
    std::string identity_;
    std::string tenant_;
    std::optional<core::SystemTime> expires_at_;
    std::optional<core::SystemTime> last_refresh_;
    core::SteadyTime quiet_until_ = core::SteadyTime::min(); ///< for repetitions of the failure last logged
};

/// What a provider does itself. Shared between the provider and a running fetch, which it may outlive.
class TokenFetcher {
public:
    virtual ~TokenFetcher() = default;
    virtual core::Task<FetchResult> fetch() = 0;
    /// Before the cache drops a token that the upstream refused.
    virtual void on_rejected(core::AccessToken const& rejected) { static_cast<void>(rejected); }
    /// The upstream asked for claims (Continuous Access Evaluation) when it refused the token.
    virtual void on_challenged(std::string claims) { static_cast<void>(claims); }
    virtual void on_credential_changed() {}
};

class CachedProvider final : public CredentialProvider {
public:
    CachedProvider(ProviderEnvironment const& env,
                   std::string method,
                   std::shared_ptr<StatusBoard> board,
                   std::shared_ptr<TokenFetcher> fetcher);

    core::Task<core::Result<core::AccessToken>> get(std::chrono::seconds min_ttl,
                                                    core::CallContext const& ctx) override;
    void invalidate(core::AccessToken const& rejected) override;
    void challenged(core::AccessToken const& rejected, std::string_view challenge) override;
    std::string const& method() const noexcept override { return method_; }
    ProviderStatus status() const override;
    bool permanently_refused() const noexcept override { return cache_.permanently_refused(); }
    void credential_changed() override;
    void note_accepted(std::string const& identity) override { board_->accepted(identity); }

private:
    std::string method_;
    TenantCache* tenants_;
    std::shared_ptr<StatusBoard> board_;    ///< the cache's observer
    std::shared_ptr<TokenFetcher> fetcher_; ///< a running fetch holds it too
    CachedTokenSource cache_;
};

} // namespace auth
