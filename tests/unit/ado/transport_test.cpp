#include "fixture.hpp"

#include "ado/work_items.hpp"
#include "support/log_capture.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace {

using ado_test::ClientTest;
using core::AuthScheme;
using core::ErrorKind;

std::string const kRepositories = R"({"value":[{"id":"77aa","name":"engine"}],"count":1})";
std::string const kItem = R"({"id":973,"rev":1,"fields":{"System.Title":"t"}})";

std::vector<std::pair<std::string, std::string>> basic_challenge() {
    return {{"WWW-Authenticate", "Basic realm=\"https://tfsprodcus0.app.visualstudio.com/\""}};
}

core::Result<std::vector<ado::Repository>> list(ClientTest& test) {
    std::string const project = "P";
    return test.loop.run(test.client.list_repositories(project, test.ctx));
}

core::Result<ado::WorkItem> create(ClientTest& test) {
    std::string const project = "P";
    std::string const type = "Task";
    ado::WorkItemPatch patch;
    patch.set("System.Title", "t");
    ado::WriteOptions const options;
    return test.loop.run(test.client.create_work_item(project, type, patch, options, test.ctx));
}

TEST(Transport, SendsTheHeadersOfAGoodClient) {
    ClientTest test;
    test.respond_json(kRepositories);
    ASSERT_TRUE(list(test));
    ASSERT_EQ(test.http.requests().size(), 1U);
    auto const& request = test.http.requests()[0];
    EXPECT_EQ(request.method, "GET");
    EXPECT_EQ(request.url, "https://dev.azure.com/contoso/P/_apis/git/repositories");
    EXPECT_EQ(request.headers.get("Accept"), "application/json;api-version=7.1");
    EXPECT_EQ(request.headers.get("X-TFS-FedAuthRedirect"), "Suppress");
    EXPECT_TRUE(request.headers.get("User-Agent")->starts_with("ado-mcpd/0."));
    EXPECT_EQ(request.headers.get("X-TFS-Session")->size(), 36U);
    EXPECT_FALSE(request.headers.get("Authorization")) << "the HTTP client writes it";
    EXPECT_FALSE(request.headers.get("Content-Type"));
    EXPECT_EQ(request.credential, "first");
    EXPECT_EQ(request.auth_scheme, AuthScheme::bearer);
    EXPECT_TRUE(request.idempotent);
}

TEST(Transport, KeepsOneSessionIdForTheProcess) {
    ClientTest one;
    ClientTest two;
    one.respond_json(kRepositories);
    two.respond_json(kRepositories);
    ASSERT_TRUE(list(one));
    ASSERT_TRUE(list(two));
    EXPECT_EQ(one.http.requests()[0].headers.get("X-TFS-Session"),
              two.http.requests()[0].headers.get("X-TFS-Session"));
}

TEST(Transport, RecordsWhoServedTheCall) {
    ClientTest test;
    test.respond_json(kRepositories);
    ASSERT_TRUE(list(test));
    EXPECT_EQ(test.ctx.trace->identity, "user@example.com");
    EXPECT_EQ(test.ctx.trace->method, "oauth");
    EXPECT_EQ(test.ctx.trace->activity_id, "0dafdc50-f9cf-4b55-b970-38fa8c1f0be1");

    test.http.respond(200, kRepositories, {{"X-VSS-UserData", "22157d54-1821-6536-a446-928b06348385"}});
    ASSERT_TRUE(list(test));
    EXPECT_EQ(test.ctx.trace->identity, "22157d54-1821-6536-a446-928b06348385");
}

TEST(Transport, RepeatsOnceWithAFreshTokenWhateverTheRefusalLooksLike) {
    struct Refusal {
        int status;
        std::string body;
        std::vector<std::pair<std::string, std::string>> headers;
    };
    std::vector<Refusal> const table = {
        {401, "", basic_challenge()},
        {401, "<html><title>Access Denied: The Personal Access Token used has expired.</title>", {}},
        {203, "<html><title>Azure DevOps Services | Sign In</title>", {{"Content-Type", "text/html"}}},
        {302, "", {{"Location", "https://spsprodcus1.vssps.visualstudio.com/_signin?realm=dev.azure.com"}}},
        {200, "\xEF\xBB\xBF<!DOCTYPE html>", {{"Content-Type", "application/json"}}},
        {200, "", {{"Content-Type", "text/html; charset=utf-8"}}},
    };
    for (Refusal const& refusal : table) {
        SCOPED_TRACE(std::to_string(refusal.status) + " " + refusal.body);
        test::LogCapture const log;
        ClientTest test;
        test.http.respond(refusal.status, refusal.body, refusal.headers);
        test.respond_json(kItem);
        auto const item = create(test);
        ASSERT_TRUE(item) << item.error().message();
        EXPECT_EQ(item->id, 973);
        ASSERT_EQ(test.http.requests().size(), 2U);
        EXPECT_EQ(test.http.requests()[1].credential, "second");
        EXPECT_EQ(test.http.requests()[1].body, test.http.requests()[0].body);
        EXPECT_EQ(test.tokens.invalidated, std::vector<std::string>{"first"});
        EXPECT_TRUE(log.contains("ado.credential_refused"));
        EXPECT_FALSE(log.contains("first"));
    }
}

TEST(Transport, GivesUpAfterTheSecondRefusal) {
    ClientTest test;
    test.http.respond(401, "", basic_challenge());
    test.http.respond(401, "", basic_challenge());
    auto const repositories = list(test);
    ASSERT_FALSE(repositories);
    EXPECT_EQ(repositories.error().kind(), ErrorKind::unauthorized);
    EXPECT_EQ(repositories.error().status(), 401);
    EXPECT_TRUE(repositories.error().not_sent());
    EXPECT_NE(repositories.error().fix().find("`Code.Read` (vso.code)"), std::string::npos);
    EXPECT_EQ(test.http.requests().size(), 2U);
    EXPECT_EQ(test.tokens.invalidated.size(), 1U);
}

TEST(Transport, ReportsTheSourceWhenThereIsNoFreshToken) {
    ClientTest test;
    test.tokens.values = {"first"};
    test.tokens.exhausted = core::Error(ErrorKind::unauthorized, "sign in again").with_code("AADSTS700082");
    test.http.respond(401);
    auto const repositories = list(test);
    ASSERT_FALSE(repositories);
    EXPECT_EQ(repositories.error().code(), "AADSTS700082");
    EXPECT_TRUE(repositories.error().not_sent());
}

TEST(Transport, NeverAsksAgainForAnotherIdentityWhenTheIdentityMayNot) {
    std::vector<std::pair<int, std::string>> const table = {
        {401,
         R"({"message":"TF400813: The user '6f0c2a4e-8f0e-4a53-9a51-1f6f7b0f5d21' is not authorized.","typeKey":"U"})"},
        {403,
         R"({"message":"TF401027: You need the Git 'GenericRead' permission.","typeKey":"GitNeedsPermission"})"}};
    for (auto const& [status, body] : table) {
        SCOPED_TRACE(body);
        ClientTest test;
        test.http.respond(status, body, {{"Content-Type", "application/json"}});
        auto const repositories = list(test);
        ASSERT_FALSE(repositories);
        EXPECT_EQ(repositories.error().kind(), ErrorKind::forbidden);
        EXPECT_EQ(test.http.requests().size(), 1U);
        EXPECT_TRUE(test.tokens.invalidated.empty());
    }
}

TEST(Transport, TellsAPatWithoutTheScopeFromARefusedOne) {
    ClientTest test(AuthScheme::basic);
    test.http.respond(401, "", basic_challenge());
    test.respond_json(ado_test::kAlive);
    auto const repositories = list(test);
    ASSERT_FALSE(repositories);
    EXPECT_EQ(repositories.error().kind(), ErrorKind::forbidden);
    EXPECT_EQ(repositories.error().message(), "Token lacks `Code.Read` permission");
    EXPECT_TRUE(test.tokens.invalidated.empty()) << "the token is good for other things";
    ASSERT_EQ(test.http.requests().size(), 2U);
    EXPECT_EQ(test.http.requests()[1].url, "https://dev.azure.com/contoso/_apis/connectionData");
    EXPECT_EQ(test.http.requests()[1].headers.get("Accept"), "application/json;api-version=7.1-preview.1");
    EXPECT_EQ(test.http.requests()[1].credential, "first");
}

TEST(Transport, KeepsAPatWhenOnlyOneAnswerWasASignInPage) {
    ClientTest test(AuthScheme::basic);
    test.http.respond(
        203, "<html><title>Azure DevOps Services | Sign In</title>", {{"Content-Type", "text/html"}});
    test.respond_json(ado_test::kAlive);
    auto const repositories = list(test);
    ASSERT_FALSE(repositories);
    EXPECT_EQ(repositories.error().kind(), ErrorKind::unauthorized);
    EXPECT_EQ(repositories.error().status(), 203);
    EXPECT_TRUE(test.tokens.invalidated.empty());
}

TEST(Transport, InvalidatesAPatThatIsRefusedEverywhere) {
    ClientTest test(AuthScheme::basic);
    test.tokens.values = {"first"};
    test.http.respond(401, "", basic_challenge());
    test.http.respond(401, "", basic_challenge());
    auto const repositories = list(test);
    ASSERT_FALSE(repositories);
    EXPECT_EQ(repositories.error().kind(), ErrorKind::unauthorized);
    EXPECT_EQ(repositories.error().detail(), "no other credential");
    EXPECT_EQ(test.tokens.invalidated, std::vector<std::string>{"first"});
}

TEST(Transport, KeepsAPatWhoseRefusalCannotBeExplainedForTheMoment) {
    ClientTest unreachable(AuthScheme::basic);
    unreachable.http.respond(401, "", basic_challenge());
    unreachable.http.fail(core::Error(ErrorKind::network, "connection reset"));
    auto const first = list(unreachable);
    ASSERT_FALSE(first);
    EXPECT_EQ(first.error().kind(), ErrorKind::unauthorized);
    EXPECT_TRUE(unreachable.tokens.invalidated.empty());

    ClientTest outage(AuthScheme::basic);
    outage.http.respond(401, "", basic_challenge());
    outage.http.respond(503);
    EXPECT_FALSE(list(outage));
    EXPECT_TRUE(outage.tokens.invalidated.empty());

    ClientTest anonymous(AuthScheme::basic);
    anonymous.tokens.values = {"first"};
    anonymous.http.respond(401, "", basic_challenge());
    anonymous.respond_json(R"({"authenticatedUser":{"id":"aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"}})");
    EXPECT_FALSE(list(anonymous));
    EXPECT_EQ(anonymous.tokens.invalidated, std::vector<std::string>{"first"});
}

TEST(Transport, DoesNotProbeAPatThatSaysItHasExpired) {
    ClientTest test(AuthScheme::basic);
    test.tokens.values = {"first"};
    test.http.respond(
        401,
        R"({"message":"Access Denied: The Personal Access Token used has expired.","typeKey":"A"})",
        {{"Content-Type", "application/json"}});
    auto const repositories = list(test);
    ASSERT_FALSE(repositories);
    EXPECT_NE(repositories.error().fix().find("expired"), std::string::npos);
    EXPECT_EQ(test.http.requests().size(), 1U);
}

TEST(Transport, SendsNothingWithoutAToken) {
    ClientTest test;
    test.tokens.values.clear();
    auto const item = create(test);
    ASSERT_FALSE(item);
    EXPECT_EQ(item.error().message(), "no other credential");
    EXPECT_TRUE(item.error().not_sent());
    EXPECT_TRUE(test.http.requests().empty());
}

TEST(Transport, LeavesTheOutcomeOfALostWriteOpen) {
    ClientTest test;
    test.http.fail(core::Error(ErrorKind::network, "connection reset"));
    auto const item = create(test);
    ASSERT_FALSE(item);
    EXPECT_EQ(item.error().kind(), ErrorKind::network);
    EXPECT_FALSE(item.error().not_sent());
    EXPECT_EQ(test.http.requests().size(), 1U);

    test.http.respond(500, R"({"message":"TF400898: An Internal Error Occurred.","typeKey":"V"})");
    EXPECT_FALSE(create(test).error().not_sent());
}

TEST(Transport, PausesTheNextCallAfterARetryAfterOnASuccess) {
    ClientTest test;
    auto headers = ado_test::json_headers();
    headers.emplace_back("Retry-After", "4");
    test.http.respond(200, kRepositories, headers);
    ASSERT_TRUE(list(test));

    test.respond_json(kRepositories);
    std::string const project = "P";
    auto second = test.loop.spawn(test.client.list_repositories(project, test.ctx));
    test.loop.poll();
    EXPECT_EQ(test.http.requests().size(), 1U);
    test.clock.advance(std::chrono::seconds(4));
    test.loop.poll();
    ASSERT_TRUE(second.done());
    EXPECT_TRUE(second.take());
}

TEST(Transport, AnswersAThrottledOrganizationWithoutSending) {
    ClientTest test;
    test.http.respond(429, "", {{"Retry-After", "120"}});
    auto const first = list(test);
    ASSERT_FALSE(first);
    EXPECT_EQ(first.error().kind(), ErrorKind::rate_limited);
    EXPECT_EQ(first.error().retry_after(), std::chrono::seconds(120));
    auto const second = list(test);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind(), ErrorKind::rate_limited);
    EXPECT_EQ(test.http.requests().size(), 1U);
}

TEST(Transport, FreesItsPlaceWhenCancelled) {
    ClientTest test;
    test.http.hold();
    std::string const project = "P";
    auto call = test.loop.spawn(test.client.list_repositories(project, test.ctx));
    test.loop.poll();
    EXPECT_EQ(test.throttle.in_flight(), 1U);
    call.cancel();
    test.loop.poll();
    ASSERT_TRUE(call.done());
    EXPECT_EQ(test.throttle.in_flight(), 0U);
}

TEST(Transport, CallsAnUnreadableAnswerTheServicesFault) {
    for (std::string const body : {"", "{", "[]", "{\"value\":{}}", "nonsense"}) {
        SCOPED_TRACE(body);
        ClientTest test;
        test.respond_json(body);
        auto const repositories = list(test);
        ASSERT_FALSE(repositories);
        EXPECT_EQ(repositories.error().kind(), ErrorKind::upstream);
        EXPECT_EQ(repositories.error().code(), "unreadable_answer");
        EXPECT_FALSE(repositories.error().not_sent());
    }
}

TEST(Transport, ParsesLargeAnswersOffTheLoop) {
    ClientTest test;
    core::BlockingPool pool(1);
    ado::ClientLimits limits;
    limits.inline_parse_bytes = 10;
    ado::Client const client(
        ado_test::contoso(), test.http, test.tokens, test.throttle, test.clock, limits, &pool);
    std::string const project = "P";
    std::string const repository = "r";
    std::string const path = "/a";
    ado::VersionDescriptor const version;

    test.respond_json(kRepositories);
    auto const repositories = test.loop.run(client.list_repositories(project, test.ctx));
    ASSERT_TRUE(repositories);
    EXPECT_EQ(repositories->at(0).name, "engine");

    test.respond_json(R"({"objectId":"b","commitId":"c","path":"/a","content":"hello"})");
    auto const item = test.loop.run(client.get_item(project, repository, path, version, test.ctx));
    ASSERT_TRUE(item);
    EXPECT_EQ(item->content, "hello");
}

} // namespace
