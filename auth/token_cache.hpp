#pragma once

#include "auth/failure.hpp"
#include "core/token_source.hpp"

#include <chrono>
#include <functional>
#include <memory>

namespace auth {

/// Is told how fetches ended, on the cache's thread.
class FetchObserver {
public:
    virtual ~FetchObserver() = default;
    virtual void on_fetched(core::AccessToken const& token) = 0;
    /// `still_valid`: the token from before is served on.
    virtual void on_failed(FetchFailure const& failure, bool still_valid) = 0;
};

/// The token cache every provider stands behind. One fetch at a time, whose result or error all who wait get;
/// renewed in the background from refresh_at on while the old token is served; a token that is still valid is
/// served on when its renewal fails; failures hold back the next fetch (auth/token_freshness.hpp). One
/// thread. Waiters and a running fetch may outlast the object.
class CachedTokenSource final : public core::TokenSource {
public:
    /// Never runs twice at once, except that a fetch begun before reset() may still run beside its successor.
    /// Owns, or shares, what it uses. Not a capturing lambda coroutine: a lambda that calls one.
    using Fetch = std::function<core::Task<FetchResult>()>;

    /// `observer` may be null. `clock` outlives all waiters.
    CachedTokenSource(core::asio::any_io_executor executor,
                      core::Clock& clock,
                      Fetch fetch,
                      std::shared_ptr<FetchObserver> observer);
    ~CachedTokenSource() override;

    /// When a fetch fails although one was needed for `min_ttl`, a token with some life left is served all
    /// the same. A token that lives for less than kShortestCachedLife goes to those who waited for it and is
    /// not kept.
    core::Task<core::Result<core::AccessToken>> get(std::chrono::seconds min_ttl,
                                                    core::CallContext const& ctx) override;
    void invalidate(core::AccessToken const& rejected) override;

    /// The credential behind it changed: tokens, refusals and back-off are forgotten; the result of a fetch
    /// under way goes to nobody, those who wait for it wait for a new one.
    void reset();
    /// A refusal for good stands and there is no valid token. It stands until a fetch works or reset(): get()
    /// asks again after FetchFailure::recheck, because its cause may have gone without anybody telling us.
    bool permanently_refused() const noexcept;
    bool has_valid_token() const noexcept;
    /// A fetch is under way.
    bool is_fetching() const noexcept;

private:
    class State;
    std::shared_ptr<State> state_; ///< shared with waiters and the running fetch
};

} // namespace auth
