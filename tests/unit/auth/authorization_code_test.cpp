#include "auth/authorization_code.hpp"

#include "auth/claims_request.hpp"
#include "auth/device_code.hpp"
#include "auth_fixtures.hpp"
#include "support/manual_clock.hpp"
#include "support/scripted_http_client.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace auth {
namespace {

constexpr std::string_view kAuthority = "https://login.example";

OAuthState make_state(std::string tenant = std::string(test::kTargetTenant)) {
    OAuthState state("flow-1", "contoso", core::Secret("canary-verifier"));
    state.tenant = std::move(tenant);
    state.client_id = std::string(test::kAppId);
    state.redirect_uri = "https://mcp.example.net/api/v1/azuredevops/auth/oauth/callback";
    state.nonce = "nonce-1";
    return state;
}

std::string id_claims(std::string const& nonce = "nonce-1",
                      std::string const& audience = std::string(test::kAppId),
                      std::string const& tenant = std::string(test::kTargetTenant)) {
    return R"({"aud":")" + audience + R"(","nonce":")" + nonce + R"(","tid":")" + tenant +
           R"(","oid":"oid-1","preferred_username":"ada@contoso.example"})";
}

std::string tokens_with(std::string const& claims) {
    std::string body = test::token_answer("canary-access", 3600, "canary-refresh");
    body.pop_back();
    return body + R"(,"id_token":")" + test::make_jwt(claims) + "\"}";
}

AuthorizationAnswer read(std::string const& encoded) {
    std::optional<AuthorizationAnswer> answer = read_authorization_answer(encoded);
    EXPECT_TRUE(answer) << encoded;
    return answer ? std::move(*answer) : AuthorizationAnswer();
}

TEST(AuthorizeUrl, AsksForACodeWithProofAndBindings) {
    OAuthState const state = make_state();
    AuthorizeRequest request("https://login.example/", state, "sealed/state+");
    request.code_challenge = "challenge-1";
    request.prompt = "select_account";
    request.login_hint = "ada@contoso.example";
    std::string const url = authorize_url(request);
    std::string const start =
        "https://login.example/" + std::string(test::kTargetTenant) + "/oauth2/v2.0/authorize?";
    ASSERT_TRUE(url.starts_with(start)) << url;
    std::optional<core::QueryPairs> const query = core::parse_query(url.substr(start.size()));
    ASSERT_TRUE(query);
    std::vector<std::pair<std::string, std::string>> const expected{{"client_id", std::string(test::kAppId)},
                                                                    {"response_type", "code"},
                                                                    {"redirect_uri", state.redirect_uri},
                                                                    {"response_mode", "query"},
                                                                    {"scope", std::string(kDelegatedScope)},
                                                                    {"state", "sealed/state+"},
                                                                    {"nonce", "nonce-1"},
                                                                    {"code_challenge", "challenge-1"},
                                                                    {"code_challenge_method", "S256"},
                                                                    {"client_info", "1"},
                                                                    {"prompt", "select_account"},
                                                                    {"login_hint", "ada@contoso.example"},
                                                                    {"claims", with_capabilities("")}};
    EXPECT_EQ(*query, expected);
    EXPECT_EQ(url.find("canary"), std::string::npos) << "the verifier stays here";
}

TEST(AuthorizeUrl, PassesOnTheClaimsTheAuthorityAskedFor) {
    OAuthState state = make_state();
    state.claims = R"({"access_token":{"capolids":{"essential":true,"values":["p1"]}}})";
    std::string const url = authorize_url(AuthorizeRequest(std::string(kAuthority), state, "s"));
    std::optional<core::QueryPairs> const query = core::parse_query(url.substr(url.find('?') + 1));
    ASSERT_TRUE(query);
    std::string const claims(core::find_value(*query, "claims").value_or(""));
    EXPECT_NE(claims.find(R"("values":["p1"])"), std::string::npos) << claims;
    EXPECT_NE(claims.find(R"("values":["cp1"])"), std::string::npos) << claims;
}

TEST(AuthorizeUrl, KnowsTheWordsOfPrompt) {
    for (char const* const word : {"login", "consent", "select_account", "none"}) {
        EXPECT_TRUE(is_prompt(word)) << word;
    }
    for (char const* const word : {"", "Login", "create", "login consent"}) {
        EXPECT_FALSE(is_prompt(word)) << word;
    }
}

TEST(AuthorizeUrl, LeavesOutWhatWasNotSaid) {
    OAuthState const state = make_state("organizations");
    std::string const url = authorize_url(AuthorizeRequest(std::string(kAuthority), state, "s"));
    EXPECT_NE(url.find("/organizations/oauth2/v2.0/authorize?"), std::string::npos);
    EXPECT_EQ(url.find("prompt"), std::string::npos);
    EXPECT_EQ(url.find("login_hint"), std::string::npos);
}

TEST(AuthorizationAnswer, ReadsACodeOrAnError) {
    AuthorizationAnswer const code =
        read("code=1.Aabc%2B&state=s1&session_state=x&iss=https%3A%2F%2Flogin.example");
    EXPECT_TRUE(code.code.equals("1.Aabc+"));
    EXPECT_EQ(code.state, "s1");
    EXPECT_EQ(code.issuer, "https://login.example");
    AuthorizationAnswer const error =
        read("error=access_denied&error_description=AADSTS65004%3A+No&state=s1");
    EXPECT_TRUE(error.code.empty());
    EXPECT_EQ(error.error, "access_denied");
    EXPECT_EQ(error.error_description, "AADSTS65004: No");
}

TEST(AuthorizationAnswer, RefusesWhatIsNoAnswer) {
    for (char const* const encoded : {"",
                                      "q=1",
                                      "code=a",
                                      "state=s",
                                      "code=&state=s",
                                      "code=a&state=",
                                      "code=a&error=b&state=s",
                                      "code=a&code=b&state=s",
                                      "code=a&state=s&state=t",
                                      "error=a&error=b&state=s",
                                      "code=a&state=s&iss=x&iss=y",
                                      "code=%zz&state=s"}) {
        EXPECT_FALSE(read_authorization_answer(encoded)) << encoded;
    }
}

TEST(AuthorizationAnswer, ABoundedPieceOfADescriptionIsEnough) {
    AuthorizationAnswer const answer =
        read("error=server_error&state=s&error_description=" + std::string(100'000, 'x'));
    EXPECT_EQ(answer.error_description.size(), 2048U);
}

TEST(Issuer, IsTheOneThatWasAsked) {
    std::string const tenant(test::kTargetTenant);
    std::string const other(test::kHomeTenant);
    EXPECT_TRUE(is_issuer_of("https://login.example/" + tenant + "/v2.0", "https://login.example/", tenant));
    EXPECT_TRUE(is_issuer_of("https://login.example/" + other + "/v2.0", kAuthority, "organizations"));
    EXPECT_TRUE(is_issuer_of("https://login.example/" + other + "/v2.0", kAuthority, "contoso.example"));
    for (std::string const& issuer :
         std::vector<std::string>{"",
                                  "https://login.example",
                                  "https://login.example/v2.0",
                                  "https://login.example/" + tenant,
                                  "https://login.example/" + other + "/v2.0",
                                  "https://login.example.evil/" + tenant + "/v2.0",
                                  "https://evil/" + tenant + "/v2.0",
                                  "http://login.example/" + tenant + "/v2.0"}) {
        EXPECT_FALSE(is_issuer_of(issuer, kAuthority, tenant)) << issuer;
    }
    EXPECT_FALSE(is_issuer_of("https://login.example/a/b/v2.0", kAuthority, "organizations"));
}

TEST(IdToken, BelongsToTheSignIn) {
    OAuthState const state = make_state();
    auto const check = [&state](std::string const& claims) {
        core::Result<void> const checked = check_id_token(read_jwt_claims(test::make_jwt(claims)), state);
        return checked ? std::string("fine") : checked.error().code();
    };
    EXPECT_EQ(check(id_claims()), "fine");
    EXPECT_EQ(check(id_claims("nonce-2")), "nonce_mismatch");
    EXPECT_EQ(check(id_claims("")), "nonce_mismatch");
    EXPECT_EQ(check(id_claims("nonce-1", "another-app")), "audience_mismatch");
    EXPECT_EQ(check(id_claims("nonce-1", std::string(test::kAppId), std::string(test::kHomeTenant))),
              "tenant_mismatch");
    core::Result<void> const nothing = check_id_token(std::nullopt, state);
    ASSERT_FALSE(nothing);
    EXPECT_EQ(nothing.error().code(), "id_token_missing");

    OAuthState without_nonce = make_state();
    without_nonce.nonce.clear();
    EXPECT_FALSE(check_id_token(read_jwt_claims(test::make_jwt(id_claims(""))), without_nonce))
        << "nothing equals nothing, and proves nothing";
    OAuthState const anywhere = make_state("organizations");
    EXPECT_TRUE(check_id_token(read_jwt_claims(test::make_jwt(id_claims())), anywhere));
}

class AuthorizationCode : public testing::Test {
protected:
    core::Result<OAuthGrant> finish(std::string const& encoded) {
        AuthorizationAnswer const answer = read(encoded);
        return loop_.run(flow_.finish(state_, answer, context_));
    }

    test::Loop loop_;
    test::ManualClock clock_;
    test::ScriptedHttpClient http_;
    core::CallContext context_ = test::any_context();
    core::Secret secret_;
    OAuthState state_ = make_state();
    AuthorizationCodeFlow flow_{http_, clock_, std::string(kAuthority), secret_};
};

TEST_F(AuthorizationCode, RedeemsTheCodeWithItsVerifier) {
    http_.respond(200, tokens_with(id_claims()));
    core::Result<OAuthGrant> const grant = finish("code=canary-code&state=s");
    ASSERT_TRUE(grant);
    EXPECT_EQ(grant->tenant, test::kTargetTenant);
    EXPECT_EQ(grant->client_id, test::kAppId);
    EXPECT_EQ(grant->identity, "ada@contoso.example");
    EXPECT_EQ(grant->account_id, std::string(test::kTargetTenant) + "/oid-1");
    EXPECT_TRUE(grant->refresh_token.equals("canary-refresh"));
    EXPECT_EQ(grant->obtained_at, clock_.system_now());
    ASSERT_EQ(http_.requests().size(), 1U);
    test::RecordedRequest const& request = http_.requests().front();
    EXPECT_EQ(request.url,
              "https://login.example/" + std::string(test::kTargetTenant) + "/oauth2/v2.0/token");
    EXPECT_FALSE(request.idempotent) << "a code used twice may end what it brought";
    EXPECT_EQ(test::form_field(request.body, "grant_type"), "authorization_code");
    EXPECT_EQ(test::form_field(request.body, "code"), "canary-code");
    EXPECT_EQ(test::form_field(request.body, "code_verifier"), "canary-verifier");
    EXPECT_EQ(test::form_field(request.body, "redirect_uri"), state_.redirect_uri);
    EXPECT_EQ(test::form_field(request.body, "client_id"), test::kAppId);
    EXPECT_EQ(request.body.find("client_secret"), std::string::npos);
}

TEST_F(AuthorizationCode, AConfidentialClientShowsItsSecret) {
    secret_ = core::Secret("canary-client-secret");
    http_.respond(200, tokens_with(id_claims()));
    EXPECT_TRUE(finish("code=c&state=s"));
    EXPECT_EQ(test::form_field(http_.requests().front().body, "client_secret"), "canary-client-secret");
}

TEST_F(AuthorizationCode, TheCodeIsSentOnceWhateverHappens) {
    http_.respond(503, "");
    core::Result<OAuthGrant> const grant = finish("code=canary-code&state=s");
    ASSERT_FALSE(grant);
    EXPECT_EQ(http_.requests().size(), 1U);
    EXPECT_NE(grant.error().fix().find("Start the sign-in again"), std::string::npos);
}

TEST_F(AuthorizationCode, AnAnswerOfAnotherAuthorityIsNotRedeemed) {
    core::Result<OAuthGrant> const grant =
        finish("code=canary-code&state=s&iss=https%3A%2F%2Fevil.example%2Fv2.0");
    ASSERT_FALSE(grant);
    EXPECT_EQ(grant.error().code(), "issuer_mismatch");
    EXPECT_TRUE(http_.requests().empty());
    http_.respond(200, tokens_with(id_claims()));
    EXPECT_TRUE(finish("code=c&state=s&iss=https%3A%2F%2Flogin.example%2F" +
                       std::string(test::kTargetTenant) + "%2Fv2.0"));
}

TEST_F(AuthorizationCode, AForeignIdTokenIsNoSignIn) {
    std::string const without_id_token = test::token_answer("a", 3600, "canary-refresh");
    for (std::string const& body : {tokens_with(id_claims("another-nonce")), without_id_token}) {
        http_.respond(200, body);
        core::Result<OAuthGrant> const grant = finish("code=c&state=s");
        ASSERT_FALSE(grant);
        EXPECT_EQ(grant.error().kind(), core::ErrorKind::unauthorized);
        EXPECT_EQ(test::all_text(grant.error()).find("canary"), std::string::npos);
    }
}

TEST_F(AuthorizationCode, WithoutARefreshTokenThereIsNothingToKeep) {
    std::string body = test::token_answer("a", 3600);
    body.pop_back();
    http_.respond(200, body + R"(,"id_token":")" + test::make_jwt(id_claims()) + "\"}");
    core::Result<OAuthGrant> const grant = finish("code=c&state=s");
    ASSERT_FALSE(grant);
    EXPECT_EQ(grant.error().code(), "no_refresh_token");
}

TEST_F(AuthorizationCode, RefusalsSpeakTheWordsOfTheTable) {
    struct Row {
        char const* answer;
        char const* code;
        char const* words;
        char const* fix;
    };
    std::vector<Row> const rows{
        {"error=access_denied&state=s", "access_denied", "cancelled or refused", "again"},
        {"error=access_denied&state=s&error_description=AADSTS65004%3A+User+declined.+Trace+ID%3A+1",
         "AADSTS65004",
         "Consent was refused",
         "Sign in again"},
        {"error=access_denied&state=s&error_description=AADSTS90094%3A+Admin+consent+is+required.",
         "AADSTS90094",
         "dministrator",
         "adminconsent"},
        {"error=access_denied&state=s&error_description=AADSTS53003%3A+Blocked.",
         "AADSTS53003",
         "Conditional Access",
         "administrator"},
        {"error=interaction_required&state=s&error_description=AADSTS50020%3A+Not+here.",
         "AADSTS50020",
         "tenant",
         "account"},
        {"error=temporarily_unavailable&state=s", "temporarily_unavailable", "unavailable", "few minutes"},
        {"error=something_new&state=s&error_description=Odd", "something_new", "refused the sign-in", ""}};
    for (Row const& row : rows) {
        SCOPED_TRACE(row.answer);
        core::Result<OAuthGrant> const grant = finish(row.answer);
        ASSERT_FALSE(grant);
        EXPECT_EQ(grant.error().code(), row.code);
        EXPECT_NE(grant.error().message().find(row.words), std::string::npos) << grant.error().message();
        EXPECT_NE(grant.error().fix().find(row.fix), std::string::npos) << grant.error().fix();
    }
    EXPECT_TRUE(http_.requests().empty());
}

TEST_F(AuthorizationCode, ASpentOrForeignCodeSaysSo) {
    for (long long const code : {54005LL, 501481LL}) {
        http_.respond(400, test::entra_error("invalid_grant", code));
        core::Result<OAuthGrant> const grant = finish("code=canary-code&state=s");
        ASSERT_FALSE(grant);
        EXPECT_EQ(grant.error().code(), "AADSTS" + std::to_string(code));
        EXPECT_EQ(grant.error().fix(), "Start the sign-in again.");
        EXPECT_EQ(test::all_text(grant.error()).find("canary"), std::string::npos);
    }
}

} // namespace
} // namespace auth
