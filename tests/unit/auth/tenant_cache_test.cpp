#include "auth/tenant_cache.hpp"

#include "auth/cached_provider.hpp"
#include "auth_fixtures.hpp"
#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"
#include "support/scripted_http_client.hpp"

#include <gtest/gtest.h>

namespace auth {
namespace {

std::string const kTenant = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
std::string const kOther = "bbbbbbbb-bbbb-cccc-dddd-eeeeeeeeeeee";

class TenantCacheTest : public testing::Test {
protected:
    void answer(std::string const& tenant) { http_.respond(404, "", {{"X-VSS-ResourceTenant", tenant}}); }
    void fail() { http_.fail(core::Error(core::ErrorKind::network, "nobody answers")); }
    core::Result<std::string> find(std::string organization = "contoso") {
        core::CallContext const ctx = test::any_context();
        return loop_.run(cache_.find(std::move(organization), ctx));
    }
    std::string found(std::string organization = "contoso") {
        core::Result<std::string> const tenant = find(std::move(organization));
        return tenant ? *tenant : "error: " + tenant.error().message();
    }

    static TenantCacheLimits limits() {
        TenantCacheLimits limits;
        limits.organizations = 3;
        return limits;
    }

    test::Loop loop_;
    test::ManualClock clock_;
    test::ScriptedHttpClient http_;
    TenantCache cache_{loop_.executor(), http_, clock_, "https://vssps.dev.azure.com", limits()};
};

TEST_F(TenantCacheTest, AsksOnceInSevenDaysWhateverTheSpellingOfTheName) {
    answer(kTenant);
    EXPECT_EQ(found("contoso"), kTenant);
    clock_.advance(std::chrono::hours(7 * 24 - 1));
    EXPECT_EQ(found("Contoso"), kTenant);
    EXPECT_EQ(http_.requests().size(), 1U);
    answer(kOther);
    clock_.advance(std::chrono::hours(1));
    EXPECT_EQ(found(), kOther);
    EXPECT_EQ(http_.requests().size(), 2U);
}

TEST_F(TenantCacheTest, OneLookUpServesAllWhoAskMeanwhile) {
    http_.hold();
    core::CallContext const ctx = test::any_context();
    std::vector<test::Loop::Spawned<core::Result<std::string>>> callers;
    for (int i = 0; i < 20; ++i) {
        callers.push_back(loop_.spawn(cache_.find("contoso", ctx)));
    }
    loop_.poll();
    EXPECT_EQ(http_.held(), 1U);
    callers.front().cancel(); // one who gives up takes nothing from the others
    answer(kTenant);
    http_.release();
    for (auto& caller : callers) {
        loop_.wait(caller);
    }
    for (std::size_t i = 1; i < callers.size(); ++i) {
        EXPECT_EQ(callers[i].take().value_or("error"), kTenant);
    }
    EXPECT_EQ(http_.requests().size(), 1U);
}

TEST_F(TenantCacheTest, AnOlderAnswerServesWhileLookUpsFailAndTheyAreNotRepeatedAtOnce) {
    answer(kTenant);
    EXPECT_EQ(found(), kTenant);
    clock_.advance(std::chrono::hours(8 * 24));
    fail();
    EXPECT_EQ(found(), kTenant);
    EXPECT_EQ(found(), kTenant);
    EXPECT_EQ(http_.requests().size(), 2U);
    clock_.advance(std::chrono::seconds(60));
    answer(kOther);
    EXPECT_EQ(found(), kOther);
    EXPECT_EQ(http_.requests().size(), 3U);
}

TEST_F(TenantCacheTest, AFailureWithNothingBeforeItIsTheAnswerAndNotKept) {
    fail();
    core::Result<std::string> const failed = find();
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().kind(), core::ErrorKind::network);
    answer(kTenant);
    EXPECT_EQ(found(), kTenant);
}

TEST_F(TenantCacheTest, WhatWasForgottenIsLookedUpAgain) {
    answer(kTenant);
    EXPECT_EQ(found(), kTenant);
    cache_.forget("CONTOSO");
    answer(kOther);
    EXPECT_EQ(found(), kOther);
    cache_.forget("contoso");
    fail();
    EXPECT_FALSE(find()) << "what was forgotten does not serve on";
}

TEST_F(TenantCacheTest, ForgettingDuringALookUpLeavesNothingOfItsAnswer) {
    http_.hold();
    core::CallContext const ctx = test::any_context();
    auto before = loop_.spawn(cache_.find("contoso", ctx));
    loop_.poll();
    cache_.forget("contoso");
    answer(kTenant);
    http_.release();
    loop_.wait(before);
    EXPECT_EQ(before.take().value_or("error"), kTenant);
    answer(kOther);
    EXPECT_EQ(found(), kOther);
}

TEST_F(TenantCacheTest, TheOneNotAskedForLongestMakesRoom) {
    for (char const* const name : {"one", "two", "three"}) {
        answer(kTenant);
        EXPECT_EQ(found(name), kTenant);
        clock_.advance(std::chrono::seconds(1));
    }
    EXPECT_EQ(found("one"), kTenant);
    clock_.advance(std::chrono::seconds(1));
    answer(kTenant);
    EXPECT_EQ(found("four"), kTenant);
    EXPECT_EQ(cache_.size(), 3U);
    EXPECT_EQ(http_.requests().size(), 4U);
    EXPECT_EQ(found("one"), kTenant);
    EXPECT_EQ(http_.requests().size(), 4U);
    answer(kTenant);
    EXPECT_EQ(found("two"), kTenant);
    EXPECT_EQ(http_.requests().size(), 5U);
}

TEST_F(TenantCacheTest, WhatSomebodyHasJustLookedUpIsTaken) {
    cache_.note("contoso", kTenant);
    EXPECT_EQ(found(), kTenant);
    EXPECT_TRUE(http_.requests().empty());
}

/// Answers with a token, or with the failure it was given.
class OneFetcher final : public TokenFetcher {
public:
    core::Task<FetchResult> fetch() override {
        if (failure) {
            co_return refuse(*failure);
        }
        core::SystemTime const end = core::SystemTime::max();
        co_return core::AccessToken(core::Secret("token"), core::AuthScheme::bearer, end, end, "oauth");
    }
    std::optional<FetchFailure> failure;
};

TEST_F(TenantCacheTest, ARefusedTokenOrSignInDropsTheOrganizationsTenant) {
    ProviderEnvironment environment(loop_.executor(), http_, clock_);
    environment.tenants = &cache_;
    auto const fetcher = std::make_shared<OneFetcher>();
    CachedProvider provider(
        environment, "oauth", std::make_shared<StatusBoard>(clock_, "oauth", "contoso"), fetcher);
    core::CallContext const ctx = test::any_context();
    cache_.note("contoso", kTenant);
    cache_.note("fabrikam", kTenant);
    auto const token = loop_.run(provider.get(std::chrono::seconds(1), ctx));
    ASSERT_TRUE(token);
    EXPECT_EQ(cache_.size(), 2U);
    provider.invalidate(*token); // Azure DevOps refused it
    EXPECT_EQ(cache_.size(), 1U);

    cache_.note("contoso", kTenant);
    fetcher->failure.emplace(FetchFailure::transient(core::Error(core::ErrorKind::network, "away")));
    EXPECT_FALSE(loop_.run(provider.get(std::chrono::seconds(1), ctx)));
    EXPECT_EQ(cache_.size(), 2U) << "a fault of the moment says nothing about tenants";
    provider.credential_changed();
    fetcher->failure.emplace(
        FetchFailure(core::Error(core::ErrorKind::unauthorized, "no"), FailureClass::user));
    EXPECT_FALSE(loop_.run(provider.get(std::chrono::seconds(1), ctx)));
    EXPECT_EQ(cache_.size(), 1U);
    EXPECT_EQ(found("fabrikam"), kTenant);
}

} // namespace
} // namespace auth
