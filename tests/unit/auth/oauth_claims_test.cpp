#include "auth/claims_request.hpp"
#include "oauth_fixture.hpp"

namespace auth {
namespace {

using std::chrono::minutes;

constexpr std::string_view kWanted = R"({"access_token":{"nbf":{"essential":true,"value":"1795500000"}}})";

/// A refusal of the token endpoint that says what the next sign-in has to ask for.
std::string wants_interaction(std::string_view claims) {
    std::string body = test::entra_error("interaction_required", 50076, "basic_action");
    body.pop_back();
    std::string quoted;
    for (char const c : claims) {
        quoted += c == '"' ? std::string("\\\"") : std::string(1, c);
    }
    return body + R"(,"claims":")" + quoted + "\"}";
}

class OAuthClaims : public OAuthFixture {
protected:
    std::string sent_claims() const { return test::form_field(http_.requests().back().body, "claims"); }
    static std::string challenge() {
        return R"(Bearer realm="", error="insufficient_claims", claims=")" + core::base64_encode(kWanted) +
               "\"";
    }
};

TEST_F(OAuthClaims, EveryRefreshSaysThatChallengesAreUnderstood) {
    put("R1");
    http_.respond(200, test::token_answer("A1", 3600, "R2"));
    ASSERT_TRUE(get());
    EXPECT_EQ(sent_claims(), with_capabilities(""));
}

TEST_F(OAuthClaims, AChallengeOfTheResourceIsAnsweredWithTheNextToken) {
    put("R1");
    http_.respond(200, test::token_answer("A1", 3600, "R2"));
    test::Token const first = get();
    ASSERT_TRUE(first);
    provider_->challenged(*first, challenge());
    http_.respond(200, test::token_answer("A2", 3600, "R3"));
    EXPECT_EQ(get()->value.expose(), "A2");
    EXPECT_EQ(sent_claims(), with_capabilities(kWanted));
    // Answered: the refresh after it asks for nothing more.
    clock_.advance(minutes(61));
    http_.respond(200, test::token_answer("A3", 3600, "R4"));
    EXPECT_EQ(get()->value.expose(), "A3");
    EXPECT_EQ(sent_claims(), with_capabilities(""));
}

TEST_F(OAuthClaims, AnOrdinaryRefusalAsksForNothing) {
    put("R1");
    http_.respond(200, test::token_answer("A1", 3600, "R2"));
    test::Token const first = get();
    ASSERT_TRUE(first);
    provider_->challenged(*first, R"(Bearer authorization_uri="https://login.example/t")");
    http_.respond(200, test::token_answer("A2", 3600, "R3"));
    EXPECT_EQ(get()->value.expose(), "A2");
    EXPECT_EQ(sent_claims(), with_capabilities(""));
}

TEST_F(OAuthClaims, WhatOnlyThePersonCanAnswerIsKeptForTheNextSignIn) {
    put("R1");
    http_.respond(400, wants_interaction(kWanted));
    test::Token const refused = get();
    ASSERT_FALSE(refused);
    EXPECT_EQ(provider_->status().state, ProviderState::sign_in_required);
    EXPECT_EQ(store_.grant().sign_in_claims, kWanted);
    EXPECT_EQ(store_.grant().refresh_token.expose(), "R1") << "the grant itself is as it was";
    // Asked again after a while, it is not written down twice.
    int const saves = store_.saves();
    clock_.advance(minutes(3));
    http_.respond(400, wants_interaction(kWanted));
    ASSERT_FALSE(get());
    EXPECT_EQ(store_.saves(), saves);
    // And once the authority is satisfied it is forgotten.
    clock_.advance(minutes(3));
    http_.respond(200, test::token_answer("A1", 3600, "R2"));
    ASSERT_TRUE(get());
    EXPECT_EQ(store_.grant().sign_in_claims, "");
}

TEST_F(OAuthClaims, AChallengeThatRefreshingCannotAnswerIsKeptToo) {
    put("R1");
    http_.respond(200, test::token_answer("A1", 3600, "R2"));
    test::Token const first = get();
    ASSERT_TRUE(first);
    provider_->challenged(*first, challenge());
    http_.respond(400, test::entra_error("invalid_grant", 50076, "basic_action"));
    ASSERT_FALSE(get());
    EXPECT_EQ(store_.grant().sign_in_claims, kWanted);
}

TEST_F(OAuthClaims, AFaultOfTheMomentKeepsNothing) {
    put("R1");
    http_.respond(503, "", {{"Retry-After", "30"}});
    ASSERT_FALSE(get());
    EXPECT_EQ(store_.saves(), 0);
}

} // namespace
} // namespace auth
