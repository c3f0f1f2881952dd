#include "auth/managed_identity_client.hpp"

#include "auth_fixtures.hpp"
#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"
#include "support/scripted_http_client.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

namespace auth {
namespace {

using Kind = ManagedIdentitySourceKind;
using std::chrono::seconds;

class ManagedIdentity : public testing::Test {
protected:
    void make(Kind kind, std::string client_id = {}) {
        ManagedIdentityConfig config;
        config.client_id = std::move(client_id);
        make(kind, std::move(config));
    }
    void make(Kind kind, ManagedIdentityConfig config) {
        config.source = kind;
        config.imds_url = "http://169.254.169.254";
        auto read = [this](char const* name) -> std::optional<std::string> {
            auto const it = variables_.find(name);
            return it == variables_.end() ? std::nullopt : std::optional<std::string>(it->second);
        };
        client_ =
            std::make_unique<ManagedIdentityClient>(http_,
                                                    clock_,
                                                    pool_,
                                                    config,
                                                    pinned_,
                                                    read,
                                                    ArcPlaces(folder_.path(), folder_.path() + "/himds"));
    }
    /// One request with the pauses stepped over; `waited_` tells how long it took.
    ManagedIdentityResult ask(std::string resource = "res", std::string revoked = {}) {
        core::SteadyTime const began = clock_.now();
        auto call = loop_.spawn(client_->request(std::move(resource), std::move(revoked), context_));
        // Files are looked at by another thread, so that it takes real time until there is a pause to step
        // over.
        auto const comes_to_rest = [&] { return call.done() || clock_.sleeping() != 0; };
        loop_.run_until(comes_to_rest);
        for (int i = 0; i < 1000 && !call.done(); ++i) {
            clock_.advance(seconds(1));
            loop_.poll();
            loop_.run_until(comes_to_rest);
        }
        loop_.wait(call);
        waited_ = std::chrono::duration_cast<seconds>(clock_.now() - began);
        return call.take();
    }
    std::string good(std::string_view token = "MI") const {
        auto const exp =
            std::chrono::duration_cast<seconds>(clock_.system_now().time_since_epoch()).count() + 86400;
        return R"({"access_token":")" + std::string(token) + R"(","expires_on":")" + std::to_string(exp) +
               R"(","token_type":"Bearer"})";
    }

    test::TemporaryFolder folder_;
    test::Loop loop_;
    test::ManualClock clock_;
    test::ScriptedHttpClient http_;
    core::BlockingPool pool_{1};
    core::CallContext context_ = test::any_context();
    PinnedClientFactory pinned_;
    std::map<std::string, std::string> variables_;
    std::unique_ptr<ManagedIdentityClient> client_;
    seconds waited_{0};
};

TEST_F(ManagedIdentity, AsksImds) {
    make(Kind::imds, "uami-1");
    http_.respond(200, good());
    ManagedIdentityResult const token = ask("api://AzureADTokenExchange");
    ASSERT_TRUE(token);
    EXPECT_EQ(token->value.expose(), "MI");
    EXPECT_EQ(token->expires_at, clock_.system_now() + seconds(86400));
    test::RecordedRequest const& request = http_.requests().front();
    EXPECT_EQ(request.method, "GET");
    EXPECT_EQ(request.url,
              "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource="
              "api%3A%2F%2FAzureADTokenExchange&client_id=uami-1");
    EXPECT_EQ(request.headers.get("Metadata"), "true");
    EXPECT_EQ(client_->source_name(), "IMDS");
}

TEST_F(ManagedIdentity, MakesNoRequestBeforeItIsAsked) {
    make(Kind::automatic);
    loop_.poll();
    EXPECT_TRUE(http_.requests().empty());
}

TEST_F(ManagedIdentity, AsksAppServiceWithItsHeader) {
    variables_ = {{"IDENTITY_ENDPOINT", "http://127.0.0.1:41/msi/token?x=1"}, {"IDENTITY_HEADER", "canary"}};
    make(Kind::automatic, "uami-1");
    http_.respond(200, good());
    ASSERT_TRUE(ask());
    test::RecordedRequest const& request = http_.requests().front();
    EXPECT_EQ(request.url,
              "http://127.0.0.1:41/msi/token?x=1&api-version=2019-08-01&resource=res&client_id=uami-1");
    EXPECT_EQ(request.headers.get("X-IDENTITY-HEADER"), "canary");
    EXPECT_EQ(request.headers.get("Metadata"), std::nullopt);
}

TEST_F(ManagedIdentity, AsksAppServiceOf2017AsItWantsIt) {
    variables_ = {{"MSI_ENDPOINT", "http://127.0.0.1:41/MSI/token/"}, {"MSI_SECRET", "canary"}};
    for (auto const& [client_id, query] : {std::pair("", ""), std::pair("uami-1", "&clientid=uami-1")}) {
        make(Kind::automatic, client_id);
        http_.respond(200, good());
        ASSERT_TRUE(ask());
        test::RecordedRequest const& request = http_.requests().back();
        EXPECT_EQ(request.url,
                  std::string("http://127.0.0.1:41/MSI/token/?api-version=2017-09-01&resource=res") + query);
        EXPECT_EQ(request.headers.get("secret"), "canary");
        EXPECT_EQ(request.headers.get("Metadata"), std::nullopt);
    }
    EXPECT_EQ(client_->source_name(), "App Service (2017)");
}

TEST_F(ManagedIdentity, ReadsTheDateThatAppServiceOf2017Writes) {
    variables_ = {{"MSI_ENDPOINT", "http://127.0.0.1:41/MSI/token"}, {"MSI_SECRET", "s"}};
    make(Kind::automatic);
    http_.respond(200, R"({"access_token":"MI","expires_on":"11/23/2026 5:20:00 PM +00:00"})");
    ManagedIdentityResult const token = ask();
    ASSERT_TRUE(token) << token.error().error.message();
    EXPECT_EQ(core::format_utc(token->expires_at), "2026-11-23T17:20:00Z");
}

TEST_F(ManagedIdentity, AsksAzureMlForTheIdentityOfItsComputeUnlessAnotherIsNamed) {
    variables_ = {{"MSI_ENDPOINT", "http://127.0.0.1:46808/MSI/auth"},
                  {"MSI_SECRET", "canary"},
                  {"DEFAULT_IDENTITY_CLIENT_ID", "compute"}};
    for (auto const& [client_id, asked] : {std::pair("", "compute"), std::pair("uami-1", "uami-1")}) {
        make(Kind::automatic, client_id);
        http_.respond(200, good());
        ASSERT_TRUE(ask());
        test::RecordedRequest const& request = http_.requests().back();
        EXPECT_EQ(
            request.url,
            std::string("http://127.0.0.1:46808/MSI/auth?api-version=2017-09-01&resource=res&clientid=") +
                asked);
        EXPECT_EQ(request.headers.get("secret"), "canary");
        EXPECT_EQ(request.headers.get("Metadata"), "true");
    }
    EXPECT_EQ(client_->source_name(), "Azure ML");
}

TEST_F(ManagedIdentity, AsksServiceFabricWithItsSecret) {
    variables_ = {{"IDENTITY_ENDPOINT", "https://127.0.0.1:2377/t"},
                  {"IDENTITY_HEADER", "canary"},
                  {"IDENTITY_SERVER_THUMBPRINT", "AB"}};
    pinned_ = [this](std::string const&) { return core::Result<core::HttpClient*>(&http_); };
    make(Kind::automatic);
    http_.respond(200, good());
    ASSERT_TRUE(ask());
    EXPECT_EQ(http_.requests().front().url, "https://127.0.0.1:2377/t?api-version=2020-05-01&resource=res");
    EXPECT_EQ(http_.requests().front().headers.get("secret"), "canary");
}

TEST_F(ManagedIdentity, PostsToCloudShell) {
    variables_ = {{"MSI_ENDPOINT", "http://localhost:50342/oauth2/token"}};
    make(Kind::automatic);
    http_.respond(200, good());
    ASSERT_TRUE(ask());
    EXPECT_EQ(http_.requests().front().method, "POST");
    EXPECT_EQ(http_.requests().front().url, "http://localhost:50342/oauth2/token");
    EXPECT_EQ(http_.requests().front().body, "resource=res");
    EXPECT_EQ(http_.requests().front().headers.get("Metadata"), "true");
}

TEST_F(ManagedIdentity, AnswersTheChallengeOfArc) {
    make(Kind::arc);
    std::string const file = folder_.write("x.key", "arc-key");
    http_.respond(401, "", {{"WWW-Authenticate", "Basic realm=" + file}});
    http_.respond(200, good());
    ASSERT_TRUE(ask());
    ASSERT_EQ(http_.requests().size(), 2U);
    EXPECT_EQ(http_.requests().front().url,
              "http://127.0.0.1:40342/metadata/identity/oauth2/token?api-version=2020-06-01&resource=res");
    EXPECT_EQ(http_.requests()[1].headers.get("Authorization"), "Basic arc-key");
}

TEST_F(ManagedIdentity, ReadsNoFileAnArcChallengeShouldNotName) {
    std::string const outside = folder_.write("passwd", "root");
    std::filesystem::create_symlink(outside, folder_.path() + "/link.key");
    folder_.write("big.key", std::string(5000, 'k'));
    std::string const dir = folder_.path();
    for (std::string const& challenge : {std::string("Basic realm=/etc/passwd"),
                                         "Basic realm=" + dir + "/passwd",
                                         "Basic realm=" + dir + "/../" + "x.key",
                                         "Basic realm=" + dir + "/sub/x.key",
                                         "Basic realm=" + dir + "/link.key",
                                         "Basic realm=" + dir + "/big.key",
                                         "Basic realm=" + dir + "/absent.key",
                                         "Basic realm=" + dir + "/x.key, a=b",
                                         "Bearer realm=" + dir + "/x.key",
                                         std::string("Basic")}) {
        SCOPED_TRACE(challenge);
        make(Kind::arc);
        http_.respond(401, "", {{"WWW-Authenticate", challenge}});
        std::size_t const before = http_.requests().size();
        ManagedIdentityResult const refused = ask();
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().failure_class, FailureClass::configuration);
        EXPECT_EQ(http_.requests().size(), before + 1);
    }
}

TEST_F(ManagedIdentity, ExchangesTheProjectedTokenReadAnewEachTime) {
    variables_ = {{"AZURE_CLIENT_ID", "wi-app"},
                  {"AZURE_TENANT_ID", "wi-tenant"},
                  {"AZURE_AUTHORITY_HOST", "https://login.example/"},
                  {"AZURE_FEDERATED_TOKEN_FILE", folder_.write("token", "projected-1\n")}};
    make(Kind::automatic);
    http_.respond(200, test::token_answer("WI-1"));
    ManagedIdentityResult const first = ask("res");
    ASSERT_TRUE(first);
    EXPECT_EQ(first->value.expose(), "WI-1");
    folder_.write("token", "projected-2");
    http_.respond(200, test::token_answer("WI-2"));
    ASSERT_TRUE(ask("res"));
    EXPECT_EQ(http_.requests()[0].url, "https://login.example/wi-tenant/oauth2/v2.0/token");
    EXPECT_EQ(test::form_field(http_.requests()[0].body, "client_assertion"), "projected-1");
    EXPECT_EQ(test::form_field(http_.requests()[0].body, "scope"), "res/.default");
    EXPECT_EQ(test::form_field(http_.requests()[1].body, "client_assertion"), "projected-2");
}

TEST_F(ManagedIdentity, NamesAProjectedTokenFileThatIsMissing) {
    variables_ = {
        {"AZURE_CLIENT_ID", "c"}, {"AZURE_TENANT_ID", "t"}, {"AZURE_FEDERATED_TOKEN_FILE", "/absent/file"}};
    make(Kind::automatic);
    ManagedIdentityResult const refused = ask();
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().error.message().find("/absent/file"), std::string::npos);
}

TEST_F(ManagedIdentity, RetriesImdsAfterOneTwoAndFourSeconds) {
    for (int const status : {404, 408, 429, 500, 502, 503, 504}) {
        make(Kind::imds);
        std::size_t const before = http_.requests().size();
        http_.respond(status);
        http_.respond(status);
        http_.respond(status);
        http_.respond(200, good());
        EXPECT_TRUE(ask()) << status;
        EXPECT_EQ(waited_, seconds(7)) << status;
        EXPECT_EQ(http_.requests().size(), before + 4);
    }
}

TEST_F(ManagedIdentity, GivesUpOnImdsAfterThreeRetries) {
    make(Kind::imds);
    for (int i = 0; i < 4; ++i) {
        http_.respond(500, R"({"error":"server_error"})");
    }
    ManagedIdentityResult const failed = ask();
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().failure_class, FailureClass::transient);
    EXPECT_EQ(http_.requests().size(), 4U);
    EXPECT_NE(failed.error().error.message().find("IMDS"), std::string::npos);
}

TEST_F(ManagedIdentity, WaitsTenSecondsAtATimeWhileImdsIsUpdated) {
    make(Kind::imds);
    for (int i = 0; i < 7; ++i) {
        http_.respond(410);
    }
    http_.respond(200, good());
    EXPECT_TRUE(ask());
    EXPECT_EQ(waited_, seconds(70));
}

TEST_F(ManagedIdentity, RetriesOthersAfterASecondOrRetryAfter) {
    variables_ = {{"IDENTITY_ENDPOINT", "http://127.0.0.1:41/msi"}, {"IDENTITY_HEADER", "h"}};
    make(Kind::automatic);
    http_.respond(503);
    http_.respond(429, "", {{"Retry-After", "5"}});
    http_.respond(200, good());
    EXPECT_TRUE(ask());
    EXPECT_EQ(waited_, seconds(6));
    http_.respond(502);
    EXPECT_FALSE(ask());
    EXPECT_EQ(waited_, seconds(0)) << "502 is not on their list";
}

TEST_F(ManagedIdentity, LeavesALongRetryAfterToTheCaller) {
    make(Kind::imds);
    http_.respond(429, "", {{"Retry-After", "300"}});
    ManagedIdentityResult const failed = ask();
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().error.retry_after(), seconds(300));
    EXPECT_EQ(failed.error().state, ProviderState::throttled);
    EXPECT_EQ(http_.requests().size(), 1U);
}

TEST_F(ManagedIdentity, FailsFastWhereNobodyEverAnswered) {
    make(Kind::imds);
    http_.fail(core::Error(core::ErrorKind::timeout, "no answer"));
    ManagedIdentityResult const failed = ask();
    ASSERT_FALSE(failed);
    EXPECT_EQ(http_.requests().size(), 1U);
    EXPECT_LE(http_.requests().front().deadline.remaining(clock_.now()), seconds(5));
    EXPECT_EQ(failed.error().failure_class, FailureClass::configuration);
    EXPECT_NE(failed.error().error.message().find("http://169.254.169.254"), std::string::npos);
}

TEST_F(ManagedIdentity, RetriesTheNetworkWhereSomebodyHasAnsweredBefore) {
    make(Kind::imds);
    http_.respond(200, good());
    ASSERT_TRUE(ask());
    http_.fail(core::Error(core::ErrorKind::network, "reset"));
    http_.respond(200, good());
    EXPECT_TRUE(ask());
    EXPECT_EQ(waited_, seconds(1));
}

TEST_F(ManagedIdentity, NamesSourceAndCauseOfARefusal) {
    struct Row {
        int status;
        char const* body;
        char const* words;
    };
    for (Row const row :
         {Row{400,
              R"({"error":"invalid_request","error_description":"Identity not found"})",
              "Identity not found"},
          Row{400,
              R"({"error":"invalid_request","error_description":"Multiple user assigned identities exist"})",
              "Several user-assigned"},
          Row{400, R"({"statusCode":400,"message":"No MSI found"})", "No MSI found"},
          Row{400, R"({"error":{"code":"bad_resource","message":"nested"}})", "bad_resource: nested"},
          Row{403, "plain words", "plain words"}}) {
        SCOPED_TRACE(row.body);
        make(Kind::imds, "uami-1");
        http_.respond(row.status, row.body);
        ManagedIdentityResult const refused = ask();
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().failure_class, FailureClass::configuration);
        std::string const& message = refused.error().error.message();
        EXPECT_NE(message.find(row.words), std::string::npos) << message;
        EXPECT_FALSE(refused.error().error.fix().empty());
    }
}

TEST_F(ManagedIdentity, RefusesAnswersThatAreNoTokens) {
    for (char const* const body : {"",
                                   "{}",
                                   R"({"access_token":"a"})",
                                   R"({"access_token":"a","expires_on":"1000000000"})",
                                   R"({"access_token":"a","expires_on":"never"})",
                                   R"({"expires_on":"1895500000"})"}) {
        SCOPED_TRACE(body);
        make(Kind::imds);
        http_.respond(200, body);
        EXPECT_FALSE(ask());
    }
    make(Kind::imds);
    http_.respond(200, R"({"access_token":"a","expires_in":"3599"})");
    ManagedIdentityResult const token = ask();
    ASSERT_TRUE(token) << "expires_in alone will do";
    EXPECT_EQ(token->expires_at, clock_.system_now() + seconds(3599));
}

ManagedIdentityConfig named_by(std::string object_id, std::string resource_id = {}) {
    ManagedIdentityConfig config;
    config.object_id = std::move(object_id);
    config.resource_id = std::move(resource_id);
    return config;
}

TEST_F(ManagedIdentity, NamesAUserAssignedIdentityByTheParameterOfEachSource) {
    variables_ = {{"IDENTITY_ENDPOINT", "http://127.0.0.1:41/msi"}, {"IDENTITY_HEADER", "h"}};
    std::string const resource_id = "/subscriptions/s/resourceGroups/g/identities/i";
    struct Row {
        Kind kind;
        ManagedIdentityConfig config;
        std::string parameter;
    };
    for (Row const& row :
         {Row{Kind::imds, named_by("o"), "&object_id=o"},
          Row{Kind::imds, named_by("", resource_id), "&msi_res_id=%2Fsubscriptions%2F"},
          Row{Kind::app_service, named_by("o"), "&object_id=o"},
          Row{Kind::app_service, named_by("", resource_id), "&mi_res_id=%2Fsubscriptions%2F"}}) {
        SCOPED_TRACE(row.parameter);
        make(row.kind, row.config);
        http_.respond(200, good());
        ASSERT_TRUE(ask());
        EXPECT_NE(http_.requests().back().url.find(row.parameter), std::string::npos)
            << http_.requests().back().url;
    }
}

TEST_F(ManagedIdentity, RefusesAnIdentityThatTheSourceCannotBeTold) {
    variables_ = {{"IDENTITY_ENDPOINT", "http://127.0.0.1:41/msi"},
                  {"IDENTITY_HEADER", "h"},
                  {"IDENTITY_SERVER_THUMBPRINT", "t"},
                  {"MSI_ENDPOINT", "http://127.0.0.1:42"},
                  {"MSI_SECRET", "s"},
                  {"DEFAULT_IDENTITY_CLIENT_ID", "c"},
                  {"AZURE_CLIENT_ID", "c"},
                  {"AZURE_TENANT_ID", "t"},
                  {"AZURE_FEDERATED_TOKEN_FILE", "f"}};
    for (Kind const kind : {Kind::arc,
                            Kind::cloud_shell,
                            Kind::service_fabric,
                            Kind::workload_identity,
                            Kind::app_service_2017,
                            Kind::azure_ml}) {
        SCOPED_TRACE(to_string(kind));
        make(kind, named_by("", "/subscriptions/s"));
        ManagedIdentityResult const token = ask();
        ASSERT_FALSE(token);
        EXPECT_EQ(token.error().failure_class, FailureClass::configuration);
        EXPECT_NE(token.error().error.message().find("resource id"), std::string::npos);
    }
    ManagedIdentityConfig twice = named_by("o", "/subscriptions/s");
    make(Kind::imds, twice);
    EXPECT_FALSE(ask());
    EXPECT_TRUE(http_.requests().empty());
}

TEST_F(ManagedIdentity, AsksServiceFabricThroughTheClientThatTrustsItsThumbprintAlone) {
    variables_ = {{"IDENTITY_ENDPOINT", "https://10.0.0.4:2377/metadata/identity/oauth2/token"},
                  {"IDENTITY_HEADER", "secret-header"},
                  {"IDENTITY_SERVER_THUMBPRINT", "AB12"}};
    test::ScriptedHttpClient pinned;
    std::string asked_for;
    pinned_ = [&](std::string const& thumbprint) {
        asked_for = thumbprint;
        return core::Result<core::HttpClient*>(&pinned);
    };
    make(Kind::automatic, named_by("principal-1"));
    pinned.respond(200, good("SF"));
    ManagedIdentityResult const token = ask();
    ASSERT_TRUE(token) << token.error().error.message();
    EXPECT_EQ(asked_for, "AB12");
    EXPECT_TRUE(http_.requests().empty());
    ASSERT_EQ(pinned.requests().size(), 1U);
    EXPECT_EQ(pinned.requests().front().headers.get("secret"), "secret-header");
    EXPECT_NE(pinned.requests().front().url.find("api-version=2020-05-01"), std::string::npos);
    EXPECT_NE(pinned.requests().front().url.find("principalId=principal-1"), std::string::npos);
}

TEST_F(ManagedIdentity, AThumbprintThatIsNoneIsAMisconfiguration) {
    variables_ = {{"IDENTITY_ENDPOINT", "https://10.0.0.4:2377/token"},
                  {"IDENTITY_HEADER", "h"},
                  {"IDENTITY_SERVER_THUMBPRINT", "nonsense"}};
    pinned_ = [](std::string const&) {
        return core::Result<core::HttpClient*>(
            core::fail(core::ErrorKind::invalid_argument, "no thumbprint"));
    };
    make(Kind::service_fabric);
    ManagedIdentityResult const token = ask();
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().failure_class, FailureClass::configuration);
    EXPECT_NE(token.error().error.fix().find("IDENTITY_SERVER_THUMBPRINT"), std::string::npos);
}

TEST_F(ManagedIdentity, TellsAppServiceWhichTokenWasRevoked) {
    variables_ = {{"IDENTITY_ENDPOINT", "http://127.0.0.1:41/msi"}, {"IDENTITY_HEADER", "h"}};
    make(Kind::app_service);
    http_.respond(200, good());
    ASSERT_TRUE(ask("res", "0af3"));
    std::string const& url = http_.requests().back().url;
    EXPECT_NE(url.find("api-version=2025-03-30"), std::string::npos) << url;
    EXPECT_NE(url.find("xms_cc=cp1"), std::string::npos) << url;
    EXPECT_NE(url.find("token_sha256_to_refresh=0af3"), std::string::npos) << url;
    make(Kind::imds);
    http_.respond(200, good());
    ASSERT_TRUE(ask("res", "0af3"));
    EXPECT_EQ(http_.requests().back().url.find("0af3"), std::string::npos) << "IMDS knows nothing of it";
}

TEST_F(ManagedIdentity, FindsAnArcAgentWhoseVariablesAreNotExported) {
    std::string const agent = folder_.write("himds", "");
    make(Kind::automatic);
    std::string const key = folder_.write("challenge.key", "the-key");
    http_.respond(401, "", {{"WWW-Authenticate", "Basic realm=" + key}});
    http_.respond(200, good("ARC"));
    ManagedIdentityResult const token = ask();
    ASSERT_TRUE(token) << token.error().error.message();
    EXPECT_TRUE(http_.requests().front().url.starts_with("http://127.0.0.1:40342/"));
}

} // namespace
} // namespace auth
