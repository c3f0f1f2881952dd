#include "auth/entra_token_client.hpp"

#include "auth_fixtures.hpp"
#include "support/log_capture.hpp"
#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"
#include "support/scripted_http_client.hpp"

#include <gtest/gtest.h>

namespace auth {
namespace {

using core::Secret;
using std::chrono::seconds;

class EntraTokenClientTest : public testing::Test {
protected:
    EntraResult refresh(std::string const& secret = {}) {
        Secret const client_secret = secret.empty() ? Secret() : Secret(secret);
        return loop_.run(client_.redeem_refresh_token(
            application(), "scope-a scope-b", refresh_token_, client_secret, claims_, context_));
    }
    EntraErrorContext application() {
        EntraErrorContext context;
        context.tenant = std::string(test::kTargetTenant);
        context.client_id = std::string(test::kAppId);
        return context;
    }

    test::Loop loop_;
    test::ManualClock clock_;
    test::ScriptedHttpClient http_;
    core::CallContext context_ = test::any_context();
    std::string claims_;
    Secret refresh_token_{"old/refresh+token&="};
    EntraTokenClient client_{http_, clock_, "https://login.example/"};
};

TEST_F(EntraTokenClientTest, SendsTheRefreshTokenForm) {
    http_.respond(200, test::token_answer("access-1", 4512, "new-refresh"));
    EntraResult const result = refresh();
    ASSERT_TRUE(result);
    EXPECT_EQ(result->access_token.expose(), "access-1");
    EXPECT_EQ(result->refresh_token.expose(), "new-refresh");
    EXPECT_EQ(result->expires_at, clock_.system_now() + seconds(4512));

    ASSERT_EQ(http_.requests().size(), 1U);
    test::RecordedRequest const& request = http_.requests().front();
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.url, "https://login.example/22222222-2222-2222-2222-222222222222/oauth2/v2.0/token");
    EXPECT_EQ(request.headers.get("Content-Type"), "application/x-www-form-urlencoded");
    EXPECT_EQ(request.headers.get("client-request-id")->size(), 36U);
    EXPECT_TRUE(request.idempotent);
    EXPECT_EQ(test::form_field(request.body, "grant_type"), "refresh_token");
    EXPECT_EQ(test::form_field(request.body, "refresh_token"), "old/refresh+token&=");
    EXPECT_EQ(test::form_field(request.body, "client_id"), test::kAppId);
    EXPECT_EQ(test::form_field(request.body, "scope"), "scope-a scope-b");
    EXPECT_EQ(request.body.find("client_secret"), std::string::npos);
}

TEST_F(EntraTokenClientTest, SendsAClientSecretOnlyWhenThereIsOne) {
    http_.respond(200, test::token_answer("access-1"));
    ASSERT_TRUE(refresh("s3cret~"));
    EXPECT_EQ(test::form_field(http_.requests().front().body, "client_secret"), "s3cret~");
}

TEST_F(EntraTokenClientTest, SendsClaimsOnlyWhenThereAreSome) {
    http_.respond(200, test::token_answer("access-1"));
    ASSERT_TRUE(refresh());
    EXPECT_EQ(http_.requests().back().body.find("claims"), std::string::npos);
    claims_ = R"({"access_token":{}})";
    http_.respond(200, test::token_answer("access-2"));
    ASSERT_TRUE(refresh());
    EXPECT_EQ(test::form_field(http_.requests().back().body, "claims"), claims_);
}

TEST_F(EntraTokenClientTest, SendsTheAssertionForm) {
    http_.respond(200, test::token_answer("access-1"));
    Secret const assertion(test::make_jwt(R"({"sub":"me"})"));
    EntraResult const result =
        loop_.run(client_.exchange_assertion(application(), "res/.default", assertion, "", context_));
    ASSERT_TRUE(result);
    std::string const& body = http_.requests().front().body;
    EXPECT_EQ(test::form_field(body, "grant_type"), "client_credentials");
    EXPECT_EQ(test::form_field(body, "client_assertion_type"),
              "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    EXPECT_EQ(test::form_field(body, "client_assertion"), assertion.expose());
    EXPECT_EQ(test::form_field(body, "scope"), "res/.default");
}

TEST_F(EntraTokenClientTest, ReadsNumericStringsIdentityAndRefreshIn) {
    std::string const id_token =
        test::make_jwt(R"({"preferred_username":"ada@fabrikam.example","oid":"o-1","tid":"t-1"})");
    std::string const client_info = core::base64url_encode(R"({"uid":"u-1","utid":"t-home"})");
    http_.respond(
        200,
        R"({"token_type":"bearer","expires_in":"86400","refresh_in":"43200","access_token":"a","id_token":")" +
            id_token + R"(","client_info":")" + client_info + "\"}");
    EntraResult const result = refresh();
    ASSERT_TRUE(result);
    EXPECT_EQ(result->expires_at, clock_.system_now() + seconds(86400));
    EXPECT_EQ(result->refresh_in, seconds(43200));
    EXPECT_TRUE(result->refresh_token.empty());
    EXPECT_EQ(result->preferred_username, "ada@fabrikam.example");
    EXPECT_EQ(result->object_id, "o-1");
    EXPECT_EQ(result->tenant_id, "t-1");
    EXPECT_EQ(result->home_account_id, "u-1.t-home");
}

TEST_F(EntraTokenClientTest, CountsTheLifeFromTheRequestNotTheAnswer) {
    core::SystemTime const asked_at = clock_.system_now();
    http_.handle([this](test::RecordedRequest const&) {
        clock_.advance(seconds(20));
        return core::Result<core::HttpResponse>(test::make_response(200, test::token_answer("a", 3600)));
    });
    EntraResult const result = refresh();
    ASSERT_TRUE(result);
    EXPECT_EQ(result->expires_at, asked_at + seconds(3600));
}

TEST_F(EntraTokenClientTest, RefusesAnswersThatAreNoTokens) {
    for (char const* const body : {"",
                                   "<html></html>",
                                   "[]",
                                   R"({"expires_in":3600})",
                                   R"({"access_token":"a"})",
                                   R"({"access_token":"a","expires_in":0})",
                                   R"({"access_token":"a","expires_in":-5})",
                                   R"({"access_token":"a","expires_in":"soon"})",
                                   R"({"access_token":"a","expires_in":9e99})",
                                   R"({"access_token":"a","expires_in":99999999999})",
                                   R"({"access_token":"","expires_in":3600})",
                                   R"({"access_token":{},"expires_in":3600})",
                                   R"({"token_type":"mac","access_token":"a","expires_in":3600})"}) {
        SCOPED_TRACE(body);
        http_.respond(200, body);
        EntraResult const result = refresh();
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().failure.failure_class, FailureClass::transient);
        EXPECT_FALSE(result.error().grant_is_dead);
    }
}

TEST_F(EntraTokenClientTest, TriesAServerFaultOnceMoreAfterASecond) {
    http_.respond(503, "");
    http_.respond(200, test::token_answer("a"));
    Secret const none;
    auto call =
        loop_.spawn(client_.redeem_refresh_token(application(), "s", refresh_token_, none, "", context_));
    loop_.poll();
    EXPECT_FALSE(call.done());
    EXPECT_EQ(http_.requests().size(), 1U);
    clock_.advance(seconds(1));
    loop_.poll();
    ASSERT_TRUE(call.done());
    EXPECT_TRUE(call.take());
    EXPECT_EQ(http_.requests().size(), 2U);
}

TEST_F(EntraTokenClientTest, DoesNotRepeatWhatWasThrottledOrRefused) {
    http_.respond(503, "", {{"Retry-After", "9"}});
    EntraResult throttled = refresh();
    ASSERT_FALSE(throttled);
    EXPECT_EQ(throttled.error().failure.error.retry_after(), seconds(9));
    http_.respond(429, "");
    EXPECT_FALSE(refresh());
    http_.respond(400, test::entra_error("invalid_grant", 700082));
    EXPECT_FALSE(refresh());
    EXPECT_EQ(http_.requests().size(), 3U);
}

TEST_F(EntraTokenClientTest, NamesTheRequestWhenNoAnswerCame) {
    core::Error unreachable(core::ErrorKind::cancelled, "the caller went away");
    http_.fail(std::move(unreachable));
    EntraResult const result = refresh();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().failure.error.activity_id(),
              http_.requests().front().headers.get("client-request-id"));
    EXPECT_EQ(http_.requests().size(), 1U);
}

TEST_F(EntraTokenClientTest, LeavesNoSecretInErrorsOrLogs) {
    core::log::configure(core::log::Level::debug, core::log::Format::json);
    test::LogCapture const log;
    http_.respond(400, test::entra_error("invalid_grant", 70000));
    EntraResult const refused = refresh("canary-client-secret");
    ASSERT_FALSE(refused);
    http_.respond(200, test::token_answer("canary-access", 3600, "canary-refresh"));
    ASSERT_TRUE(refresh("canary-client-secret"));
    std::string const text = log.text() + test::all_text(refused.error().failure.error);
    EXPECT_NE(text.find("entra.token_request"), std::string::npos);
    EXPECT_EQ(text.find("canary"), std::string::npos) << text;
    EXPECT_EQ(text.find("old/refresh"), std::string::npos) << text;
    core::log::configure(core::log::Level::info, core::log::Format::json);
}

TEST_F(EntraTokenClientTest, SaysSoWhenTheAuthorityIsNoUrl) {
    EntraTokenClient client(http_, clock_, "login.example");
    Secret const assertion("x");
    EntraResult const result =
        loop_.run(client.exchange_assertion(application(), "s", assertion, "", context_));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().failure.failure_class, FailureClass::configuration);
    EXPECT_TRUE(http_.requests().empty());
}

} // namespace
} // namespace auth
