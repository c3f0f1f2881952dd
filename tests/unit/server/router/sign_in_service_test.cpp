#include "server/router/sign_in_service.hpp"

#include "core/text/base64.hpp"
#include "core/text/percent_encoding.hpp"
#include "support/log_capture.hpp"
#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"
#include "support/scripted_http_client.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace {

using server::SignInState;
using server::SignInStatus;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr char const* kTenant = "22222222-2222-2222-2222-222222222222";
constexpr char const* kApp = "33333333-3333-3333-3333-333333333333";

/// Grants by organization, listed as the real store does.
class Grants final : public auth::LocalGrantStore {
public:
    core::Task<core::Result<std::optional<auth::OAuthGrant>>> load_grant(std::string organization) override {
        auto const found = grants.find(organization);
        if (found == grants.end()) {
            co_return std::optional<auth::OAuthGrant>();
        }
        co_return std::optional<auth::OAuthGrant>(found->second.clone());
    }
    core::Task<core::Result<void>> save_grant(std::string organization, auth::OAuthGrant& grant) override {
        if (full) {
            co_return core::fail(core::ErrorKind::internal, "the disk is full");
        }
        grants.insert_or_assign(organization, grant.clone());
        co_return core::Result<void>();
    }
    core::Task<core::Result<bool>> remove_grant(std::string organization) override {
        co_return grants.erase(organization) != 0;
    }
    core::Task<core::Result<std::vector<ListedGrant>>> list_grants() override {
        std::vector<ListedGrant> all;
        for (auto const& [organization, grant] : grants) {
            ListedGrant one;
            one.organization = organization;
            one.tenant = grant.tenant;
            one.identity = grant.identity;
            one.obtained_at = grant.obtained_at;
            all.push_back(std::move(one));
        }
        co_return all;
    }
    std::map<std::string, auth::OAuthGrant> grants;
    bool full = false;
};

std::string id_token(std::string const& nonce) {
    return core::base64url_encode(R"({"alg":"RS256"})") + "." +
           core::base64url_encode(R"({"aud":")" + std::string(kApp) + R"(","nonce":")" + nonce +
                                  R"(","tid":")" + kTenant +
                                  R"(","oid":"o","preferred_username":"ada@contoso.example"})") +
           ".c2ln";
}

class SignIn : public testing::Test {
protected:
    SignIn() {
        config.entra.authority = "https://login.example";
        config.entra.client_id = kApp;
        http.handle([this](test::RecordedRequest const& request) { return answer(request); });
        make();
    }
    ~SignIn() override {
        tasks.cancel_all();
        loop.run(tasks.wait());
    }

    /// The service anew, as after a restart.
    void make() {
        auth::ProviderEnvironment provider(loop.executor(), http, clock);
        provider.authority = config.entra.authority;
        server::SignInEnvironment environment(config, std::move(provider), http, grants, sealer, tasks);
        service = std::make_unique<server::SignInService>(std::move(environment));
        server::SignInReturn where;
        where.port = 8931;
        service->set_return(std::move(where));
    }

    /// Entra and Azure DevOps.
    core::Result<core::HttpResponse> answer(test::RecordedRequest const& request) {
        std::string const& url = request.url;
        if (request.method == "HEAD") {
            return test::make_response(404, "", {{"X-VSS-ResourceTenant", kTenant}});
        }
        if (url.ends_with("/devicecode")) {
            return test::make_response(
                200,
                R"({"user_code":"F7KQ2W9LA","device_code":"canary-device","interval":5,"expires_in":900,)"
                R"("verification_uri":"https://microsoft.com/devicelogin"})");
        }
        if (url.ends_with("/token")) {
            std::optional<core::QueryPairs> const form = core::parse_query(request.body);
            std::string const grant(core::find_value(*form, "grant_type").value_or(""));
            if (grant.ends_with("device_code") && device_pending) {
                return test::make_response(400, R"({"error":"authorization_pending"})");
            }
            if (grant == "refresh_token" && refuse_refresh) {
                return test::make_response(
                    400,
                    R"({"error":"invalid_grant","error_description":"AADSTS53003: Blocked.","error_codes":[53003]})");
            }
            return test::make_response(
                200,
                R"({"token_type":"Bearer","expires_in":3600,"access_token":"canary-access","refresh_token":"canary-refresh-)" +
                    std::to_string(++redeemed) + R"(","id_token":")" + id_token(nonce) + "\"}");
        }
        if (url.find("connectionData") != std::string::npos) {
            if (no_access) {
                return test::make_response(401, "");
            }
            return test::make_response(
                200,
                R"({"authenticatedUser":{"id":"11111111-2222-3333-4444-555555555555","providerDisplayName":"Ada"}})",
                {{"Content-Type", "application/json"}});
        }
        return test::make_response(
            404,
            R"({"message":"TF401019: no such repository","typeKey":"GitRepositoryNotFoundException"})",
            {{"Content-Type", "application/json"}});
    }

    core::Result<server::SignInLink> try_start(std::string organization = "contoso") {
        server::SignInRequest request(std::move(organization));
        request.principal = "admin-1";
        request.login_hint = hint;
        request.tenant = tenant;
        request.prompt = prompt;
        return loop.run(service->start(std::move(request), ctx));
    }
    server::SignInLink start(std::string organization = "contoso") {
        core::Result<server::SignInLink> link = try_start(std::move(organization));
        EXPECT_TRUE(link) << core::describe(link.error());
        nonce = parameter(link->authorize_url, "nonce");
        return *link;
    }
    static std::string parameter(std::string const& url, std::string_view name) {
        std::optional<core::QueryPairs> const query = core::parse_query(url.substr(url.find('?') + 1));
        return std::string(core::find_value(*query, name).value_or(""));
    }
    core::Result<SignInStatus> finish(std::string const& encoded) {
        std::optional<auth::AuthorizationAnswer> parsed = auth::read_authorization_answer(encoded);
        EXPECT_TRUE(parsed) << encoded;
        return loop.run(service->finish(std::move(*parsed), ctx));
    }
    core::Result<SignInStatus> finish(server::SignInLink const& link) {
        return finish("code=canary-code&state=" + parameter(link.authorize_url, "state"));
    }
    SignInStatus status(std::string const& flow_id) {
        core::Result<SignInStatus> found = loop.run(service->status(flow_id, ctx));
        EXPECT_TRUE(found) << core::describe(found.error());
        return found ? *found : SignInStatus("");
    }
    std::size_t asked(std::string_view part) const {
        std::size_t count = 0;
        for (test::RecordedRequest const& request : http.requests()) {
            count += request.url.find(part) == std::string::npos ? 0U : 1U;
        }
        return count;
    }

    test::Loop loop;
    test::ManualClock clock;
    test::ScriptedHttpClient http;
    core::CallContext ctx{"request", core::Deadline::never()};
    server::Config config;
    Grants grants;
    core::Sealer sealer = core::Sealer::ephemeral();
    core::TaskGroup tasks{loop.executor()};
    std::unique_ptr<server::SignInService> service;
    std::string nonce;
    std::string hint;
    std::string tenant;
    std::string prompt;
    int redeemed = 0;
    bool refuse_refresh = false;
    bool no_access = false;
    bool device_pending = true;
};

TEST_F(SignIn, ALinkLeadsToTheTenantOfTheOrganizationAndBackHere) {
    server::SignInLink const link = start();
    EXPECT_TRUE(link.authorize_url.starts_with("https://login.example/" + std::string(kTenant) +
                                               "/oauth2/v2.0/authorize?"))
        << link.authorize_url;
    EXPECT_EQ(link.redirect_uri, "http://localhost:8931/");
    EXPECT_EQ(parameter(link.authorize_url, "redirect_uri"), link.redirect_uri);
    EXPECT_EQ(parameter(link.authorize_url, "prompt"), "select_account");
    EXPECT_EQ(link.expires_at, clock.system_now() + minutes(10));
    EXPECT_EQ(status(link.flow_id).state, SignInState::pending);
    EXPECT_TRUE(service->knows(parameter(link.authorize_url, "state")));
    EXPECT_FALSE(service->knows("another"));

    hint = "ada@contoso.example";
    std::string const hinted = start().authorize_url;
    EXPECT_EQ(parameter(hinted, "login_hint"), hint);
    EXPECT_EQ(parameter(hinted, "prompt"), "") << "the hint has chosen";
}

TEST_F(SignIn, AsksForAnotherAccountOrAFreshSignInAsItIsTold) {
    prompt = "login";
    EXPECT_EQ(parameter(start().authorize_url, "prompt"), "login");
    hint = "ada@contoso.example";
    prompt = "select_account";
    std::string const url = start().authorize_url;
    EXPECT_EQ(parameter(url, "prompt"), "select_account") << "the person may choose in spite of the hint";
    EXPECT_EQ(parameter(url, "login_hint"), hint);
    prompt = "anything";
    auto const refused = try_start();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), "invalid_prompt");
    EXPECT_EQ(refused.error().kind(), core::ErrorKind::invalid_argument);
}

TEST_F(SignIn, PassesTheClaimsOfTheLapsedSignInOnToTheAuthority) {
    auth::OAuthGrant lapsed(kTenant, kApp, core::Secret("old"));
    lapsed.sign_in_claims = R"({"access_token":{"acrs":{"essential":true,"value":"c1"}}})";
    grants.grants.insert_or_assign("contoso", std::move(lapsed));
    server::SignInLink const link = start();
    EXPECT_NE(parameter(link.authorize_url, "claims").find("acrs"), std::string::npos);
    auto const outcome = finish(link);
    ASSERT_TRUE(outcome) << core::describe(outcome.error());
    EXPECT_EQ(outcome->state, SignInState::connected);
    std::string redeemed_with;
    for (test::RecordedRequest const& request : http.requests()) {
        std::optional<core::QueryPairs> const form = core::parse_query(request.body);
        if (form && core::find_value(*form, "grant_type") == "authorization_code") {
            redeemed_with = core::find_value(*form, "claims").value_or("");
        }
    }
    EXPECT_NE(redeemed_with.find("acrs"), std::string::npos) << redeemed_with;
    EXPECT_EQ(grants.grants.at("contoso").sign_in_claims, "");
    EXPECT_EQ(parameter(start().authorize_url, "claims").find("acrs"), std::string::npos);
}

TEST_F(SignIn, TheTenantIsTheOneNamedThenTheConnectorsThenTheOrganizations) {
    server::ConnectorConfig connector;
    connector.organization = "https://dev.azure.com/Contoso";
    server::AuthMethodConfig method;
    method.method = server::AuthMethod::oauth;
    method.tenant = "declared.example";
    connector.auth.push_back(std::move(method));
    config.connectors.push_back(std::move(connector));
    EXPECT_EQ(start().tenant, "declared.example");
    EXPECT_EQ(start("fabrikam").tenant, kTenant);
    tenant = "named.example";
    EXPECT_EQ(start().tenant, "named.example");
    tenant = "a/b?c";
    auto const refused = try_start();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), "invalid_tenant");
}

TEST_F(SignIn, IsRefusedWhereItCannotWork) {
    EXPECT_EQ(try_start("-").error().kind(), core::ErrorKind::invalid_argument);
    EXPECT_EQ(try_start("https://evil.example/contoso").error().kind(), core::ErrorKind::invalid_argument);
    service->set_return(server::SignInReturn());
    EXPECT_EQ(try_start().error().code(), "redirect_unavailable");
    make();
    config.entra.client_id.clear();
    EXPECT_EQ(try_start().error().code(), "config_invalid");
}

TEST(SignInRedirect, FollowsPublicUrlClientAndPort) {
    server::EntraConfig entra;
    entra.client_id = kApp;
    server::SignInReturn where;
    EXPECT_FALSE(server::redirect_uri_of(entra, where));
    where.port = 8931;
    EXPECT_EQ(server::redirect_uri_of(entra, where).value(), "http://localhost:8931/");
    where.public_url = "https://mcp.example.net/ado/";
    EXPECT_EQ(server::redirect_uri_of(entra, where).value(),
              "https://mcp.example.net/ado/api/v1/azuredevops/auth/oauth/callback");
    where.port.reset();
    EXPECT_TRUE(server::redirect_uri_of(entra, where));
    entra.client_id = server::kDeveloperClientId;
    EXPECT_FALSE(server::redirect_uri_of(entra, where)) << "registered for loopback only";
    where.port = 8931;
    EXPECT_EQ(server::redirect_uri_of(entra, where).value(), "http://localhost:8931/");
    entra.client_id = kApp;
    entra.client_secret = core::Secret("x");
    where.public_url.clear();
    EXPECT_EQ(server::redirect_uri_of(entra, where).value(),
              "http://localhost:8931/api/v1/azuredevops/auth/oauth/callback");
}

TEST_F(SignIn, TheBrowsersReturnStoresAProvenGrant) {
    test::LogCapture const log;
    server::SignInLink const link = start();
    core::Result<SignInStatus> const outcome = finish(link);
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->state, SignInState::connected);
    EXPECT_EQ(outcome->identity, "ada@contoso.example");
    ASSERT_TRUE(grants.grants.contains("contoso"));
    EXPECT_TRUE(grants.grants.at("contoso").refresh_token.equals("canary-refresh-2"))
        << "the one that the proof brought";
    EXPECT_EQ(asked("connectionData"), 1U);
    SignInStatus const later = status(link.flow_id);
    EXPECT_EQ(later.state, SignInState::connected);
    EXPECT_EQ(later.identity, "ada@contoso.example");
    EXPECT_EQ(later.organization, "contoso");
    EXPECT_NE(log.text().find("admin-1"), std::string::npos) << "who started it is on record";
    EXPECT_EQ(log.text().find("canary"), std::string::npos) << log.text();
    EXPECT_EQ(log.text().find(parameter(link.authorize_url, "state")), std::string::npos);
}

TEST_F(SignIn, ALinkIsGoodForOneAnswer) {
    server::SignInLink const link = start();
    ASSERT_TRUE(finish(link));
    std::size_t const tokens = asked("/token");
    core::Result<SignInStatus> const again = finish(link);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code(), "sign_in_used");
    EXPECT_EQ(asked("/token"), tokens) << "the code is not shown a second time";
    EXPECT_EQ(status(link.flow_id).state, SignInState::connected) << "what was done stays done";
    clock.advance(minutes(11));
    EXPECT_EQ(finish(link).error().code(), "sign_in_expired");
    EXPECT_EQ(status(link.flow_id).state, SignInState::connected);
}

TEST_F(SignIn, ARestartInBetweenChangesNothing) {
    server::SignInLink const link = start();
    make();
    EXPECT_EQ(status(link.flow_id).state, SignInState::pending);
    EXPECT_TRUE(service->knows(parameter(link.authorize_url, "state")));
    core::Result<SignInStatus> const outcome = finish(link);
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->state, SignInState::connected);
    EXPECT_EQ(status(link.flow_id).state, SignInState::connected);
    make();
    EXPECT_EQ(status(link.flow_id).state, SignInState::connected) << "the stored grant tells";
}

TEST_F(SignIn, ABrowserThatReopensItsTabsAfterARestartDoesNotSpendTheCodeAgain) {
    server::SignInLink const link = start();
    ASSERT_TRUE(finish(link));
    make();
    std::size_t const tokens = asked("/token");
    core::Result<SignInStatus> const again = finish(link);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code(), "sign_in_used");
    EXPECT_EQ(asked("/token"), tokens);
}

TEST_F(SignIn, AnOlderGrantDoesNotEndANewSignIn) {
    ASSERT_TRUE(finish(start()));
    clock.advance(seconds(1));
    EXPECT_EQ(status(start().flow_id).state, SignInState::pending);
}

TEST_F(SignIn, ALinkOpenedTooLateIsWorthless) {
    server::SignInLink const link = start();
    clock.advance(minutes(10));
    EXPECT_EQ(status(link.flow_id).state, SignInState::failed);
    core::Result<SignInStatus> const outcome = finish(link);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code(), "sign_in_expired");
    EXPECT_EQ(asked("/token"), 0U);
    SignInStatus const later = status(link.flow_id);
    EXPECT_EQ(later.state, SignInState::failed);
    EXPECT_EQ(later.failure->code(), "sign_in_expired");
}

TEST_F(SignIn, HowLongALinkLivesIsALimit) {
    config.limits.sign_in_ms = std::chrono::milliseconds(2000);
    EXPECT_EQ(start().expires_at, clock.system_now() + seconds(2));
}

TEST_F(SignIn, AStateThatWasChangedIsUnknown) {
    std::string state = parameter(start().authorize_url, "state");
    state[20] = state[20] == 'A' ? 'B' : 'A';
    core::Result<SignInStatus> const outcome = finish("code=c&state=" + state);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code(), "sign_in_unknown");
}

TEST_F(SignIn, WhatDoesNotWorkIsNotStored) {
    server::SignInLink const declined = start();
    core::Result<SignInStatus> outcome =
        finish("error=access_denied&state=" + parameter(declined.authorize_url, "state"));
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->state, SignInState::failed);
    EXPECT_EQ(outcome->failure->code(), "access_denied");
    EXPECT_EQ(status(declined.flow_id).failure->code(), "access_denied");

    server::SignInLink const foreign = start();
    nonce = "another";
    outcome = finish(foreign);
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->failure->code(), "nonce_mismatch");

    server::SignInLink const refused = start();
    refuse_refresh = true;
    outcome = finish(refused);
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->failure->code(), "AADSTS53003");
    refuse_refresh = false;

    server::SignInLink const outsider = start();
    no_access = true;
    outcome = finish(outsider);
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->state, SignInState::failed);
    no_access = false;

    server::SignInLink const unlucky = start();
    grants.full = true;
    outcome = finish(unlucky);
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->state, SignInState::failed);
    EXPECT_TRUE(grants.grants.empty());
}

TEST_F(SignIn, SeveralAreUnderWayAtOnceAndTheOldestAreForgotten) {
    config.limits.sign_in_flows = 2;
    make();
    server::SignInLink const first = start("contoso");
    std::string const first_nonce = nonce;
    server::SignInLink const second = start("fabrikam");
    server::SignInLink const third = start("northwind");
    nonce = first_nonce;
    core::Result<SignInStatus> const outcome = finish(first);
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->state, SignInState::connected) << "forgotten, and yet it works";
    EXPECT_EQ(status(third.flow_id).state, SignInState::pending);
    EXPECT_EQ(status(second.flow_id).state, SignInState::pending);
}

TEST_F(SignIn, AnInventedFlowIsNotFound) {
    core::Result<SignInStatus> const found = loop.run(service->status("invented", ctx));
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind(), core::ErrorKind::not_found);
    EXPECT_EQ(found.error().code(), "flow_not_found");
}

TEST_F(SignIn, WhoWaitsHearsOfTheEnd) {
    server::SignInLink const link = start();
    auto waiting = loop.spawn(service->wait(link.flow_id, ctx));
    loop.poll();
    EXPECT_FALSE(waiting.done());
    ASSERT_TRUE(finish(link));
    loop.wait(waiting);
    core::Result<SignInStatus> const ended = waiting.take();
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->state, SignInState::connected);
    // A deadline that has passed is an answer too.
    core::CallContext const hurried("request", core::Deadline::in(clock, seconds(0)));
    server::SignInLink const other = start("fabrikam");
    core::Result<SignInStatus> const pending = loop.run(service->wait(other.flow_id, hurried));
    ASSERT_TRUE(pending);
    EXPECT_EQ(pending->state, SignInState::pending);
}

TEST_F(SignIn, ADeviceCodeIsPolledForInTheBackground) {
    server::SignInRequest request("contoso");
    core::Result<server::DeviceSignIn> const shown = loop.run(service->start_device(std::move(request), ctx));
    ASSERT_TRUE(shown);
    EXPECT_EQ(shown->user_code, "F7KQ2W9LA");
    EXPECT_EQ(shown->expires_at, clock.system_now() + seconds(900));
    loop.poll();
    clock.advance(seconds(5));
    loop.poll();
    EXPECT_EQ(status(shown->flow_id).state, SignInState::pending);
    device_pending = false;
    clock.advance(seconds(5));
    loop.run_until([&] { return status(shown->flow_id).state != SignInState::pending; });
    SignInStatus const ended = status(shown->flow_id);
    EXPECT_EQ(ended.state, SignInState::connected);
    EXPECT_EQ(ended.identity, "ada@contoso.example");
    EXPECT_TRUE(grants.grants.contains("contoso"));
    EXPECT_EQ(tasks.size(), 0U);
}

TEST_F(SignIn, ADeviceCodeThatIsStoppedHasFailed) {
    server::SignInRequest request("contoso");
    core::Result<server::DeviceSignIn> const shown = loop.run(service->start_device(std::move(request), ctx));
    ASSERT_TRUE(shown);
    loop.poll();
    tasks.cancel_all();
    loop.run(tasks.wait());
    SignInStatus const ended = status(shown->flow_id);
    EXPECT_EQ(ended.state, SignInState::failed);
}

class DeviceSignIn : public SignIn {
protected:
    core::Task<core::Result<server::DeviceSignIn>> starting(std::string organization = "contoso") {
        server::SignInRequest request(std::move(organization));
        request.principal = "admin-1";
        request.tenant = tenant;
        return service->start_device(std::move(request), ctx);
    }
    server::DeviceSignIn show(std::string organization = "contoso") {
        core::Result<server::DeviceSignIn> shown = loop.run(starting(std::move(organization)));
        EXPECT_TRUE(shown) << core::describe(shown.error());
        loop.poll();
        return shown ? *shown : server::DeviceSignIn("");
    }
    SignInStatus cancel(std::string const& flow_id) {
        core::Result<SignInStatus> ended = loop.run(service->cancel(flow_id, "admin-2", ctx));
        EXPECT_TRUE(ended) << core::describe(ended.error());
        loop.poll();
        return ended ? *ended : SignInStatus("");
    }
};

TEST_F(DeviceSignIn, AnOrganizationHasOneCodeAtATimeAndItIsShownAgain) {
    server::DeviceSignIn const first = show();
    clock.advance(seconds(300));
    server::DeviceSignIn const again = show("Contoso");
    EXPECT_EQ(again.flow_id, first.flow_id);
    EXPECT_EQ(again.user_code, first.user_code);
    EXPECT_EQ(again.expires_at, first.expires_at);
    EXPECT_FALSE(first.pending_before);
    EXPECT_TRUE(again.pending_before);
    EXPECT_EQ(asked("/devicecode"), 1U);
    EXPECT_FALSE(show("fabrikam").pending_before);
    EXPECT_EQ(tasks.size(), 2U);
}

TEST_F(DeviceSignIn, CallersWhoComeAtOnceGetTheSameCode) {
    tenant = kTenant;
    http.hold();
    std::vector<test::Loop::Spawned<core::Result<server::DeviceSignIn>>> callers;
    for (int i = 0; i < 3; ++i) {
        callers.push_back(loop.spawn(starting()));
    }
    loop.poll();
    EXPECT_EQ(http.held(), 1U);
    http.release();
    std::string flow_id;
    for (auto& caller : callers) {
        loop.wait(caller);
        core::Result<server::DeviceSignIn> const shown = caller.take();
        ASSERT_TRUE(shown);
        EXPECT_TRUE(flow_id.empty() || shown->flow_id == flow_id);
        flow_id = shown->flow_id;
    }
    EXPECT_EQ(asked("/devicecode"), 1U);
}

TEST_F(DeviceSignIn, ACodeThatCouldNotBeHadLeavesTheWayFreeForTheNext) {
    tenant = kTenant;
    http.fail(core::Error(core::ErrorKind::network, "nobody answers"));
    EXPECT_FALSE(loop.run(starting()));
    EXPECT_FALSE(show().pending_before);
}

TEST_F(DeviceSignIn, ACodeForAnotherTenantTakesThePlaceOfTheOneBefore) {
    server::DeviceSignIn const first = show();
    tenant = "44444444-4444-4444-4444-444444444444";
    server::DeviceSignIn const second = show();
    EXPECT_NE(second.flow_id, first.flow_id);
    EXPECT_EQ(second.tenant, tenant);
    SignInStatus const ended = status(first.flow_id);
    EXPECT_EQ(ended.state, SignInState::failed);
    EXPECT_EQ(ended.failure->code(), "sign_in_superseded");
    EXPECT_EQ(tasks.size(), 1U) << "the first one is no longer polled for";
    device_pending = false;
    clock.advance(seconds(5));
    loop.run_until([&] { return status(second.flow_id).state != SignInState::pending; });
    EXPECT_EQ(status(second.flow_id).state, SignInState::connected);
    EXPECT_EQ(status(first.flow_id).failure->code(), "sign_in_superseded") << "an end stands";
}

TEST_F(DeviceSignIn, ACodeWithHardlyAnyTimeLeftIsNotShownAgain) {
    server::DeviceSignIn const first = show();
    clock.advance(seconds(841));
    loop.poll();
    server::DeviceSignIn const second = show();
    EXPECT_NE(second.flow_id, first.flow_id);
    EXPECT_EQ(status(first.flow_id).failure->code(), "sign_in_superseded");
}

TEST_F(DeviceSignIn, OneThatHasEndedMakesRoom) {
    device_pending = false;
    server::DeviceSignIn const first = show();
    clock.advance(seconds(5));
    loop.run_until([&] { return status(first.flow_id).state != SignInState::pending; });
    EXPECT_FALSE(show().pending_before);
    EXPECT_EQ(asked("/devicecode"), 2U);
}

TEST_F(DeviceSignIn, CancellingEndsThePollingForGood) {
    server::DeviceSignIn const shown = show();
    std::size_t const polls = asked("/token");
    EXPECT_EQ(cancel(shown.flow_id).failure->code(), "sign_in_cancelled");
    EXPECT_EQ(tasks.size(), 0U);
    clock.advance(seconds(60));
    loop.poll();
    EXPECT_EQ(asked("/token"), polls);
    EXPECT_EQ(status(shown.flow_id).failure->code(), "sign_in_cancelled");
    EXPECT_EQ(cancel(shown.flow_id).failure->code(), "sign_in_cancelled") << "once more changes nothing";
    EXPECT_FALSE(show().pending_before);
}

TEST_F(DeviceSignIn, ACancelledLinkNoLongerWorks) {
    server::SignInLink const link = start();
    EXPECT_EQ(cancel(link.flow_id).failure->code(), "sign_in_cancelled");
    core::Result<SignInStatus> const outcome = finish(link);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code(), "sign_in_cancelled");
    EXPECT_EQ(asked("/token"), 0U);
    server::SignInLink const done = start();
    ASSERT_TRUE(finish(done));
    EXPECT_EQ(cancel(done.flow_id).state, SignInState::connected) << "what was done stays done";
}

} // namespace
