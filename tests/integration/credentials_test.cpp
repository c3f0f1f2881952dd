#include "core/text/base64.hpp"
#include "integration/support/browser.hpp"
#include "integration/support/stack.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <future>
#include <set>

namespace {

using test::Json;
using test::McpClient;
using test::Simulator;
using test::Stack;
using test::ToolAnswer;

std::vector<std::string> const kApproveAtOnce{"--device-auto-approve", "1", "--device-interval-s", "1"};
/// The daemon wants a token that lasts for 60 s: one of this life is kept at first and too old 2 s later.
constexpr int kShortLife = 62;
constexpr std::chrono::seconds kShortLifeOver{3};

/// A project of each organization and a file in it.
class Place {
public:
    std::string organization;
    std::string project;
};
Place const kContoso{"contoso", "Game Engine"};
Place const kFabrikam{"fabrikam", "Fabrikam-Fiber"};
Place const kNorthwind{"northwind", "Traders"};

ToolAnswer search(McpClient& client, Place const& place) {
    return client.call("search_code",
                       Json{{"organization", place.organization},
                            {"project", place.project},
                            {"query", "reconnect_backoff"}});
}

/// Arguments that read a file which search found.
Json read_arguments(Json const& hit) {
    return Json{{"organization", hit.at("organization")},
                {"project", hit.at("project")},
                {"repository", hit.at("repository")},
                {"path", hit.at("path")}};
}

void expect_identity(ToolAnswer const& answer,
                     Place const& place,
                     std::string const& method,
                     std::string const& identity) {
    EXPECT_TRUE(answer.ok()) << answer.describe();
    EXPECT_EQ(answer.identity(),
              (Json{{"organization", place.organization}, {"method", method}, {"identity", identity}}));
}

/// Search, read what was found, create; each under the identity that the caller expects.
void expect_main_job(Stack& stack,
                     Place const& place,
                     std::string const& method,
                     std::string const& identity) {
    McpClient client(stack.daemon);
    ToolAnswer const found = search(client, place);
    expect_identity(found, place, method, identity);
    ASSERT_EQ(found.structured().value("results", Json::array()).size(), 5U) << found.describe();

    Json const hit = found.structured().at("results").at(0);
    ToolAnswer const read = client.call("read_file", read_arguments(hit));
    expect_identity(read, place, method, identity);
    Json const files = read.structured().value("files", Json::array());
    ASSERT_EQ(files.size(), 1U) << read.describe();
    EXPECT_NE(files.at(0).at("text").get<std::string>().find("reconnect_backoff"), std::string::npos);

    std::string const title = "Made by " + method + " in " + place.organization;
    ToolAnswer const made =
        client.call("create_work_item",
                    Json{{"organization", place.organization}, {"project", place.project}, {"title", title}});
    expect_identity(made, place, method, identity);
    Json const stored = stack.simulator.admin("work-items", Json{{"title", title}});
    ASSERT_EQ(stored.at("count"), 1) << stored;
    EXPECT_EQ(stored.at("work_items").at(0).at("id"), made.structured().at("id"));
    EXPECT_EQ(stored.at("work_items").at(0).at("organization"), place.organization);
}

void attach_pat(Stack& stack, std::string const& organization) {
    McpClient client(stack.daemon);
    auto const attached = client.attach_pat(organization, stack.simulator.pat(organization));
    ASSERT_TRUE(attached) << core::describe(attached.error());
    ASSERT_EQ(attached->status, 200) << attached->body;
}

void sign_in(Stack& stack, std::string const& organization) {
    test::CommandResult const login =
        stack.daemon.command({"login", "--organization", organization, "--device-code"});
    ASSERT_EQ(login.exit_code, 0) << login.err;
}

/// Signed in before the daemon starts, so that it will not hear of the new sign-in in the middle of the test.
void start_signed_in(Stack& stack, std::string const& organization) {
    stack.daemon.stop();
    sign_in(stack, organization);
    stack.daemon.start();
}

/// The entry of one organization in the answer of list_organizations.
Json organization_status(Stack& stack, std::string const& organization) {
    McpClient client(stack.daemon);
    ToolAnswer const answer = client.call("list_organizations", Json::object());
    for (Json const& entry : answer.structured().value("organizations", Json::array())) {
        if (entry.at("name") == organization) {
            return entry;
        }
    }
    ADD_FAILURE() << organization << " is not listed: " << answer.describe();
    return Json::object();
}

std::string unique_name(Simulator const& simulator, std::string const& person, std::string const& tenant) {
    for (Json const& identity : simulator.world().at("identities")) {
        if (identity.at("person") == person && identity.at("tenant_id") == simulator.world().at(tenant)) {
            return identity.at("unique_name");
        }
    }
    ADD_FAILURE() << "nobody is called " << person;
    return {};
}

void use_plain_managed_identity(Json& config, Simulator const& simulator) {
    config["connectors"][0] = test::connector("contoso", test::managed_identity_auth(simulator, false));
}

void set_tokens(Stack& stack, std::string const& query) {
    stack.simulator.admin("tokens?" + query);
}

/// One small file to read, in each organization.
Json small_file(McpClient& client, Place const& place) {
    ToolAnswer const found = search(client, place);
    EXPECT_TRUE(found.ok()) << found.describe();
    return read_arguments(found.structured().at("results").at(0));
}

void expect_all_ok(std::vector<ToolAnswer> const& answers) {
    std::size_t failed = 0;
    for (ToolAnswer const& answer : answers) {
        failed += answer.ok() ? 0U : 1U;
        if (!answer.ok() && failed == 1) {
            ADD_FAILURE() << answer.describe();
        }
    }
    EXPECT_EQ(failed, 0U) << "of " << answers.size();
}

// --- each provider does the main job ---

TEST(Credentials, PatAttachedOverRestDoesTheMainJob) {
    Stack stack;
    attach_pat(stack, "contoso");
    Json const& contoso = stack.simulator.world().at("organizations").at(0);
    expect_main_job(stack, kContoso, "pat", contoso.at("pats").at("recommended").at("owner"));
    EXPECT_EQ(stack.daemon.stop(), 0);
}

TEST(Credentials, SignInDoesTheMainJobAndIsRefreshedWhenItsTokenExpires) {
    Stack stack({}, kApproveAtOnce);
    sign_in(stack, "fabrikam");
    set_tokens(stack, "lifetime_s=" + std::to_string(kShortLife));
    std::string const ada = unique_name(stack.simulator, "ada", "home_tenant_id");
    expect_main_job(stack, kFabrikam, "oauth", ada);
    std::int64_t const before = stack.simulator.tokens("refresh_token");
    std::this_thread::sleep_for(kShortLifeOver);
    set_tokens(stack, "lifetime_s=3600");
    McpClient client(stack.daemon);
    expect_identity(search(client, kFabrikam), kFabrikam, "oauth", ada);
    EXPECT_EQ(stack.simulator.tokens("refresh_token"), before + 1);
    EXPECT_EQ(stack.daemon.stop(), 0);
}

// The service names an application by its client id.

TEST(Credentials, ManagedIdentityWithFederatedCredentialDoesTheMainJob) {
    Stack stack;
    expect_main_job(stack, kNorthwind, "managed_identity", stack.simulator.world().at("agent_client_id"));
    EXPECT_EQ(stack.daemon.stop(), 0);
}

TEST(Credentials, PlainManagedIdentityDoesTheMainJob) {
    Stack stack(use_plain_managed_identity);
    expect_main_job(
        stack, kContoso, "managed_identity", stack.simulator.world().at("managed_identity_client_id"));
    EXPECT_EQ(stack.daemon.stop(), 0);
}

// --- many calls, one token request ---

/// Lets the token of `place` grow too old, then calls a thousand times at once.
void call_a_thousand_times_with_an_expired_token(Stack& stack, Place const& place, char const* slow_route) {
    set_tokens(stack, "lifetime_s=62&managed_identity_lifetime_s=62");
    McpClient client(stack.daemon, 1000);
    Json const file = small_file(client, place);
    std::this_thread::sleep_for(kShortLifeOver);
    set_tokens(stack, "lifetime_s=3600&managed_identity_lifetime_s=86400");
    stack.simulator.admin("reset?what=counts");
    stack.simulator.fault(Json{{"route", slow_route}, {"action", "delay"}, {"delay_ms", 1000}});
    // Each asks something else: reads that are the same are sent once.
    std::vector<Json> calls;
    for (int i = 0; i < 1000; ++i) {
        calls.push_back({{"organization", file.at("organization")},
                         {"project", file.at("project")},
                         {"repository", file.at("repository")},
                         {"author", "nobody " + std::to_string(i)}});
    }
    expect_all_ok(client.call_all("list_commits", calls));
    EXPECT_GE(stack.simulator.requests("commits"), 1000);
}

TEST(TokenRequests, OneForAThousandCallsWithAnExpiredSignInToken) {
    Stack stack([](Json& config, Simulator const&) { test::lift_limits(config); }, kApproveAtOnce);
    start_signed_in(stack, "fabrikam");
    call_a_thousand_times_with_an_expired_token(stack, kFabrikam, "entra.token");
    EXPECT_EQ(stack.simulator.requests("entra.token"), 1);
    EXPECT_EQ(stack.simulator.tokens("refresh_token"), 1);
}

TEST(TokenRequests, OneForAThousandCallsWithAnExpiredExchangedToken) {
    Stack stack([](Json& config, Simulator const&) { test::lift_limits(config); });
    call_a_thousand_times_with_an_expired_token(stack, kNorthwind, "entra.token");
    EXPECT_EQ(stack.simulator.requests("entra.token"), 1);
    EXPECT_EQ(stack.simulator.tokens("client_credentials"), 1);
    EXPECT_LE(stack.simulator.requests("managed_identity.imds"), 1);
}

TEST(TokenRequests, OneForAThousandCallsWithAnExpiredManagedIdentityToken) {
    Stack stack([](Json& config, Simulator const& simulator) {
        test::lift_limits(config);
        use_plain_managed_identity(config, simulator);
    });
    call_a_thousand_times_with_an_expired_token(stack, kContoso, "managed_identity.imds");
    EXPECT_EQ(stack.simulator.requests("managed_identity.imds"), 1);
}

// --- trouble with the authority ---

TEST(TokenTrouble, AValidTokenIsServedOnWhileItsRefreshFails) {
    Stack stack({}, kApproveAtOnce);
    start_signed_in(stack, "fabrikam");
    // Due for renewal after a second, valid for an hour.
    set_tokens(stack, "lifetime_s=3600&refresh_in_s=1");
    McpClient client(stack.daemon);
    Json const file = small_file(client, kFabrikam);
    stack.simulator.fault(
        Json{{"match", {{"route", "entra.token"}}}, {"action", "aadsts"}, {"code", 90033}, {"times", 0}});
    std::int64_t const before = stack.simulator.requests("entra.token");
    test::wait_until("the daemon tried to renew the token", [&] {
        expect_all_ok(client.call_all("read_file", std::vector<Json>(8, file)));
        return stack.simulator.requests("entra.token") >= before + 2 || testing::Test::HasFailure();
    });
    expect_all_ok(client.call_all("read_file", std::vector<Json>(50, file)));

    stack.simulator.admin("faults/clear");
    std::int64_t const renewed = stack.simulator.tokens("refresh_token");
    test::wait_until("the daemon renewed the token", [&] {
        expect_all_ok(client.call_all("read_file", std::vector<Json>(1, file)));
        return stack.simulator.tokens("refresh_token") > renewed || testing::Test::HasFailure();
    });
}

TEST(TokenTrouble, ARefusalByAzureDevOpsInMidLifeCostsOneRefetch) {
    Stack stack({}, kApproveAtOnce);
    start_signed_in(stack, "fabrikam");
    for (Place const& place : {kFabrikam, kNorthwind}) {
        SCOPED_TRACE(place.organization);
        McpClient client(stack.daemon);
        Json const file = small_file(client, place);
        set_tokens(stack, "expire_all_access_tokens=1");
        stack.simulator.admin("reset?what=counts");
        expect_all_ok(client.call_all("read_file", std::vector<Json>(20, file)));
        EXPECT_EQ(stack.simulator.requests("entra.token"), 1);
        EXPECT_GE(stack.simulator.admin("counts").at("statuses").value("401", 0), 1);
    }
}

/// Azure DevOps refuses the next request of `route` with a claims challenge.
void challenge_once(Stack& stack, char const* route) {
    std::string const claims =
        core::base64_encode(R"({"access_token":{"nbf":{"essential":true,"value":"1795500000"}}})");
    stack.simulator.fault(
        Json{{"match", {{"route", route}}},
             {"action", "status"},
             {"status", 401},
             {"headers",
              {{"WWW-Authenticate",
                "Bearer realm=\"\", error=\"insufficient_claims\", claims=\"" + claims + "\""}}}});
}

TEST(TokenTrouble, AClaimsChallengeIsAnsweredOnceByEachKindOfToken) {
    Stack stack({}, kApproveAtOnce);
    start_signed_in(stack, "fabrikam");
    for (Place const& place : {kFabrikam, kNorthwind}) {
        SCOPED_TRACE(place.organization);
        McpClient client(stack.daemon);
        Json const file = small_file(client, place);
        stack.simulator.admin("reset?what=counts");
        challenge_once(stack, "items");
        ToolAnswer const answer = client.call("read_file", file);
        EXPECT_TRUE(answer.ok()) << answer.describe();
        EXPECT_EQ(stack.simulator.requests("entra.token"), 1);
        EXPECT_EQ(stack.simulator.tokens("with_claims"), 1);
        // And where the new token is challenged again the call ends: no loop.
        stack.simulator.admin("reset?what=counts");
        challenge_once(stack, "items");
        challenge_once(stack, "items");
        EXPECT_TRUE(client.call("read_file", file).failed());
        EXPECT_EQ(stack.simulator.requests("items"), 2);
        EXPECT_LE(stack.simulator.requests("entra.token"), 1);
        stack.simulator.admin("faults/clear");
    }
}

TEST(TokenTrouble, TheClaimsOfTheTokenEndpointGoIntoTheNextSignIn) {
    Stack stack({}, kApproveAtOnce);
    start_signed_in(stack, "fabrikam");
    McpClient client(stack.daemon);
    Json const file = small_file(client, kFabrikam);
    test::Browser browser(stack.simulator);
    Json const before = browser.start(stack.daemon, "fabrikam");
    EXPECT_EQ(before.at("authorize_url").get<std::string>().find("capolids"), std::string::npos);

    set_tokens(stack, "expire_all_access_tokens=1");
    stack.simulator.fault(Json{{"match", {{"route", "entra.token"}}}, {"action", "aadsts"}, {"code", 50076}});
    ToolAnswer const refused = client.call("read_file", file);
    ASSERT_TRUE(refused.failed()) << refused.describe();
    EXPECT_NE(refused.text().find("AADSTS50076"), std::string::npos) << refused.text();
    EXPECT_EQ(organization_status(stack, "fabrikam").at("state"), "sign_in_required");

    stack.simulator.admin("reset?what=counts");
    Json const link = browser.start(stack.daemon, "fabrikam");
    std::string const url = link.at("authorize_url").get<std::string>();
    EXPECT_NE(url.find("capolids"), std::string::npos) << url;
    EXPECT_EQ(browser.come_back(stack.daemon.url(), browser.open(url)).status, 200);
    EXPECT_EQ(stack.simulator.tokens("authorize_with_claims"), 1);
    EXPECT_EQ(stack.simulator.tokens("with_claims"), 1) << "the code is redeemed with them too";
    ToolAnswer const again = client.call("read_file", file);
    EXPECT_TRUE(again.ok()) << again.describe();
    EXPECT_EQ(organization_status(stack, "fabrikam").at("state"), "connected");
}

TEST(TokenTrouble, ARevokedGrantIsExplainedAndAsksForANewSignIn) {
    Stack stack({}, kApproveAtOnce);
    sign_in(stack, "fabrikam");
    McpClient client(stack.daemon);
    Json const file = small_file(client, kFabrikam);
    EXPECT_EQ(organization_status(stack, "fabrikam").at("state"), "connected");

    set_tokens(stack, "revoke_grant=1&expire_all_access_tokens=1");
    ToolAnswer const refused = client.call("read_file", file);
    ASSERT_TRUE(refused.failed()) << refused.describe();
    EXPECT_NE(refused.text().find("AADSTS50173"), std::string::npos) << refused.text();
    EXPECT_NE(refused.text().find("login"), std::string::npos) << "no way out is named: " << refused.text();
    Json const status = organization_status(stack, "fabrikam");
    EXPECT_EQ(status.at("state"), "sign_in_required") << status;
    EXPECT_FALSE(status.value("fix", "").empty()) << status;

    sign_in(stack, "fabrikam");
    ToolAnswer const again = client.call("read_file", file);
    EXPECT_TRUE(again.ok()) << again.describe();
    EXPECT_EQ(organization_status(stack, "fabrikam").at("state"), "connected");
}

// --- credentials survive the end of the process ---

TEST(CredentialDurability, AnAttachedPatIsThereAfterAKillRightAfterTheAnswer) {
    test::TempDir const directory;
    Simulator simulator(directory.path());
    std::string const pat = simulator.pat("contoso");
    for (int round = 0; round < 10; ++round) {
        SCOPED_TRACE(round);
        // A new store each time, so that nothing of the round before helps.
        std::filesystem::path const own = directory.path() / std::to_string(round);
        std::filesystem::create_directories(own);
        Json config = test::daemon_config(simulator);
        config["store"] = Json{{"url", "sqlite:" + (own / "state/state.db").string()},
                               {"key_file", (own / "state/store.key").string()}};
        test::Daemon daemon(own, config);
        daemon.start();
        {
            McpClient client(daemon);
            auto const attached = client.attach_pat("contoso", pat);
            daemon.kill();
            ASSERT_TRUE(attached);
            ASSERT_EQ(attached->status, 200) << attached->body;
        }
        daemon.start();
        McpClient client(daemon);
        ToolAnswer const answer = search(client, kContoso);
        EXPECT_TRUE(answer.ok()) << answer.describe();
        daemon.kill();
    }
}

/// Kills the daemon at the moment `reached` holds during a call that had to refresh, and starts it again.
void kill_during_refresh(Stack& stack, Json const& file, std::function<bool()> const& reached) {
    std::string const url = stack.daemon.url();
    std::string const token = stack.daemon.admin_token();
    auto const call = std::async(std::launch::async, [url, token, file] {
        McpClient client(url, token);
        client.call("read_file", file);
    });
    test::wait_until("the call reached the moment of the kill", reached);
    stack.daemon.kill();
    call.wait();
    stack.simulator.admin("faults/clear");
    stack.daemon.start();
}

void expect_grant_alive(Stack& stack, Json const& file) {
    McpClient client(stack.daemon);
    ToolAnswer const answer = client.call("read_file", file);
    EXPECT_TRUE(answer.ok()) << answer.describe();
    EXPECT_EQ(organization_status(stack, "fabrikam").at("state"), "connected");
}

TEST(CredentialDurability, ARotatedGrantIsStoredBeforeItsAccessTokenIsUsed) {
    Stack stack({}, kApproveAtOnce);
    start_signed_in(stack, "fabrikam");
    McpClient first(stack.daemon);
    Json const file = small_file(first, kFabrikam);
    // From here on a refresh token that is used twice ends the whole grant.
    set_tokens(stack, "rotation=family-revocation");
    stack.daemon.restart();
    for (int round = 0; round < 10; ++round) {
        SCOPED_TRACE(round);
        // The access token in the store is refused first, then the call hangs with the one that was fetched.
        set_tokens(stack, "expire_all_access_tokens=1");
        stack.simulator.fault(Json{{"route", "items"}, {"action", "hang"}, {"after", 1}});
        std::int64_t const reads = stack.simulator.requests("items");
        std::int64_t const refreshed = stack.simulator.tokens("refresh_token");
        kill_during_refresh(stack, file, [&] { return stack.simulator.requests("items") > reads + 1; });
        EXPECT_EQ(stack.simulator.tokens("refresh_token"), refreshed + 1);
    }
    expect_grant_alive(stack, file);
    EXPECT_EQ(stack.daemon.log().find("previous_refresh_token_used"), std::string::npos);
}

TEST(CredentialDurability, AKillBetweenRotationAndItsAnswerDoesNotLoseTheGrant) {
    Stack stack({}, kApproveAtOnce);
    sign_in(stack, "fabrikam");
    McpClient first(stack.daemon);
    Json const file = small_file(first, kFabrikam);
    stack.daemon.restart();
    for (int round = 0; round < 10; ++round) {
        SCOPED_TRACE(round);
        bool const before_rotation = round % 2 == 0;
        // Where nothing was rotated yet even family revocation must not hurt; where the answer with the new
        // token was lost, only an authority that keeps the old one for a while (as Entra does) can go on.
        std::string const rotation = before_rotation ? "rotation=family-revocation" : "rotation=entra";
        set_tokens(stack, rotation + "&expire_all_access_tokens=1");
        stack.simulator.fault(Json{
            {"route", "entra.token"}, {"action", before_rotation ? "hang" : "delay"}, {"delay_ms", 60'000}});
        std::int64_t const asked = stack.simulator.requests("entra.token");
        kill_during_refresh(stack, file, [&] { return stack.simulator.requests("entra.token") > asked; });
        expect_grant_alive(stack, file);
        stack.daemon.restart();
    }
}

// --- two processes with one store ---

/// A second daemon beside the stack's, with the same store.
test::Daemon beside(Stack const& stack) {
    std::filesystem::path const directory = stack.directory.path() / "beside";
    std::filesystem::create_directories(directory);
    test::Daemon daemon(directory, stack.config);
    daemon.start();
    return daemon;
}

TEST(TwoProcesses, MakeOneRefreshOfOneGrantBetweenThem) {
    Stack stack({}, kApproveAtOnce);
    start_signed_in(stack, "fabrikam");
    test::Daemon other = beside(stack);
    std::string const token = stack.daemon.admin_token();
    McpClient first(stack.daemon.url(), token);
    McpClient second(other.url(), token);
    Json const file = small_file(first, kFabrikam);
    EXPECT_TRUE(second.call("read_file", file).ok());
    EXPECT_EQ(stack.simulator.tokens("refresh_token"), 2) << "the proof of the sign-in, and one for both";
    // A refresh token that comes twice ends the whole grant from here on.
    set_tokens(stack, "rotation=family-revocation");
    for (int round = 0; round < 10; ++round) {
        SCOPED_TRACE(round);
        set_tokens(stack, "expire_all_access_tokens=1");
        stack.simulator.admin("reset?what=counts");
        stack.simulator.fault(Json{{"route", "entra.token"}, {"action", "delay"}, {"delay_ms", 200}});
        auto const beside_it = std::async(std::launch::async, [&] {
            expect_all_ok(second.call_all("read_file", std::vector<Json>(10, file)));
        });
        expect_all_ok(first.call_all("read_file", std::vector<Json>(10, file)));
        beside_it.wait();
        EXPECT_EQ(stack.simulator.requests("entra.token"), 1);
        EXPECT_EQ(stack.simulator.tokens("refresh_token"), 1);
        stack.simulator.admin("faults/clear");
    }
    EXPECT_EQ(other.stop(), 0);
}

TEST(TwoProcesses, OneTakesOverFromAnotherThatWasKilledInTheMiddleOfARefresh) {
    Stack stack({}, kApproveAtOnce);
    start_signed_in(stack, "fabrikam");
    test::Daemon other = beside(stack);
    std::string const token = stack.daemon.admin_token();
    McpClient survivor(other.url(), token);
    Json const file = small_file(survivor, kFabrikam);
    set_tokens(stack, "rotation=family-revocation");
    for (int round = 0; round < 5; ++round) {
        SCOPED_TRACE(round);
        set_tokens(stack, "expire_all_access_tokens=1");
        stack.simulator.fault(Json{{"route", "entra.token"}, {"action", "hang"}});
        std::int64_t const asked = stack.simulator.requests("entra.token");
        kill_during_refresh(stack, file, [&] { return stack.simulator.requests("entra.token") > asked; });
        ToolAnswer const answer = survivor.call("read_file", file);
        EXPECT_TRUE(answer.ok()) << answer.describe();
        expect_grant_alive(stack, file);
    }
    EXPECT_EQ(other.stop(), 0);
}

// --- the command line beside the daemon ---

TEST(CommandLineCredentials, AreUsedByTheNextCallOfTheRunningDaemon) {
    Stack stack({}, kApproveAtOnce);
    McpClient client(stack.daemon);
    ToolAnswer const before = search(client, kContoso);
    ASSERT_TRUE(before.failed()) << before.describe();
    EXPECT_NE(before.text().find("Please authenticate"), std::string::npos) << before.text();
    test::CommandResult const set = stack.daemon.command({"pat", "set", "--organization", "contoso"},
                                                         stack.simulator.pat("contoso") + "\n");
    ASSERT_EQ(set.exit_code, 0) << set.err;
    EXPECT_TRUE(search(client, kContoso).ok());

    ASSERT_TRUE(search(client, kFabrikam).failed());
    sign_in(stack, "fabrikam");
    EXPECT_TRUE(search(client, kFabrikam).ok());
}

TEST(CommandLineCredentials, ReplaceARefusedPatWithoutARestart) {
    Stack stack;
    attach_pat(stack, "contoso");
    McpClient client(stack.daemon);
    ASSERT_TRUE(search(client, kContoso).ok());
    test::CommandResult const worse =
        stack.daemon.command({"pat", "set", "--organization", "contoso", "--no-verify"},
                             stack.simulator.pat("contoso", "expired") + "\n");
    ASSERT_EQ(worse.exit_code, 0) << worse.err;
    test::wait_until("the daemon uses the stored PAT, which has expired",
                     [&] { return search(client, kContoso).failed(); });
    test::CommandResult const better = stack.daemon.command({"pat", "set", "--organization", "contoso"},
                                                            stack.simulator.pat("contoso", "full") + "\n");
    ASSERT_EQ(better.exit_code, 0) << better.err;
    ToolAnswer const answer = search(client, kContoso);
    EXPECT_TRUE(answer.ok()) << answer.describe();
}

TEST(CommandLineCredentials, BringAnOrganizationThatIsNotDeclared) {
    Stack stack([](Json& config, Simulator const&) { config["connectors"] = Json::array(); });
    McpClient client(stack.daemon);
    ASSERT_TRUE(search(client, kContoso).failed());
    test::CommandResult const set = stack.daemon.command({"pat", "set", "--organization", "contoso"},
                                                         stack.simulator.pat("contoso") + "\n");
    ASSERT_EQ(set.exit_code, 0) << set.err;
    // A new organization is taken up when the store is looked at again, which is soon.
    test::wait_until("the organization is known", [&] { return search(client, kContoso).ok(); });
}

// --- secrets stay where they belong ---

/// What a secret looks like where somebody wrote it down: as it is, encoded, or cut in half.
std::set<std::string> traces_of(std::string const& secret) {
    std::set<std::string> traces;
    for (std::string const& text : {secret, ":" + secret}) {
        traces.insert(core::base64_encode(text));
        traces.insert(core::base64url_encode(text));
    }
    // The halves stand for the whole: a line that was cut off still shows one of them.
    traces.insert(secret.substr(0, secret.size() / 2));
    traces.insert(secret.substr(secret.size() / 2));
    return traces;
}

/// JSON Web Tokens all begin alike: only what follows the header tells one from another.
std::string distinctive_part(std::string const& token) {
    std::size_t const header_end = token.starts_with("eyJ") ? token.find('.') : std::string::npos;
    return header_end == std::string::npos ? token : token.substr(header_end + 1);
}

/// Files under `directory` that hold a trace of one of the secrets; `admin-token` and `store.key` are the
/// proper places of what is in them.
std::vector<std::string> files_with_secrets(std::filesystem::path const& directory,
                                            std::set<std::string> const& secrets) {
    std::set<std::string> traces;
    for (std::string const& secret : secrets) {
        traces.merge(traces_of(distinctive_part(secret)));
    }
    std::vector<std::string> found;
    for (auto const& entry : std::filesystem::recursive_directory_iterator(directory)) {
        if (!entry.is_regular_file() || entry.path().filename() == "admin-token" ||
            entry.path().filename() == "store.key") {
            continue;
        }
        std::string const content = test::read_text(entry.path());
        for (std::string const& trace : traces) {
            if (content.find(trace) != std::string::npos) {
                found.push_back(entry.path().filename().string() + " holds " + trace.substr(0, 12) + "…");
            }
        }
    }
    return found;
}

/// Everything the simulator's world and the daemon's callers keep secret. A PAT in the world that the daemon
/// was never given cannot leak; it does no harm to look for it too.
std::set<std::string> secrets_of(Stack& stack) {
    Json const world = stack.simulator.admin("world");
    std::set<std::string> secrets{stack.daemon.admin_token()};
    for (Json const& organization : world.at("organizations")) {
        for (auto const& [name, pat] : organization.at("pats").items()) {
            secrets.insert(pat.at("token").get<std::string>());
        }
    }
    for (char const* const kind : {"access_tokens", "refresh_tokens", "device_codes"}) {
        for (Json const& token : world.at("issued").at(kind)) {
            secrets.insert(token.get<std::string>());
        }
    }
    for (Json const& application : world.at("applications")) {
        if (std::string const secret = application.value("secret", ""); !secret.empty()) {
            secrets.insert(secret);
        }
    }
    return secrets;
}

std::set<std::string> lines_of(std::filesystem::path const& file) {
    std::ifstream in(file);
    std::set<std::string> lines;
    for (std::string line; std::getline(in, line);) {
        lines.insert(line);
    }
    return lines;
}

TEST(SecretHunt, FindsASecretInEveryForm) {
    std::string const secret = "0123456789abcdefghijklmnopqrstuvwxyz";
    for (std::string const& written : {"pat=" + secret,
                                       "Basic " + core::base64_encode(":" + secret),
                                       core::base64_encode(secret),
                                       "cut: " + secret.substr(0, 20),
                                       "..." + secret.substr(10)}) {
        test::TempDir const directory;
        std::ofstream(directory.path() / "some.log") << "line\n" << written << "\n";
        EXPECT_FALSE(files_with_secrets(directory.path(), {secret}).empty()) << written;
    }
    test::TempDir const directory;
    std::ofstream(directory.path() / "some.log") << "nothing of the kind\n";
    EXPECT_TRUE(files_with_secrets(directory.path(), {secret}).empty());
}

TEST(Secrets, AppearInNoLogNoOutputAndNoFile) {
    // One secret comes by the environment.
    ::setenv("IDENTITY_HEADER", "canary-of-the-identity-endpoint", 1);
    Stack stack({}, kApproveAtOnce);
    ::unsetenv("IDENTITY_HEADER");
    attach_pat(stack, "contoso");
    sign_in(stack, "fabrikam");
    for (Place const& place : {kContoso, kFabrikam, kNorthwind}) {
        McpClient client(stack.daemon);
        EXPECT_TRUE(search(client, place).ok());
    }
    // Through a browser too, once with success and three times without.
    test::Browser browser(stack.simulator);
    std::set<std::string> carried;
    auto const come_back = [&](std::string const& back) {
        carried.insert(test::query_parameter(back, "code"));
        carried.insert(test::query_parameter(back, "state"));
        return browser.come_back(stack.daemon.url(), back).status;
    };
    Json const link = browser.start(stack.daemon, "fabrikam");
    std::string const back = browser.open(link.at("authorize_url").get<std::string>());
    EXPECT_EQ(come_back(back), 200);
    EXPECT_GE(come_back(back), 400);
    for (int const code : {90033, 54005}) {
        stack.simulator.fault(
            Json{{"match", {{"route", "entra.token"}}}, {"action", "aadsts"}, {"code", code}});
        Json const another = browser.start(stack.daemon, "fabrikam");
        EXPECT_GE(come_back(browser.open(another.at("authorize_url").get<std::string>())), 400);
    }
    // Refusals are logged: they are where a secret would slip out.
    McpClient client(stack.daemon);
    auto const refused = client.attach_pat("contoso", stack.simulator.pat("contoso", "expired"));
    ASSERT_TRUE(refused);
    EXPECT_GE(refused->status, 400);
    std::ofstream(stack.directory.path() / "told.txt") << refused->body << "\n";
    EXPECT_GE(client.attach_pat("contoso", "not a token at all")->status, 400);
    EXPECT_GE(client.attach_pat("fabrikam", stack.simulator.pat("contoso", "full"))->status, 400);
    McpClient stranger(stack.daemon.url(), stack.simulator.pat("contoso", "full"));
    EXPECT_EQ(stranger.call("list_organizations", Json::object()).http_status, 401);
    stack.daemon.command({"pat", "set", "--organization", "contoso"},
                         stack.simulator.pat("contoso", "expired") + "\n");
    stack.daemon.command({"pat", "set", "--organization", "contoso"}, stack.simulator.pat("contoso", "full"));
    stack.daemon.command({"pat", "list", "--json"});
    stack.daemon.command({"check"});
    stack.daemon.command({"call", "list_organizations"});
    for (char const* const action :
         {"html203", "empty401", "expired_pat", "malformed_json", "partial_body"}) {
        stack.simulator.fault(Json{{"match", {{"route", "codesearchresults"}}}, {"action", action}});
        search(client, kContoso);
    }
    set_tokens(stack, "expire_all_access_tokens=1");
    for (int const code : {90033, 700027, 70025}) {
        stack.simulator.fault(
            Json{{"match", {{"route", "entra.token"}}}, {"action", "aadsts"}, {"code", code}});
        search(client, kNorthwind);
        search(client, kFabrikam);
    }
    set_tokens(stack, "revoke_grant=1&expire_all_access_tokens=1");
    search(client, kFabrikam);

    test::CommandResult const created =
        stack.daemon.command({"token", "create", "--name", "agent", "--role", "user", "--json"});
    ASSERT_EQ(created.exit_code, 0) << created.err;
    std::string const agent_token = Json::parse(created.out).at("token").get<std::string>();
    McpClient agent(stack.daemon.url(), agent_token);
    // One of the faults was a refusal of the PAT, which stands until one is stored.
    attach_pat(stack, "contoso");
    ToolAnswer const by_agent = search(agent, kContoso);
    EXPECT_TRUE(by_agent.ok()) << by_agent.describe();
    stack.daemon.command({"token", "list", "--json"});
    // It is shown once, there.
    for (auto const& entry : std::filesystem::directory_iterator(stack.directory.path())) {
        if (entry.is_regular_file() && test::read_text(entry.path()) == created.out) {
            std::filesystem::remove(entry.path());
        }
    }

    // What tells of all that, and the keys the store was under before and after.
    std::set<std::string> keys = lines_of(stack.daemon.state_directory() / "store.key");
    stack.daemon.command({"key", "rotate", "--drop-old"});
    stack.daemon.command({"audit", "list", "--json", "--limit", "0"});
    stack.daemon.command({"audit", "list", "--limit", "0"});
    stack.daemon.command({"audit", "verify"});
    stack.daemon.command({"store", "backup", (stack.daemon.state_directory() / "copy.db").string()});
    for (char const* const path : {"/metrics", "/api/v1/audit?limit=1000", "/api/v1/azuredevops/auth"}) {
        auto const told = client.rest(path);
        ASSERT_TRUE(told) << path;
        std::ofstream(stack.directory.path() / "told.txt", std::ios::app) << told->body << "\n";
    }
    std::string const proc = "/proc/" + std::to_string(stack.daemon.process().id());
    std::ofstream(stack.directory.path() / "proc.txt", std::ios::binary)
        << test::read_text(proc + "/cmdline") << test::read_text(proc + "/environ");

    // The plain managed identity, on the same store; and an end that leaves SQLite's log as it is.
    use_plain_managed_identity(stack.config, stack.simulator);
    stack.daemon.set_config(stack.config);
    stack.daemon.restart();
    McpClient later(stack.daemon);
    EXPECT_TRUE(search(later, kContoso).ok());
    attach_pat(stack, "contoso");
    Json const issued = stack.simulator.admin("world").at("issued");
    ASSERT_GE(issued.at("access_tokens").size(), 4U);
    ASSERT_GE(issued.at("refresh_tokens").size(), 2U);
    std::set<std::string> secrets = secrets_of(stack);
    secrets.insert("canary-of-the-identity-endpoint");
    secrets.insert(agent_token);
    keys.merge(lines_of(stack.daemon.state_directory() / "store.key"));
    EXPECT_GE(keys.size(), 2U);
    secrets.merge(keys);
    secrets.merge(carried);
    EXPECT_GT(stack.daemon.log().size(), 1000U);
    EXPECT_EQ(files_with_secrets(stack.directory.path(), secrets), std::vector<std::string>());
    stack.daemon.kill();
    EXPECT_EQ(files_with_secrets(stack.directory.path(), secrets), std::vector<std::string>());
    stack.daemon.start();
    EXPECT_EQ(stack.daemon.stop(), 0);
    EXPECT_EQ(files_with_secrets(stack.directory.path(), secrets), std::vector<std::string>());
}

} // namespace
