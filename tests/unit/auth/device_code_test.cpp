#include "auth/device_code.hpp"

#include "auth_fixtures.hpp"
#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"
#include "support/scripted_http_client.hpp"

#include <gtest/gtest.h>

namespace auth {
namespace {

using std::chrono::seconds;

std::string const kPromptBody =
    R"({"user_code":"F7KQ2W9LA","device_code":"canary-device","verification_uri":"https://microsoft.com/devicelogin",)"
    R"("expires_in":900,"interval":5,"message":"To sign in, open the page"})";

class DeviceCode : public testing::Test {
protected:
    core::Result<DeviceCodePrompt> start(std::string body = kPromptBody, int status = 200) {
        http_.respond(status, std::move(body));
        return loop_.run(flow_.start(context_));
    }
    void begin() {
        core::Result<DeviceCodePrompt> prompt = start();
        ASSERT_TRUE(prompt);
        prompt_ = std::make_unique<DeviceCodePrompt>(std::move(*prompt));
        poll_.emplace(loop_.spawn(flow_.poll(*prompt_, context_)));
        loop_.poll();
    }
    void pass(seconds span) {
        clock_.advance(span);
        loop_.poll();
    }
    std::size_t polls() const { return http_.requests().size() - 1; }

    test::Loop loop_;
    test::ManualClock clock_;
    test::ScriptedHttpClient http_;
    core::CallContext context_ = test::any_context();
    DeviceCodeFlow flow_{
        http_, clock_, DeviceCodeConfig("https://login.example/", std::string(test::kTargetTenant), "app-1")};
    std::unique_ptr<DeviceCodePrompt> prompt_;
    std::optional<test::Loop::Spawned<core::Result<OAuthGrant>>> poll_;
};

TEST_F(DeviceCode, AsksForACode) {
    core::Result<DeviceCodePrompt> const prompt = start();
    ASSERT_TRUE(prompt);
    EXPECT_EQ(prompt->user_code, "F7KQ2W9LA");
    EXPECT_EQ(prompt->verification_uri, "https://microsoft.com/devicelogin");
    EXPECT_EQ(prompt->interval, seconds(5));
    EXPECT_EQ(prompt->expires_at, clock_.system_now() + seconds(900));
    test::RecordedRequest const& request = http_.requests().front();
    EXPECT_EQ(request.url,
              "https://login.example/22222222-2222-2222-2222-222222222222/oauth2/v2.0/devicecode");
    EXPECT_EQ(test::form_field(request.body, "client_id"), "app-1");
    EXPECT_EQ(test::form_field(request.body, "scope"), kDelegatedScope);
}

TEST_F(DeviceCode, AConfidentialClientShowsItsSecretAtBothEndpoints) {
    DeviceCodeConfig config("https://login.example", std::string(test::kTargetTenant), "app-1");
    config.client_secret = core::Secret("s3cret+&=");
    DeviceCodeFlow flow(http_, clock_, std::move(config));
    http_.respond(200, kPromptBody);
    core::Result<DeviceCodePrompt> const prompt = loop_.run(flow.start(context_));
    ASSERT_TRUE(prompt);
    EXPECT_EQ(test::form_field(http_.requests().back().body, "client_secret"), "s3cret+&=");
    http_.respond(200, test::token_answer("A", 3600, "R"));
    auto polled = loop_.spawn(flow.poll(*prompt, context_));
    loop_.poll();
    clock_.advance(seconds(5));
    loop_.poll();
    ASSERT_TRUE(polled.done());
    EXPECT_TRUE(polled.take());
    EXPECT_EQ(test::form_field(http_.requests().back().body, "client_secret"), "s3cret+&=");
}

TEST_F(DeviceCode, SaysWhyNoCodeWasGiven) {
    core::Result<DeviceCodePrompt> const refused =
        start(test::entra_error("unauthorized_client", 700016), 400);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), "AADSTS700016");
    for (char const* const body : {"", "{}", R"({"user_code":"X"})", "<html>"}) {
        EXPECT_FALSE(start(body)) << body;
    }
}

TEST_F(DeviceCode, WaitsTheIntervalBeforeEachPollAndReturnsTheGrant) {
    begin();
    EXPECT_EQ(polls(), 0U);
    http_.respond(400, test::entra_error("authorization_pending", 70016));
    pass(seconds(4));
    EXPECT_EQ(polls(), 0U);
    pass(seconds(1));
    EXPECT_EQ(polls(), 1U);
    std::string const id_token =
        test::make_jwt(R"({"preferred_username":"ada@x.example","oid":"o","tid":"t"})");
    http_.respond(
        200,
        R"({"token_type":"Bearer","expires_in":3600,"access_token":"a","refresh_token":"R1","id_token":")" +
            id_token + "\"}");
    pass(seconds(5));
    ASSERT_TRUE(poll_->done());
    core::Result<OAuthGrant> const grant = poll_->take();
    ASSERT_TRUE(grant);
    EXPECT_EQ(grant->refresh_token.expose(), "R1");
    EXPECT_EQ(grant->tenant, test::kTargetTenant);
    EXPECT_EQ(grant->client_id, "app-1");
    EXPECT_EQ(grant->identity, "ada@x.example");
    EXPECT_EQ(grant->account_id, "t/o");
    EXPECT_EQ(grant->obtained_at, clock_.system_now());
    std::string const& body = http_.requests().back().body;
    EXPECT_EQ(test::form_field(body, "grant_type"), "urn:ietf:params:oauth:grant-type:device_code");
    EXPECT_EQ(test::form_field(body, "device_code"), "canary-device");
}

TEST_F(DeviceCode, SlowsDownForGoodWhenTold) {
    begin();
    http_.respond(400, R"({"error":"slow_down"})");
    pass(seconds(5));
    EXPECT_EQ(polls(), 1U);
    http_.respond(400, R"({"error":"authorization_pending"})");
    pass(seconds(9));
    EXPECT_EQ(polls(), 1U);
    pass(seconds(1));
    EXPECT_EQ(polls(), 2U);
    http_.respond(400, R"({"error":"authorization_pending"})");
    pass(seconds(10));
    EXPECT_EQ(polls(), 3U);
    EXPECT_FALSE(poll_->done());
}

TEST_F(DeviceCode, DoublesTheIntervalWhenTheServerCannotBeReached) {
    begin();
    http_.fail(core::Error(core::ErrorKind::timeout, "no answer"));
    pass(seconds(5));
    EXPECT_EQ(polls(), 1U);
    http_.respond(503);
    pass(seconds(9));
    EXPECT_EQ(polls(), 1U);
    pass(seconds(1));
    EXPECT_EQ(polls(), 2U);
    pass(seconds(19));
    EXPECT_EQ(polls(), 2U);
    http_.respond(200, test::token_answer("a", 3600, "R1"));
    pass(seconds(1));
    ASSERT_TRUE(poll_->done());
    EXPECT_TRUE(poll_->take());
}

TEST_F(DeviceCode, EndsOnRefusalsInWordsOfItsOwn) {
    struct Row {
        std::string body;
        char const* words;
    };
    std::vector<Row> const rows{{R"({"error":"authorization_declined"})", "declined"},
                                {test::entra_error("authorization_declined", 70020), "declined"},
                                {R"({"error":"access_denied"})", "declined"},
                                {R"({"error":"expired_token"})", "expired"},
                                {test::entra_error("expired_token", 70019), "expired"},
                                {test::entra_error("bad_verification_code", 70018), "cannot be completed"},
                                {test::entra_error("invalid_grant", 70000), "not valid"},
                                {test::entra_error("access_denied", 53003), "Conditional Access"}};
    for (Row const& row : rows) {
        SCOPED_TRACE(row.body);
        begin();
        http_.respond(400, row.body);
        pass(seconds(5));
        ASSERT_TRUE(poll_->done());
        core::Result<OAuthGrant> const grant = poll_->take();
        ASSERT_FALSE(grant);
        EXPECT_NE(grant.error().message().find(row.words), std::string::npos) << grant.error().message();
        EXPECT_EQ(test::all_text(grant.error()).find("canary"), std::string::npos);
    }
}

TEST_F(DeviceCode, OffersTheBrowserWhenAPolicyBlocksDeviceCodes) {
    begin();
    http_.respond(400, test::entra_error("access_denied", 53003));
    pass(seconds(5));
    ASSERT_TRUE(poll_->done());
    core::Result<OAuthGrant> const grant = poll_->take();
    ASSERT_FALSE(grant);
    EXPECT_NE(grant.error().fix().find("browser"), std::string::npos);
}

TEST_F(DeviceCode, StopsWhenTheCodeExpires) {
    begin();
    http_.handle([](test::RecordedRequest const&) {
        return core::Result<core::HttpResponse>(
            test::make_response(400, R"({"error":"authorization_pending"})"));
    });
    for (int i = 0; i < 200 && !poll_->done(); ++i) {
        pass(seconds(5));
    }
    ASSERT_TRUE(poll_->done());
    core::Result<OAuthGrant> const grant = poll_->take();
    ASSERT_FALSE(grant);
    EXPECT_EQ(grant.error().code(), "expired_token");
    EXPECT_EQ(polls(), 179U) << "900 s in steps of 5, none at the very end";
}

TEST_F(DeviceCode, AGrantWithoutRefreshTokenIsNoSignIn) {
    begin();
    http_.respond(200, test::token_answer("a", 3600));
    pass(seconds(5));
    ASSERT_TRUE(poll_->done());
    EXPECT_FALSE(poll_->take());
}

TEST_F(DeviceCode, EndsAtOnceWhenCancelled) {
    begin();
    poll_->cancel();
    loop_.poll();
    EXPECT_TRUE(poll_->done());
    EXPECT_EQ(polls(), 0U);
}

} // namespace
} // namespace auth
