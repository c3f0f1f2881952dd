#pragma once

#include "auth/providers.hpp"
#include "auth_fixtures.hpp"
#include "fake_stores.hpp"
#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"
#include "support/scripted_http_client.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace auth {

class OAuthFixture : public testing::Test {
protected:
    void SetUp() override {
        environment_.authority = "https://login.example";
        OAuthProviderConfig config;
        config.organization = "contoso";
        provider_ = make_oauth_provider(environment_, std::move(config), store_);
    }
    void put(std::string_view refresh_token, std::string_view previous = {}) {
        std::string tenant(test::kTargetTenant);
        OAuthGrant grant(std::move(tenant), std::string(test::kAppId), core::Secret(refresh_token));
        grant.previous_refresh_token = core::Secret(previous);
        grant.identity = "ada@fabrikam.example";
        store_.put(std::move(grant));
    }
    test::Loop::Spawned<test::Token> spawn_get() {
        return loop_.spawn(provider_->get(std::chrono::seconds(60), context_));
    }
    /// get() with the pauses inside the fetch stepped over.
    test::Token get() {
        auto call = spawn_get();
        loop_.poll();
        for (int i = 0; i < 20 && !call.done() && clock_.sleeping() != 0; ++i) {
            clock_.advance(std::chrono::milliseconds(500));
            loop_.poll();
        }
        loop_.wait(call);
        return call.take();
    }
    std::string sent_refresh_token(std::size_t index) const {
        return test::form_field(http_.requests().at(index).body, "refresh_token");
    }

    test::Loop loop_;
    test::ManualClock clock_;
    test::ScriptedHttpClient http_;
    test::FakeGrantStore store_;
    core::CallContext context_ = test::any_context();
    ProviderEnvironment environment_{loop_.executor(), http_, clock_};
    std::unique_ptr<CredentialProvider> provider_;
};

} // namespace auth
