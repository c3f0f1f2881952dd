#include "auth/providers.hpp"

#include "auth_fixtures.hpp"
#include "support/log_capture.hpp"
#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"
#include "support/scripted_http_client.hpp"

#include <gtest/gtest.h>

namespace auth {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view kImds = "http://169.254.169.254/metadata/identity/oauth2/token";
constexpr std::string_view kExchangeId = "fb60f99c-7a34-4190-8149-302f77469936";

class ManagedIdentityProvider : public testing::Test {
protected:
    void make(bool federated, std::string authority = "https://login.example") {
        environment_.authority = std::move(authority);
        ManagedIdentityProviderConfig config;
        config.organization = "contoso";
        config.identity.source = ManagedIdentitySourceKind::imds;
        config.identity.imds_url = "http://169.254.169.254";
        config.identity.client_id = "uami-1";
        if (federated) {
            config.federated_client_id = std::string(test::kAppId);
            config.federated_tenant_id = std::string(test::kTargetTenant);
        }
        provider_ = make_managed_identity_provider(environment_, std::move(config), pool_);
    }
    long long epoch() const {
        return std::chrono::duration_cast<seconds>(clock_.system_now().time_since_epoch()).count();
    }
    std::string identity_answer(std::string_view token, seconds life = hours(24)) const {
        return R"({"access_token":")" + std::string(token) + R"(","expires_on":")" +
               std::to_string(epoch() + life.count()) + R"(","token_type":"Bearer"})";
    }
    std::string assertion(std::string_view audience = kExchangeId, seconds life = hours(24)) const {
        return test::make_jwt(
            R"({"iss":"https://login.microsoftonline.com/home/v2.0","sub":"principal-1","aud":")" +
            std::string(audience) + R"(","idtyp":"app","exp":)" + std::to_string(epoch() + life.count()) +
            "}");
    }
    test::Token get() {
        auto call = loop_.spawn(provider_->get(seconds(60), context_));
        loop_.poll();
        loop_.wait(call);
        return call.take();
    }

    test::Loop loop_;
    test::ManualClock clock_;
    test::ScriptedHttpClient http_;
    core::BlockingPool pool_{1};
    core::CallContext context_ = test::any_context();
    ProviderEnvironment environment_{loop_.executor(), http_, clock_};
    std::unique_ptr<CredentialProvider> provider_;
};

TEST_F(ManagedIdentityProvider, AloneAsksForAzureDevOpsItself) {
    make(false);
    http_.respond(200, identity_answer("opaque-token"));
    test::Token const token = get();
    ASSERT_TRUE(token);
    EXPECT_EQ(token->value.expose(), "opaque-token");
    EXPECT_EQ(token->method, "managed_identity");
    EXPECT_EQ(token->expires_at, clock_.system_now() + hours(24));
    EXPECT_GE(token->refresh_at, clock_.system_now() + hours(10)) << "half of its life, less jitter";
    EXPECT_LE(token->refresh_at, clock_.system_now() + hours(12));
    ASSERT_EQ(http_.requests().size(), 1U);
    EXPECT_EQ(http_.requests().front().url,
              std::string(kImds) +
                  "?api-version=2018-02-01&resource=499b84ac-1321-427f-aa17-267ca6975798&client_id=uami-1");
    EXPECT_EQ(provider_->status().state, ProviderState::connected);
}

TEST_F(ManagedIdentityProvider, ExchangesTheIdentityInTheOtherTenant) {
    make(true);
    std::string const leg_one = assertion();
    http_.respond(200, identity_answer(leg_one));
    http_.respond(200, test::token_answer("A1", 3599));
    test::Token const token = get();
    ASSERT_TRUE(token) << token.error().message();
    EXPECT_EQ(token->value.expose(), "A1");
    EXPECT_EQ(token->scheme, core::AuthScheme::bearer);
    ASSERT_EQ(http_.requests().size(), 2U);
    EXPECT_EQ(http_.requests()[0].url,
              std::string(kImds) +
                  "?api-version=2018-02-01&resource=api%3A%2F%2FAzureADTokenExchange&client_id=uami-1");
    EXPECT_EQ(http_.requests()[1].url,
              "https://login.example/22222222-2222-2222-2222-222222222222/oauth2/v2.0/token");
    std::string const& form = http_.requests()[1].body;
    EXPECT_EQ(test::form_field(form, "client_id"), test::kAppId);
    EXPECT_EQ(test::form_field(form, "scope"), "499b84ac-1321-427f-aa17-267ca6975798/.default");
    EXPECT_EQ(test::form_field(form, "client_assertion"), leg_one);
    EXPECT_EQ(provider_->status().tenant, test::kTargetTenant);
}

TEST_F(ManagedIdentityProvider, KeepsTheAssertionBetweenExchanges) {
    make(true);
    http_.respond(200, identity_answer(assertion()));
    http_.respond(200, test::token_answer("A1", 3599));
    ASSERT_TRUE(get());
    clock_.advance(hours(1));
    http_.respond(200, test::token_answer("A2", 3599));
    EXPECT_EQ(get()->value.expose(), "A2");
    EXPECT_EQ(http_.requests().size(), 3U) << "leg 1 once, leg 2 twice";
    clock_.advance(hours(23));
    http_.respond(200, identity_answer(assertion()));
    http_.respond(200, test::token_answer("A3", 3599));
    EXPECT_EQ(get()->value.expose(), "A3");
    EXPECT_EQ(http_.requests().size(), 5U);
}

TEST_F(ManagedIdentityProvider, AsksForTheExchangeAudienceOfTheCloud) {
    struct Cloud {
        char const* authority;
        char const* audience;
    };
    for (Cloud const row :
         {Cloud{"https://login.microsoftonline.us", "api%3A%2F%2FAzureADTokenExchangeUSGov"},
          Cloud{"https://login.chinacloudapi.cn/", "api%3A%2F%2FAzureADTokenExchangeChina"},
          Cloud{"https://login.sovcloud-identity.fr", "api%3A%2F%2FAzureADTokenExchangeFrance"},
          Cloud{"https://login.microsoftonline.com", "api%3A%2F%2FAzureADTokenExchange"}}) {
        make(true, row.authority);
        http_.respond(200, identity_answer(assertion()));
        http_.respond(200, test::token_answer("A1"));
        std::size_t const before = http_.requests().size();
        ASSERT_TRUE(get());
        EXPECT_NE(http_.requests().at(before).url.find("resource=" + std::string(row.audience) + "&"),
                  std::string::npos)
            << http_.requests().at(before).url;
    }
}

TEST_F(ManagedIdentityProvider, FindsAWrongAssertionBeforeEntraDoes) {
    auto const exp = std::to_string(epoch() + 86400);
    struct Row {
        std::string token;
        char const* words;
    };
    std::vector<Row> const rows{
        {assertion("https://management.azure.com/"), "is for audience https://management.azure.com/"},
        {assertion(kExchangeId, seconds(60)), "expired by this machine's clock"},
        {test::make_jwt(R"({"sub":"s","aud":"api://AzureADTokenExchange","exp":)" + exp + "}"),
         "names no issuer"},
        {test::make_jwt(
             R"({"iss":"https://i/v2.0","sub":"s","scp":"x","aud":"api://AzureADTokenExchange","exp":)" +
             exp + "}"),
         "a person's"},
        {"opaque-token", "no JWT"}};
    for (Row const& row : rows) {
        make(true);
        std::size_t const before = http_.requests().size();
        http_.respond(200, identity_answer(row.token));
        test::Token const refused = get();
        ASSERT_FALSE(refused);
        EXPECT_NE(refused.error().message().find(row.words), std::string::npos) << refused.error().message();
        EXPECT_EQ(refused.error().message().find("Leg 1"), 0U);
        EXPECT_EQ(http_.requests().size(), before + 1) << "leg 2 was not tried";
        EXPECT_EQ(provider_->status().state, ProviderState::misconfigured);
        EXPECT_TRUE(provider_->permanently_refused());
    }
}

TEST_F(ManagedIdentityProvider, RefetchesAStaleAssertionOnce) {
    for (long long const code : {700024LL, 500133LL}) {
        make(true);
        std::size_t const before = http_.requests().size();
        http_.respond(200, identity_answer(assertion()));
        http_.respond(401, test::entra_error("invalid_client", code));
        http_.respond(200, identity_answer(assertion()));
        http_.respond(200, test::token_answer("A1"));
        ASSERT_TRUE(get());
        EXPECT_EQ(http_.requests().size(), before + 4);
    }
    make(true);
    std::size_t const before = http_.requests().size();
    http_.respond(200, identity_answer(assertion()));
    http_.respond(401, test::entra_error("invalid_client", 700024));
    http_.respond(200, identity_answer(assertion()));
    http_.respond(401, test::entra_error("invalid_client", 700024));
    test::Token const refused = get();
    ASSERT_FALSE(refused);
    EXPECT_EQ(http_.requests().size(), before + 4);
    EXPECT_NE(refused.error().fix().find("NTP"), std::string::npos);
    EXPECT_EQ(refused.error().kind(), core::ErrorKind::unauthorized);
    EXPECT_EQ(provider_->status().state, ProviderState::misconfigured);
}

TEST_F(ManagedIdentityProvider, SaysLegTenantCodeAndWhatWasPresented) {
    for (long long const code : {700211LL, 700212LL, 700213LL}) {
        make(true);
        http_.respond(200, identity_answer(assertion()));
        http_.respond(401, test::entra_error("invalid_client", code));
        test::Token const refused = get();
        ASSERT_FALSE(refused);
        std::string const& message = refused.error().message();
        for (char const* const part : {"Leg 2",
                                       "22222222-2222-2222-2222-222222222222",
                                       "https://login.microsoftonline.com/home/v2.0",
                                       "principal-1",
                                       "fb60f99c-7a34-4190-8149-302f77469936"}) {
            EXPECT_NE(message.find(part), std::string::npos) << part << " in " << message;
        }
        EXPECT_EQ(refused.error().code(), "AADSTS" + std::to_string(code));
        EXPECT_EQ(refused.error().activity_id(), "c0ffee");
    }
}

TEST_F(ManagedIdentityProvider, TakesAMismatchForPropagationDuringTenMinutes) {
    make(true);
    http_.handle([this](test::RecordedRequest const& request) {
        bool const is_leg_one = request.url.starts_with(kImds);
        return core::Result<core::HttpResponse>(
            is_leg_one ? test::make_response(200, identity_answer(assertion()))
                       : test::make_response(401, test::entra_error("invalid_client", 70021)));
    });
    ASSERT_FALSE(get());
    EXPECT_FALSE(provider_->permanently_refused());
    EXPECT_EQ(provider_->status().state, ProviderState::misconfigured);
    clock_.advance(minutes(5));
    ASSERT_FALSE(get());
    EXPECT_FALSE(provider_->permanently_refused());
    clock_.advance(minutes(5));
    ASSERT_FALSE(get());
    EXPECT_TRUE(provider_->permanently_refused());
}

TEST_F(ManagedIdentityProvider, RefusesHalfAFederation) {
    ManagedIdentityProviderConfig config;
    config.organization = "contoso";
    config.federated_client_id = "only-this";
    provider_ = make_managed_identity_provider(environment_, std::move(config), pool_);
    test::Token const refused = get();
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message().find("federated_tenant_id"), std::string::npos);
    EXPECT_TRUE(http_.requests().empty());
}

TEST_F(ManagedIdentityProvider, AThousandCallersMakeOneExchange) {
    make(true);
    http_.respond(200, identity_answer(assertion()));
    http_.respond(200, test::token_answer("A1", 3599));
    std::vector<test::Loop::Spawned<test::Token>> callers;
    for (int i = 0; i < 1000; ++i) {
        callers.push_back(loop_.spawn(provider_->get(seconds(60), context_)));
    }
    loop_.poll();
    for (auto& caller : callers) {
        ASSERT_TRUE(caller.done());
        EXPECT_EQ(caller.take()->value.expose(), "A1");
    }
    EXPECT_EQ(http_.requests().size(), 2U);
}

TEST_F(ManagedIdentityProvider, LeavesNoSecretInErrorsStatusOrLogs) {
    core::log::configure(core::log::Level::debug, core::log::Format::json);
    test::LogCapture const log;
    make(true);
    std::string const leg_one = assertion();
    http_.respond(200, identity_answer(leg_one));
    http_.respond(401, test::entra_error("invalid_client", 700213));
    test::Token const refused = get();
    ASSERT_FALSE(refused);
    clock_.advance(seconds(1));
    http_.respond(200, test::token_answer("canary-access", 3599));
    ASSERT_TRUE(get());
    std::string const text = log.text() + test::all_text(refused.error()) + provider_->status().reason;
    EXPECT_NE(text.find("managed_identity.source"), std::string::npos);
    EXPECT_EQ(text.find(leg_one), std::string::npos);
    EXPECT_EQ(text.find("canary"), std::string::npos);
    core::log::configure(core::log::Level::info, core::log::Format::json);
}

TEST_F(ManagedIdentityProvider, UsesTheIdentityItselfInItsOwnTenant) {
    make(true);
    std::string const own =
        test::make_jwt(R"({"iss":"https://login.microsoftonline.com/)" + std::string(test::kTargetTenant) +
                       R"(/v2.0","sub":"principal-1","oid":"principal-1","tid":")" +
                       std::string(test::kTargetTenant) + R"(","aud":")" + std::string(kExchangeId) +
                       R"(","idtyp":"app","exp":)" + std::to_string(epoch() + 86400) + "}");
    http_.respond(200, identity_answer(own));
    http_.respond(200, identity_answer("azure-devops-token"));
    test::Token const token = get();
    ASSERT_TRUE(token) << token.error().message();
    EXPECT_EQ(token->value.expose(), "azure-devops-token");
    ASSERT_EQ(http_.requests().size(), 2U);
    EXPECT_NE(http_.requests()[1].url.find("resource=499b84ac-"), std::string::npos) << "no exchange";
}

TEST_F(ManagedIdentityProvider, NamesWhatTheAssertionSaysAndWhatWasExpected) {
    struct Row {
        char const* claims;
        char const* presented;
        char const* expected;
    };
    for (Row const& row :
         {Row{R"("iss":"https://sts.windows.net/home/","sub":"p","tid":"home")",
              "https://sts.windows.net/home/",
              "https://login.microsoftonline.com/home/v2.0"},
          Row{R"("iss":"https://login.microsoftonline.com/other/v2.0","sub":"p","tid":"home")",
              "https://login.microsoftonline.com/other/v2.0",
              "https://login.microsoftonline.com/home/v2.0"},
          Row{R"("iss":"https://login.microsoftonline.com/home/v2.0","sub":"somebody","oid":"principal-1")",
              "somebody",
              "principal-1"}}) {
        SCOPED_TRACE(row.claims);
        make(true);
        http_.respond(200,
                      identity_answer(test::make_jwt(std::string("{") + row.claims + R"(,"aud":")" +
                                                     std::string(kExchangeId) + R"(","exp":)" +
                                                     std::to_string(epoch() + 86400) + "}")));
        test::Token const token = get();
        ASSERT_FALSE(token);
        EXPECT_EQ(token.error().code(), "assertion_unusable");
        EXPECT_NE(token.error().message().find(row.presented), std::string::npos) << token.error().message();
        EXPECT_NE(token.error().message().find(row.expected), std::string::npos) << token.error().message();
        EXPECT_FALSE(token.error().fix().empty());
        EXPECT_EQ(provider_->status().state, ProviderState::misconfigured);
    }
}

TEST_F(ManagedIdentityProvider, SaysUntilWhenAFreshFederatedCredentialIsWaitedFor) {
    make(true);
    http_.respond(200, identity_answer(assertion()));
    http_.respond(401, test::entra_error("invalid_client", 700213));
    test::Token const waiting = get();
    ASSERT_FALSE(waiting);
    EXPECT_NE(waiting.error().fix().find(core::format_utc(clock_.system_now() + minutes(10))),
              std::string::npos)
        << waiting.error().fix();
    EXPECT_FALSE(provider_->permanently_refused());
    clock_.advance(minutes(11));
    http_.respond(401, test::entra_error("invalid_client", 700213));
    test::Token const wrong = get();
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().fix().find("tried again"), std::string::npos) << wrong.error().fix();
    EXPECT_TRUE(provider_->permanently_refused());
}

TEST_F(ManagedIdentityProvider, AnswersAClaimsChallengeInTheExchange) {
    make(true);
    http_.respond(200, identity_answer(assertion()));
    http_.respond(200, test::token_answer("A1", 3599));
    test::Token const first = get();
    ASSERT_TRUE(first);
    EXPECT_EQ(test::form_field(http_.requests().back().body, "claims"), "");
    provider_->challenged(
        *first,
        R"(Bearer error="insufficient_claims", claims=")" +
            core::base64_encode(R"({"access_token":{"nbf":{"essential":true,"value":"1"}}})") + "\"");
    http_.respond(200, test::token_answer("A2", 3599));
    EXPECT_EQ(get()->value.expose(), "A2");
    EXPECT_NE(test::form_field(http_.requests().back().body, "claims").find("\"nbf\""), std::string::npos);
}

} // namespace
} // namespace auth
