#include "oauth_fixture.hpp"

namespace auth {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class OAuthRotation : public OAuthFixture {};

TEST_F(OAuthRotation, StoresTheNewRefreshTokenBeforeTheAccessTokenIsHandedOut) {
    put("R1");
    http_.respond(200, test::token_answer("A1", 3600, "R2"));
    store_.hold_saves();
    auto call = spawn_get();
    loop_.poll();
    EXPECT_EQ(http_.requests().size(), 1U);
    EXPECT_FALSE(call.done()) << "the write is not durable yet";
    store_.release_saves();
    loop_.poll();
    ASSERT_TRUE(call.done());
    EXPECT_TRUE(call.take());
    EXPECT_EQ(store_.grant().refresh_token.expose(), "R2");
    EXPECT_EQ(store_.grant().previous_refresh_token.expose(), "R1");
    EXPECT_EQ(store_.grant().refreshed_at, clock_.system_now());
}

TEST_F(OAuthRotation, KeepsTheOldRefreshTokenWhenNoNewOneComes) {
    put("R1", "R0");
    http_.respond(200, test::token_answer("A1", 3600));
    ASSERT_TRUE(get());
    EXPECT_EQ(store_.grant().refresh_token.expose(), "R1");
    EXPECT_TRUE(store_.grant().previous_refresh_token.empty()) << "R1 has worked: R0 is done with";
}

TEST_F(OAuthRotation, RefreshesInARow) {
    put("R1");
    for (int i = 1; i <= 5; ++i) {
        std::string const next = "R" + std::to_string(i + 1);
        http_.respond(200, test::token_answer("A" + std::to_string(i), 3600, next));
        EXPECT_EQ(get()->value.expose(), "A" + std::to_string(i));
        EXPECT_EQ(store_.grant().refresh_token.expose(), next);
        EXPECT_EQ(store_.grant().previous_refresh_token.expose(), "R" + std::to_string(i));
        clock_.advance(minutes(60));
    }
}

TEST_F(OAuthRotation, FallsBackToThePreviousRefreshTokenOnce) {
    put("R2", "R1");
    http_.respond(400, test::entra_error("invalid_grant", 70000));
    http_.respond(200, test::token_answer("A1", 3600, "R3"));
    ASSERT_TRUE(get());
    EXPECT_EQ(sent_refresh_token(0), "R2");
    EXPECT_EQ(sent_refresh_token(1), "R1");
    EXPECT_EQ(store_.grant().refresh_token.expose(), "R3");
    EXPECT_EQ(store_.grant().previous_refresh_token.expose(), "R1");
}

TEST_F(OAuthRotation, ReportsTheFirstRefusalWhenBothAreDead) {
    put("R2", "R1");
    http_.respond(400, test::entra_error("invalid_grant", 50173));
    http_.respond(400, test::entra_error("invalid_grant", 70000));
    test::Token const token = get();
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().code(), "AADSTS50173");
    EXPECT_TRUE(provider_->permanently_refused());
}

TEST_F(OAuthRotation, DoesNotSpendThePreviousTokenOnAPolicyRefusal) {
    put("R2", "R1");
    http_.respond(400, test::entra_error("invalid_grant", 50076));
    ASSERT_FALSE(get());
    EXPECT_EQ(http_.requests().size(), 1U);
}

TEST_F(OAuthRotation, TakesTheGrantAnotherProcessRotatedMeanwhile) {
    put("R1");
    http_.handle([this](test::RecordedRequest const& request) {
        if (test::form_field(request.body, "refresh_token") == "R1") {
            put("R2", "R1"); // the other process was faster
            return core::Result<core::HttpResponse>(
                test::make_response(400, test::entra_error("invalid_grant", 70000)));
        }
        return core::Result<core::HttpResponse>(
            test::make_response(200, test::token_answer("A2", 3600, "R3")));
    });
    test::Token const token = get();
    ASSERT_TRUE(token);
    EXPECT_EQ(token->value.expose(), "A2");
    EXPECT_EQ(sent_refresh_token(1), "R2");
    EXPECT_EQ(store_.grant().refresh_token.expose(), "R3");
}

TEST_F(OAuthRotation, WaitsAMomentForTheOtherProcessToStoreItsRotation) {
    put("R1", "R0");
    http_.respond(400, test::entra_error("invalid_grant", 70000));
    auto call = spawn_get();
    loop_.poll();
    EXPECT_FALSE(call.done());
    put("R2", "R1");
    http_.respond(200, test::token_answer("A2", 3600, "R3"));
    clock_.advance(milliseconds(300));
    loop_.poll();
    ASSERT_TRUE(call.done());
    EXPECT_EQ(call.take()->value.expose(), "A2");
    EXPECT_EQ(sent_refresh_token(1), "R2") << "and not R0";
}

TEST_F(OAuthRotation, NeverOverwritesASignInThatEndedMeanwhile) {
    put("R1");
    http_.handle([this](test::RecordedRequest const& request) {
        if (test::form_field(request.body, "refresh_token") == "R1") {
            put("fresh-sign-in");
            return core::Result<core::HttpResponse>(
                test::make_response(200, test::token_answer("A1", 3600, "R2")));
        }
        return core::Result<core::HttpResponse>(
            test::make_response(200, test::token_answer("A2", 3600, "R9")));
    });
    test::Token const token = get();
    ASSERT_TRUE(token);
    EXPECT_EQ(token->value.expose(), "A2");
    EXPECT_EQ(sent_refresh_token(1), "fresh-sign-in");
    EXPECT_EQ(store_.grant().refresh_token.expose(), "R9");
}

TEST_F(OAuthRotation, ARotationThatCouldNotBeStoredIsStoredBeforeItIsUsed) {
    put("R1");
    http_.respond(200, test::token_answer("A1", 3600, "R2"));
    store_.fail_next_saves(1);
    test::Token const failed = get();
    ASSERT_FALSE(failed);
    EXPECT_NE(failed.error().message().find("could not be stored"), std::string::npos);
    EXPECT_FALSE(provider_->permanently_refused());
    EXPECT_EQ(store_.grant().refresh_token.expose(), "R1");
    clock_.advance(seconds(1));
    test::Token const token = get();
    ASSERT_TRUE(token);
    EXPECT_EQ(token->value.expose(), "A1") << "the token at hand, once its grant is safe";
    EXPECT_EQ(http_.requests().size(), 1U);
    EXPECT_EQ(store_.grant().refresh_token.expose(), "R2");
}

TEST_F(OAuthRotation, AnUnstoredRotationGivesWayToANewSignIn) {
    put("R1");
    http_.respond(200, test::token_answer("A1", 3600, "R2"));
    store_.fail_next_saves(1);
    ASSERT_FALSE(get());
    put("fresh-sign-in");
    clock_.advance(seconds(1));
    http_.respond(200, test::token_answer("A2", 3600, "R9"));
    EXPECT_EQ(get()->value.expose(), "A2");
    EXPECT_EQ(sent_refresh_token(1), "fresh-sign-in");
}

TEST_F(OAuthRotation, CancellingTheCallerDoesNotLoseTheRotation) {
    put("R1");
    http_.respond(200, test::token_answer("A1", 3600, "R2"));
    http_.hold();
    auto call = spawn_get();
    loop_.poll();
    EXPECT_EQ(http_.held(), 1U);
    call.cancel();
    loop_.poll();
    EXPECT_TRUE(call.done());
    http_.release();
    loop_.poll();
    EXPECT_EQ(store_.grant().refresh_token.expose(), "R2");
    EXPECT_EQ(get()->value.expose(), "A1");
    EXPECT_EQ(http_.requests().size(), 1U);
}

} // namespace
} // namespace auth
