#include "auth/token_cache.hpp"

#include "auth/token_freshness.hpp"
#include "auth_fixtures.hpp"
#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <vector>

namespace auth {
namespace {

using core::AccessToken;
using std::chrono::minutes;
using std::chrono::seconds;

/// Fetches that wait for the test to answer them.
class Script {
public:
    class Call {
    public:
        core::Event answered;
        std::optional<FetchResult> result;
    };

    static core::Task<FetchResult> fetch(std::shared_ptr<Script> script) {
        auto call = std::make_shared<Call>();
        script->calls.push_back(call);
        if (!script->immediate.empty()) {
            FetchResult result = std::move(script->immediate.front());
            script->immediate.pop_front();
            co_return result;
        }
        bool const answered = co_await call->answered.wait(core::Deadline::never());
        static_cast<void>(answered);
        co_return std::move(*call->result);
    }
    void answer(std::size_t index, FetchResult result) {
        calls.at(index)->result.emplace(std::move(result));
        calls.at(index)->answered.set();
    }

    std::vector<std::shared_ptr<Call>> calls;
    std::deque<FetchResult> immediate;
};

class Observer final : public FetchObserver {
public:
    void on_fetched(AccessToken const&) override { ++fetched; }
    void on_failed(FetchFailure const&, bool still_valid) override {
        ++failed;
        last_still_valid = still_valid;
    }
    int fetched = 0;
    int failed = 0;
    bool last_still_valid = false;
};

class TokenCache : public testing::Test {
protected:
    AccessToken token(std::string_view value, seconds life = seconds(3600)) {
        core::SystemTime const now = clock_.system_now();
        core::SystemTime const refresh_at = choose_refresh_at(now, now + life, {}, RefreshRule::buffer, 0.0);
        return {core::Secret(value), core::AuthScheme::bearer, now + life, refresh_at, "oauth"};
    }
    static FetchResult transient(std::string_view message,
                                 std::optional<seconds> retry_after = std::nullopt) {
        core::Error error(core::ErrorKind::upstream, std::string(message));
        if (retry_after) {
            error = std::move(error).with_retry_after(*retry_after);
        }
        return refuse(FetchFailure::transient(std::move(error)));
    }
    static FetchResult refused(std::optional<seconds> recheck) {
        FetchFailure failure(core::Error(core::ErrorKind::unauthorized, "sign in again"), FailureClass::user);
        failure.recheck = recheck;
        return refuse(std::move(failure));
    }
    void make() {
        cache_ = std::make_unique<CachedTokenSource>(
            loop_.executor(), clock_, [script = script_] { return Script::fetch(script); }, observer_);
    }
    test::Loop::Spawned<test::Token> get(seconds min_ttl = seconds(60)) {
        return loop_.spawn(cache_->get(min_ttl, context_));
    }
    /// get() that must be answered without waiting.
    std::string value_now(seconds min_ttl = seconds(60)) {
        auto call = get(min_ttl);
        loop_.poll();
        if (!call.done()) {
            return "(waiting)";
        }
        test::Token result = call.take();
        return result ? std::string(result->value.expose()) : "error: " + result.error().message();
    }
    std::size_t fetches() const { return script_->calls.size(); }

    test::Loop loop_;
    test::ManualClock clock_;
    core::CallContext context_ = test::any_context();
    std::shared_ptr<Script> script_ = std::make_shared<Script>();
    std::shared_ptr<Observer> observer_ = std::make_shared<Observer>();
    std::unique_ptr<CachedTokenSource> cache_;

    void SetUp() override { make(); }
};

TEST_F(TokenCache, FetchesOnceForAThousandCallersAtTheMomentOfExpiry) {
    script_->immediate.push_back(token("first"));
    EXPECT_EQ(value_now(), "first");
    clock_.advance(seconds(3600));
    std::vector<test::Loop::Spawned<test::Token>> callers;
    for (int i = 0; i < 1000; ++i) {
        callers.push_back(get());
    }
    loop_.poll();
    EXPECT_EQ(fetches(), 2U);
    script_->answer(1, token("second"));
    loop_.poll();
    for (auto& caller : callers) {
        ASSERT_TRUE(caller.done());
        test::Token result = caller.take();
        ASSERT_TRUE(result);
        EXPECT_EQ(result->value.expose(), "second");
    }
    EXPECT_EQ(fetches(), 2U);
}

TEST_F(TokenCache, GivesAllWaitersTheSameError) {
    std::vector<test::Loop::Spawned<test::Token>> callers;
    for (int i = 0; i < 1000; ++i) {
        callers.push_back(get());
    }
    loop_.poll();
    script_->answer(0, transient("Entra is down"));
    loop_.poll();
    for (auto& caller : callers) {
        test::Token result = caller.take();
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().message(), "Entra is down");
    }
    EXPECT_EQ(fetches(), 1U);
    EXPECT_EQ(value_now(), "error: Entra is down") << "held back without another request";
    EXPECT_EQ(fetches(), 1U);
}

TEST_F(TokenCache, RefreshesInTheBackgroundWhileServingTheOldToken) {
    script_->immediate.push_back(token("first"));
    EXPECT_EQ(value_now(), "first");
    clock_.advance(minutes(55));
    EXPECT_EQ(value_now(), "first");
    EXPECT_EQ(value_now(), "first");
    EXPECT_EQ(fetches(), 2U) << "one refresh, nobody waits for it";
    script_->answer(1, token("second"));
    loop_.poll();
    EXPECT_EQ(value_now(), "second");
    EXPECT_EQ(fetches(), 2U);
}

TEST_F(TokenCache, ServesTheStillValidTokenWhileRefreshingFails) {
    script_->immediate.push_back(token("first"));
    EXPECT_EQ(value_now(), "first");
    clock_.advance(minutes(55));
    script_->immediate.push_back(transient("down"));
    EXPECT_EQ(value_now(), "first");
    EXPECT_EQ(observer_->failed, 1);
    EXPECT_TRUE(observer_->last_still_valid);
    EXPECT_EQ(value_now(), "first");
    EXPECT_EQ(fetches(), 2U) << "backing off";
    clock_.advance(seconds(1));
    script_->immediate.push_back(transient("down"));
    EXPECT_EQ(value_now(), "first");
    EXPECT_EQ(fetches(), 3U);
    EXPECT_FALSE(cache_->permanently_refused());
    // Less life left than the caller asked for, and the fetch fails: what there is, is served.
    clock_.advance(minutes(4) + seconds(30));
    script_->immediate.push_back(transient("down"));
    EXPECT_EQ(value_now(seconds(60)), "first");
    EXPECT_EQ(fetches(), 4U);
    clock_.advance(seconds(30));
    script_->immediate.push_back(transient("down"));
    EXPECT_EQ(value_now(), "error: down");
}

TEST_F(TokenCache, ServesTheStillValidTokenAfterARefusalUntilItExpires) {
    script_->immediate.push_back(token("first"));
    EXPECT_EQ(value_now(), "first");
    clock_.advance(minutes(55));
    script_->immediate.push_back(refused(std::nullopt));
    EXPECT_EQ(value_now(), "first");
    EXPECT_FALSE(cache_->permanently_refused());
    clock_.advance(minutes(5));
    EXPECT_TRUE(cache_->permanently_refused());
    EXPECT_EQ(value_now(), "error: sign in again");
    EXPECT_EQ(fetches(), 2U);
}

TEST_F(TokenCache, HonoursRetryAfterAndTellsWhatIsLeft) {
    script_->immediate.push_back(transient("throttled", seconds(20)));
    EXPECT_EQ(value_now(), "error: throttled");
    clock_.advance(seconds(8));
    test::Token held = loop_.run(cache_->get(seconds(60), context_));
    ASSERT_FALSE(held);
    EXPECT_EQ(held.error().retry_after(), seconds(12));
    EXPECT_EQ(fetches(), 1U);
    clock_.advance(seconds(12));
    script_->immediate.push_back(token("first"));
    EXPECT_EQ(value_now(), "first");
}

TEST_F(TokenCache, RemembersARefusalUntilItsRecheck) {
    script_->immediate.push_back(refused(seconds(120)));
    EXPECT_EQ(value_now(), "error: sign in again");
    EXPECT_TRUE(cache_->permanently_refused());
    clock_.advance(seconds(119));
    EXPECT_EQ(value_now(), "error: sign in again");
    EXPECT_EQ(fetches(), 1U);
    clock_.advance(seconds(1));
    EXPECT_TRUE(cache_->permanently_refused()) << "until it has been asked about";
    script_->immediate.push_back(token("first"));
    EXPECT_EQ(value_now(), "first");
    EXPECT_FALSE(cache_->permanently_refused());
}

TEST_F(TokenCache, ARefusalOutlastsAFaultWhenItIsAskedAboutAgain) {
    script_->immediate.push_back(refused(seconds(120)));
    EXPECT_EQ(value_now(), "error: sign in again");
    clock_.advance(seconds(120));
    script_->immediate.push_back(transient("down"));
    EXPECT_EQ(value_now(), "error: sign in again");
    EXPECT_TRUE(cache_->permanently_refused());
    clock_.advance(seconds(2)); // the second failure in a row
    script_->immediate.push_back(token("first"));
    EXPECT_EQ(value_now(), "first");
    EXPECT_EQ(fetches(), 3U);
}

TEST_F(TokenCache, ForgetsARefusalWhenTheCredentialChanges) {
    script_->immediate.push_back(refused(std::nullopt));
    EXPECT_EQ(value_now(), "error: sign in again");
    cache_->reset();
    EXPECT_FALSE(cache_->permanently_refused());
    script_->immediate.push_back(token("new"));
    EXPECT_EQ(value_now(), "new");
}

TEST_F(TokenCache, RefetchesOncePerRejectedToken) {
    script_->immediate.push_back(token("first"));
    EXPECT_EQ(value_now(), "first");
    AccessToken const first = token("first");
    cache_->invalidate(first);
    cache_->invalidate(first);
    script_->immediate.push_back(token("second"));
    EXPECT_EQ(value_now(), "second");
    cache_->invalidate(first);
    EXPECT_EQ(value_now(), "second") << "naming a token that is no longer current changes nothing";
    EXPECT_EQ(fetches(), 2U);
}

TEST_F(TokenCache, DoesNotLoopWhenTheAuthorityRepeatsARejectedToken) {
    script_->immediate.push_back(token("same"));
    EXPECT_EQ(value_now(), "same");
    for (int i = 0; i < 5; ++i) {
        script_->immediate.push_back(token("same"));
        cache_->invalidate(token("same"));
        EXPECT_EQ(value_now(), "same");
    }
    EXPECT_EQ(fetches(), 2U);
}

TEST_F(TokenCache, NeverKeepsATokenWithLessThanAMinuteLeft) {
    script_->immediate.push_back(token("short", seconds(59)));
    EXPECT_EQ(value_now(), "short");
    script_->immediate.push_back(token("long", seconds(60)));
    EXPECT_EQ(value_now(seconds(30)), "long");
    EXPECT_EQ(value_now(seconds(30)), "long");
    EXPECT_EQ(fetches(), 2U);
}

TEST_F(TokenCache, FetchesForACallerWhoNeedsMoreLifeThanIsLeft) {
    script_->immediate.push_back(token("first", seconds(600)));
    EXPECT_EQ(value_now(seconds(300)), "first");
    clock_.advance(seconds(400));
    EXPECT_EQ(value_now(seconds(60)), "first");
    script_->answer(1, token("second"));
    loop_.poll();
    EXPECT_EQ(value_now(seconds(300)), "second");
}

TEST_F(TokenCache, CancellingOneCallerLeavesTheFetchToTheOthers) {
    auto leaving = get();
    auto staying = get();
    loop_.poll();
    leaving.cancel();
    loop_.poll();
    EXPECT_TRUE(leaving.done());
    EXPECT_FALSE(staying.done());
    script_->answer(0, token("first"));
    loop_.poll();
    ASSERT_TRUE(staying.done());
    EXPECT_EQ(staying.take()->value.expose(), "first");
    EXPECT_EQ(fetches(), 1U);
}

TEST_F(TokenCache, CancellingTheOnlyCallerStillBringsTheTokenHome) {
    auto leaving = get();
    loop_.poll();
    leaving.cancel();
    loop_.poll();
    script_->answer(0, token("first"));
    loop_.poll();
    EXPECT_EQ(value_now(), "first");
    EXPECT_EQ(fetches(), 1U);
}

TEST_F(TokenCache, ACallersDeadlineEndsOnlyItsOwnWait) {
    core::CallContext const hurried("test", core::Deadline::at(std::chrono::steady_clock::now()));
    test::Token result = loop_.run(cache_->get(seconds(60), hurried));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind(), core::ErrorKind::timeout);
    loop_.poll();
    script_->answer(0, token("first"));
    loop_.poll();
    EXPECT_EQ(value_now(), "first");
}

TEST_F(TokenCache, AResetDuringAFetchDiscardsItsResultAndWaitersGetTheNewOne) {
    auto waiting = get();
    loop_.poll();
    cache_->reset();
    auto later = get();
    loop_.poll();
    EXPECT_EQ(fetches(), 2U);
    script_->answer(0, token("of the old credential"));
    loop_.poll();
    EXPECT_FALSE(waiting.done());
    EXPECT_FALSE(later.done());
    script_->answer(1, token("of the new credential"));
    loop_.poll();
    EXPECT_EQ(waiting.take()->value.expose(), "of the new credential");
    EXPECT_EQ(later.take()->value.expose(), "of the new credential");
    EXPECT_EQ(fetches(), 2U);
    EXPECT_EQ(observer_->fetched, 1);
}

TEST_F(TokenCache, WaitersAndFetchMayOutliveTheCache) {
    auto waiting = get();
    loop_.poll();
    cache_.reset();
    script_->answer(0, token("first"));
    loop_.poll();
    ASSERT_TRUE(waiting.done());
    EXPECT_EQ(waiting.take()->value.expose(), "first");
}

TEST_F(TokenCache, RecoversFromAFailureAfterTheBackOff) {
    script_->immediate.push_back(transient("down"));
    EXPECT_EQ(value_now(), "error: down");
    clock_.advance(seconds(1));
    script_->immediate.push_back(token("first"));
    EXPECT_EQ(value_now(), "first");
    EXPECT_EQ(observer_->fetched, 1);
    EXPECT_TRUE(cache_->has_valid_token());
}

} // namespace
} // namespace auth
