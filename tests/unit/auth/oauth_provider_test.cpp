#include "oauth_fixture.hpp"
#include "support/log_capture.hpp"

namespace auth {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class OAuthProvider : public OAuthFixture {};

TEST_F(OAuthProvider, RedeemsTheStoredGrantAtItsTenant) {
    put("R1");
    http_.respond(200, test::token_answer("A1", 3600, "R2"));
    test::Token const token = get();
    ASSERT_TRUE(token);
    EXPECT_EQ(token->value.expose(), "A1");
    EXPECT_EQ(token->scheme, core::AuthScheme::bearer);
    EXPECT_EQ(token->method, "oauth");
    EXPECT_EQ(store_.last_organization, "contoso");
    ASSERT_EQ(http_.requests().size(), 1U);
    EXPECT_EQ(http_.requests().front().url,
              "https://login.example/22222222-2222-2222-2222-222222222222/oauth2/v2.0/token");
    EXPECT_EQ(sent_refresh_token(0), "R1");
    EXPECT_EQ(test::form_field(http_.requests().front().body, "client_id"), test::kAppId);
    EXPECT_EQ(test::form_field(http_.requests().front().body, "scope"),
              "499b84ac-1321-427f-aa17-267ca6975798/user_impersonation openid profile offline_access");
    ProviderStatus const status = provider_->status();
    EXPECT_EQ(status.state, ProviderState::connected);
    EXPECT_EQ(status.identity, "ada@fabrikam.example");
    EXPECT_EQ(status.tenant, test::kTargetTenant);
    EXPECT_EQ(status.last_refresh, clock_.system_now());
}

TEST_F(OAuthProvider, ServesFromTheCacheUntilRefreshIsDue) {
    put("R1");
    http_.respond(200, test::token_answer("A1", 3600, "R2"));
    ASSERT_TRUE(get());
    ASSERT_TRUE(get());
    EXPECT_EQ(http_.requests().size(), 1U);
    clock_.advance(minutes(56));
    http_.respond(200, test::token_answer("A2", 3600, "R3"));
    EXPECT_EQ(get()->value.expose(), "A1") << "refreshed beside the call";
    loop_.poll();
    EXPECT_EQ(get()->value.expose(), "A2");
    EXPECT_EQ(sent_refresh_token(1), "R2");
}

TEST_F(OAuthProvider, AThousandCallersAtExpiryMakeOneTokenRequest) {
    put("R1");
    http_.respond(200, test::token_answer("A1", 3600, "R2"));
    ASSERT_TRUE(get());
    clock_.advance(seconds(3600));
    http_.respond(200, test::token_answer("A2", 3600, "R3"));
    std::vector<test::Loop::Spawned<test::Token>> callers;
    for (int i = 0; i < 1000; ++i) {
        callers.push_back(spawn_get());
    }
    loop_.poll();
    for (auto& caller : callers) {
        ASSERT_TRUE(caller.done());
        EXPECT_EQ(caller.take()->value.expose(), "A2");
    }
    EXPECT_EQ(http_.requests().size(), 2U);
}

TEST_F(OAuthProvider, SaysNotConfiguredInTheContractsWords) {
    test::Token const token = get();
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().message(), "Azure DevOps access token not configured. Please authenticate.");
    EXPECT_NE(token.error().fix().find("login --organization contoso"), std::string::npos);
    EXPECT_TRUE(provider_->permanently_refused());
    EXPECT_TRUE(http_.requests().empty());
}

TEST_F(OAuthProvider, ASignInOfAnotherProcessServesTheNextCall) {
    ASSERT_FALSE(get());
    put("R1");
    http_.respond(200, test::token_answer("A1", 30, "R2"));
    EXPECT_TRUE(get());
    http_.respond(400, test::entra_error("invalid_grant", 50173, "bad_token"));
    http_.respond(400, test::entra_error("invalid_grant", 50173, "bad_token"));
    ASSERT_FALSE(get());
    put("R3");
    http_.respond(200, test::token_answer("A3", 3600, "R4"));
    EXPECT_TRUE(get());
}

TEST_F(OAuthProvider, ALapsedSignInIsRefusedForGoodWithoutAskingAgain) {
    put("R1");
    http_.respond(400, test::entra_error("invalid_grant", 700082, "token_expired"));
    test::Token const token = get();
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().code(), "AADSTS700082");
    EXPECT_EQ(token.error().kind(), core::ErrorKind::unauthorized);
    ProviderStatus const status = provider_->status();
    EXPECT_EQ(status.state, ProviderState::sign_in_required);
    EXPECT_EQ(status.code, "AADSTS700082");
    EXPECT_NE(status.fix.find("login"), std::string::npos);
    EXPECT_TRUE(provider_->permanently_refused());
    clock_.advance(minutes(10));
    ASSERT_FALSE(get());
    EXPECT_EQ(http_.requests().size(), 1U) << "the same grant is not tried again";
    put("R9");
    provider_->credential_changed();
    http_.respond(200, test::token_answer("A1", 3600, "R10"));
    EXPECT_TRUE(get());
    EXPECT_EQ(sent_refresh_token(1), "R9");
}

TEST_F(OAuthProvider, AClaimThatNeedsThePersonIsAskedAboutAgainLater) {
    put("R1");
    http_.respond(400, test::entra_error("invalid_grant", 50076, "basic_action"));
    ASSERT_FALSE(get());
    EXPECT_TRUE(provider_->permanently_refused());
    EXPECT_EQ(http_.requests().size(), 1U);
    clock_.advance(minutes(2));
    http_.respond(200, test::token_answer("A1", 3600, "R2"));
    EXPECT_TRUE(get()) << "the policy was lifted meanwhile";
}

TEST_F(OAuthProvider, ATransientFaultIsNoRefusalAndKeepsTheOldToken) {
    put("R1");
    http_.respond(200, test::token_answer("A1", 3600, "R2"));
    ASSERT_TRUE(get());
    clock_.advance(minutes(56));
    http_.respond(503, "", {{"Retry-After", "30"}});
    EXPECT_EQ(get()->value.expose(), "A1");
    loop_.poll();
    ProviderStatus status = provider_->status();
    EXPECT_EQ(status.state, ProviderState::degraded);
    EXPECT_FALSE(status.reason.empty());
    EXPECT_FALSE(provider_->permanently_refused());
    clock_.advance(minutes(4));
    status = provider_->status();
    EXPECT_EQ(status.state, ProviderState::failing) << "nothing valid is left to serve";
    http_.respond(200, test::token_answer("A2", 3600, "R3"));
    EXPECT_EQ(get()->value.expose(), "A2");
    EXPECT_EQ(provider_->status().state, ProviderState::connected);
}

TEST_F(OAuthProvider, AStoreFaultIsTransient) {
    put("R1");
    store_.fail_loads(true);
    ASSERT_FALSE(get());
    EXPECT_FALSE(provider_->permanently_refused());
    EXPECT_EQ(provider_->status().state, ProviderState::failing);
}

TEST_F(OAuthProvider, ConsentMissingIsAStateOfItsOwn) {
    put("R1");
    http_.respond(400, test::entra_error("invalid_grant", 65001, "consent_required"));
    ASSERT_FALSE(get());
    EXPECT_EQ(provider_->status().state, ProviderState::consent_required);
}

TEST_F(OAuthProvider, SinceTellsWhenTheStateBegan) {
    put("R1");
    http_.respond(400, test::entra_error("invalid_grant", 53003));
    ASSERT_FALSE(get());
    core::SystemTime const began = clock_.system_now();
    EXPECT_EQ(provider_->status().state, ProviderState::admin_action_required);
    clock_.advance(minutes(3));
    http_.respond(400, test::entra_error("invalid_grant", 53003));
    ASSERT_FALSE(get());
    EXPECT_EQ(provider_->status().since, began);
}

TEST_F(OAuthProvider, LeavesNoSecretInErrorsStatusOrLogs) {
    core::log::configure(core::log::Level::debug, core::log::Format::json);
    test::LogCapture const log;
    put("canary-refresh", "canary-previous");
    http_.respond(400, test::entra_error("invalid_grant", 70000));
    http_.respond(200, test::token_answer("canary-access", 3600, "canary-next"));
    test::Token const token = get();
    ASSERT_TRUE(token);
    provider_->invalidate(*token);
    http_.respond(400, test::entra_error("invalid_grant", 50173));
    http_.respond(400, test::entra_error("invalid_grant", 50173));
    test::Token const refused = get();
    ASSERT_FALSE(refused);
    ProviderStatus const status = provider_->status();
    std::string const text = log.text() + test::all_text(refused.error()) + status.reason + status.fix;
    EXPECT_NE(log.text().find("token.fetched"), std::string::npos);
    EXPECT_EQ(text.find("canary"), std::string::npos) << text;
    core::log::configure(core::log::Level::info, core::log::Format::json);
}

} // namespace
} // namespace auth
