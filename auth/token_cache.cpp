#include "auth/token_cache.hpp"

#include "auth/token_freshness.hpp"
#include "core/crypto/digest.hpp"
#include "core/crypto/random.hpp"
#include "core/single_flight.hpp"

#include <boost/asio/post.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace auth {

using core::AccessToken;
using core::Result;
using core::Task;
using std::chrono::seconds;

class CachedTokenSource::State {
public:
    using Flight = core::SingleFlight<AccessToken>;

    State(core::asio::any_io_executor executor_,
          core::Clock& clock_,
          Fetch fetch_,
          std::shared_ptr<FetchObserver> observer_)
        : executor(std::move(executor_)), clock(clock_), fetch(std::move(fetch_)),
          observer(std::move(observer_)), flight(new_flight()) {}

    std::shared_ptr<Flight> new_flight() const {
        return std::make_shared<Flight>(executor, [](AccessToken const& fetched) { return fetched.clone(); });
    }

    core::asio::any_io_executor executor;
    core::Clock& clock;
    Fetch fetch;
    std::shared_ptr<FetchObserver> observer;

    TokenFreshness freshness;
    std::optional<AccessToken> token;
    std::optional<FetchFailure> failure; ///< of the last fetch, if it failed
    std::string refetched_for;      ///< SHA-256 of the token whose rejection has been answered by a fetch
    std::uint64_t epoch = 0;        ///< raised by reset()
    std::shared_ptr<Flight> flight; ///< also held by those who wait on it

    static Task<Result<AccessToken>>
    get(std::shared_ptr<State> state, seconds min_ttl, core::Deadline deadline);
    static Task<Result<AccessToken>> run(std::shared_ptr<State> state, std::uint64_t epoch);
    static void start(std::shared_ptr<State> const& state);

private:
    void keep(AccessToken const& fetched);
    Result<AccessToken> standing_failure() const;
};

void CachedTokenSource::State::start(std::shared_ptr<State> const& state) {
    if (!state->flight->in_flight()) {
        state->flight->start([state, epoch = state->epoch] { return run(state, epoch); });
    }
}

/// One fetch and what follows from it. Belongs to nobody: callers come and go.
Task<Result<AccessToken>> CachedTokenSource::State::run(std::shared_ptr<State> state, std::uint64_t epoch) {
    // Whoever started the fetch must be waiting before it can end.
    co_await core::asio::post(state->executor, core::tok);
    FetchResult fetched = co_await state->fetch();
    if (state->epoch != epoch) {
        co_return core::fail(core::ErrorKind::unauthorized,
                             "the credential changed while a token was being fetched");
    }
    if (fetched) {
        state->failure.reset();
        state->keep(*fetched);
        if (state->observer) {
            state->observer->on_fetched(*fetched);
        }
        co_return std::move(*fetched);
    }
    FetchFailure const& failure = fetched.error();
    core::SteadyTime const now = state->clock.now();
    bool const still_valid = state->freshness.usable(TimePoint::of(state->clock), seconds(0));
    if (!failure.permanent() && !still_valid && state->failure && state->failure->permanent()) {
        // A refusal was asked about again and nobody answered: it stands.
        state->freshness.on_failure(now, failure.error.retry_after(), core::random_unit());
        co_return core::fail(state->failure->error);
    }
    if (failure.permanent()) {
        state->freshness.on_refusal(now, failure.recheck);
    } else {
        state->freshness.on_failure(now, failure.error.retry_after(), core::random_unit());
    }
    state->failure = failure;
    if (state->observer) {
        state->observer->on_failed(failure, still_valid);
    }
    co_return core::fail(failure.error);
}

void CachedTokenSource::State::keep(AccessToken const& fetched) {
    TimePoint const now = TimePoint::of(clock);
    bool const lasts = fetched.expires_at == core::SystemTime::max() ||
                       fetched.expires_at - now.system >= kShortestCachedLife;
    if (!lasts) {
        freshness.on_unkept_token();
        return;
    }
    token.emplace(fetched.clone());
    freshness.on_token(now, fetched.expires_at, fetched.refresh_at);
}

/// What callers are told while a failure holds back the next fetch.
Result<AccessToken> CachedTokenSource::State::standing_failure() const {
    if (!failure) {
        return core::fail(core::ErrorKind::internal, "no token and no reason for it");
    }
    core::Error error = failure->error;
    core::SteadyTime const next = freshness.next_attempt();
    if (!failure->permanent() && next != core::SteadyTime::max()) {
        auto const left = std::chrono::ceil<seconds>(next - clock.now());
        error = std::move(error).with_retry_after(std::max(left, seconds(1)));
    }
    return core::fail(std::move(error));
}

Task<Result<AccessToken>>
CachedTokenSource::State::get(std::shared_ptr<State> state, seconds min_ttl, core::Deadline deadline) {
    // More than one round only when reset() fell into the wait.
    constexpr int kRounds = 3;
    for (int round = 0; round < kRounds; ++round) {
        TimePoint const now = TimePoint::of(state->clock);
        Freshness const verdict = state->freshness.judge(now, min_ttl);
        bool const usable = state->freshness.usable(now, min_ttl);
        if (verdict == Freshness::refresh_soon) {
            start(state);
        }
        if (usable) {
            co_return state->token->clone();
        }
        if (verdict == Freshness::backoff && !state->flight->in_flight()) {
            if (state->freshness.usable(now, seconds(0))) {
                co_return state->token->clone();
            }
            co_return state->standing_failure();
        }
        start(state);
        std::uint64_t const epoch = state->epoch;
        std::shared_ptr<Flight> const flight = state->flight;
        Result<AccessToken> result = co_await flight->join(deadline);
        if (state->epoch != epoch) {
            continue;
        }
        if (!result && state->freshness.usable(TimePoint::of(state->clock), seconds(0))) {
            co_return state->token->clone();
        }
        co_return result;
    }
    co_return core::fail(core::Error(core::ErrorKind::overloaded, "the stored credential keeps changing")
                             .with_retry_after(seconds(1)));
}

CachedTokenSource::CachedTokenSource(core::asio::any_io_executor executor,
                                     core::Clock& clock,
                                     Fetch fetch,
                                     std::shared_ptr<FetchObserver> observer)
    : state_(std::make_shared<State>(std::move(executor), clock, std::move(fetch), std::move(observer))) {}

CachedTokenSource::~CachedTokenSource() = default;

Task<Result<AccessToken>> CachedTokenSource::get(seconds min_ttl, core::CallContext const& ctx) {
    return State::get(state_, min_ttl, ctx.deadline);
}

void CachedTokenSource::invalidate(AccessToken const& rejected) {
    State& state = *state_;
    if (!state.token || !state.token->value.equals(rejected.value.expose())) {
        return;
    }
    std::string digest = core::sha256(rejected.value.expose());
    if (digest == state.refetched_for) {
        // The authority gave out the same token again (managed identity keeps its own cache): asking on would
        // not help.
        return;
    }
    state.refetched_for = std::move(digest);
    state.token.reset();
    state.freshness.on_rejected();
}

void CachedTokenSource::reset() {
    State& state = *state_;
    ++state.epoch;
    state.freshness.reset();
    state.token.reset();
    state.failure.reset();
    state.refetched_for.clear();
    state.flight = state.new_flight();
}

bool CachedTokenSource::permanently_refused() const noexcept {
    State const& state = *state_;
    return state.failure && state.failure->permanent() && !has_valid_token();
}

bool CachedTokenSource::is_fetching() const noexcept {
    return state_->flight->in_flight();
}

bool CachedTokenSource::has_valid_token() const noexcept {
    return state_->freshness.usable(TimePoint::of(state_->clock), seconds(0));
}

} // namespace auth
