#include "integration/support/browser.hpp"
#include "integration/support/stack.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>

namespace {

using test::Browser;
using test::Json;
using test::McpClient;
using test::Simulator;
using test::Stack;
using test::ToolAnswer;

constexpr char const* kCallback = "/api/v1/azuredevops/auth/oauth/callback";

ToolAnswer search(Stack& stack, char const* organization = "fabrikam") {
    McpClient client(stack.daemon);
    return client.call("search_code", Json{{"organization", organization}, {"query", "reconnect_backoff"}});
}

void expect_failed_page(core::HttpResponse const& page, std::string const& code) {
    EXPECT_GE(page.status, 400);
    EXPECT_NE(page.body.find("Authentication Failed"), std::string::npos) << page.body;
    EXPECT_NE(page.body.find(code), std::string::npos) << page.body;
}

TEST(BrowserSignIn, ConnectsAnOrganizationForTheNextCall) {
    Stack stack;
    Browser browser(stack.simulator);
    EXPECT_TRUE(search(stack).failed());
    Json const link = browser.start(stack.daemon, "https://dev.azure.com/fabrikam");
    std::string const flow_id = link.at("flow_id");
    EXPECT_EQ(browser.flow(stack.daemon, flow_id).at("state"), "pending");
    std::string const port = stack.daemon.url().substr(stack.daemon.url().rfind(':'));
    EXPECT_EQ(link.at("redirect_uri"), "http://localhost" + port + "/");

    std::string const back = browser.open(link.at("authorize_url"));
    EXPECT_TRUE(back.starts_with("http://localhost" + port + "/?code=")) << back;
    core::HttpResponse const page = browser.come_back(stack.daemon.url(), back);
    EXPECT_EQ(page.status, 200);
    EXPECT_NE(page.body.find("Connected to Azure DevOps"), std::string::npos) << page.body;
    Json const flow = browser.flow(stack.daemon, flow_id);
    EXPECT_EQ(flow.at("state"), "connected");
    EXPECT_NE(page.body.find(flow.at("identity").get<std::string>()), std::string::npos);

    ToolAnswer const answer = search(stack);
    EXPECT_TRUE(answer.ok()) << answer.describe();
    EXPECT_EQ(answer.identity().at("method"), "oauth");
    EXPECT_EQ(answer.identity().at("identity"), flow.at("identity"));
    McpClient client(stack.daemon);
    Json const status = Json::parse(client.rest("/api/v1/azuredevops/auth/fabrikam")->body);
    EXPECT_EQ(status.at("state"), "connected");
}

TEST(BrowserSignIn, BringsAnOrganizationThatIsNotDeclared) {
    Stack stack([](Json& config, Simulator const&) { config["connectors"] = Json::array(); });
    Browser browser(stack.simulator);
    EXPECT_EQ(browser.sign_in(stack.daemon, "fabrikam").status, 200);
    EXPECT_TRUE(search(stack).ok());
}

TEST(BrowserSignIn, TheAnswerMayComeAsAForm) {
    Stack stack;
    Browser browser(stack.simulator);
    for (char const* const path : {"/", kCallback}) {
        Json const link = browser.start(stack.daemon, "fabrikam");
        std::string const form = browser.open_for_form(link.at("authorize_url"));
        core::HttpResponse const page =
            browser.submit(stack.daemon.url(), path, form, "https://login.microsoftonline.com");
        EXPECT_EQ(page.status, 200) << page.body;
        EXPECT_NE(page.body.find("Connected to Azure DevOps"), std::string::npos);
    }
    EXPECT_TRUE(search(stack).ok());
}

TEST(BrowserSignIn, AConfidentialClientComesBackToThePublicUrl) {
    Stack stack([](Json& config, Simulator const& simulator) {
        std::string const file = simulator.state_directory() + "-client-secret";
        for (Json const& application : simulator.world().at("applications")) {
            if (application.at("client_id") == simulator.world().at("agent_client_id")) {
                std::ofstream(file) << application.at("secret").get<std::string>();
            }
        }
        std::filesystem::permissions(file, std::filesystem::perms::owner_read);
        config["entra"]["client_id"] = simulator.world().at("agent_client_id");
        config["entra"]["client_secret_file"] = file;
        config["public_url"] = "https://localhost/";
    });
    Browser browser(stack.simulator);
    Json const link = browser.start(stack.daemon, "fabrikam");
    EXPECT_EQ(link.at("redirect_uri"), std::string("https://localhost") + kCallback);
    std::string const back = browser.open(link.at("authorize_url"));
    EXPECT_EQ(browser.come_back(stack.daemon.url(), back).status, 200);
    EXPECT_TRUE(search(stack).ok());
}

TEST(BrowserSignIn, ARestartBetweenStartAndReturnDoesNotMatter) {
    Stack stack;
    Browser browser(stack.simulator);
    Json const link = browser.start(stack.daemon, "fabrikam");
    std::string const back = browser.open(link.at("authorize_url"));
    stack.daemon.kill();
    stack.daemon.start();
    Browser later(stack.simulator);
    EXPECT_EQ(later.flow(stack.daemon, link.at("flow_id")).at("state"), "pending");
    core::HttpResponse const page = later.come_back(stack.daemon.url(), back);
    EXPECT_EQ(page.status, 200) << page.body;
    EXPECT_EQ(later.flow(stack.daemon, link.at("flow_id")).at("state"), "connected");
    EXPECT_TRUE(search(stack).ok());

    // And the old answer once more, after another restart.
    stack.daemon.restart();
    stack.simulator.admin("tokens?rotation=family-revocation");
    Browser again(stack.simulator);
    expect_failed_page(again.come_back(stack.daemon.url(), back), "sign_in_used");
    EXPECT_EQ(again.flow(stack.daemon, link.at("flow_id")).at("state"), "connected");
    EXPECT_TRUE(search(stack).ok());
}

TEST(BrowserSignIn, AReplayedReturnIsRefusedAndHarmless) {
    Stack stack;
    Browser browser(stack.simulator);
    Json const link = browser.start(stack.daemon, "fabrikam");
    std::string const back = browser.open(link.at("authorize_url"));
    ASSERT_EQ(browser.come_back(stack.daemon.url(), back).status, 200);
    std::int64_t const asked = stack.simulator.requests("entra.token");
    expect_failed_page(browser.come_back(stack.daemon.url(), back), "sign_in_used");
    // With another code, too: it is the state that is spent.
    std::string const other = browser.open(link.at("authorize_url"));
    EXPECT_NE(other, back);
    expect_failed_page(browser.come_back(stack.daemon.url(), other), "sign_in_used");
    EXPECT_EQ(stack.simulator.requests("entra.token"), asked);
    EXPECT_EQ(browser.flow(stack.daemon, link.at("flow_id")).at("state"), "connected");
    EXPECT_TRUE(search(stack).ok());
}

TEST(BrowserSignIn, ACodeOfAnotherSignInIsRefused) {
    Stack stack;
    Browser browser(stack.simulator);
    Json const mine = browser.start(stack.daemon, "fabrikam");
    Json const theirs = browser.start(stack.daemon, "fabrikam");
    std::string const code = test::query_parameter(browser.open(theirs.at("authorize_url")), "code");
    std::string const state = test::query_parameter(mine.at("authorize_url"), "state");
    core::HttpResponse const page =
        browser.come_back(stack.daemon.url(), "http://x/?code=" + code + "&state=" + state);
    expect_failed_page(page, "AADSTS501481");
    EXPECT_TRUE(search(stack).failed());
}

TEST(BrowserSignIn, AGuestSignsInAtTheTenantOfTheOrganization) {
    Stack stack([](Json& config, test::Simulator const&) {
        config["connectors"] = Json::array({test::connector("northwind", Json{{"method", "oauth"}})});
    });
    Browser browser(stack.simulator);
    Json const& world = stack.simulator.world();
    std::string const tenant = world.at("customer_tenant_id");
    Json const link = browser.start(stack.daemon, "northwind");
    EXPECT_EQ(link.at("tenant"), tenant) << "found out by the anonymous look-up";
    EXPECT_NE(link.at("authorize_url").get<std::string>().find("/" + tenant + "/oauth2/"), std::string::npos);
    EXPECT_EQ(browser.come_back(stack.daemon.url(), browser.open(link.at("authorize_url"))).status, 200);
    McpClient client(stack.daemon);
    ToolAnswer const answer = client.call(
        "search_code",
        Json{{"organization", "northwind"}, {"project", "Traders"}, {"query", "reconnect_backoff"}});
    EXPECT_TRUE(answer.ok()) << answer.describe();
    EXPECT_EQ(answer.identity().at("method"), "oauth");

    // Somebody who has not been invited there.
    stack.simulator.admin("settings?sign_in_user=bo");
    Json const another = browser.start(stack.daemon, "northwind");
    expect_failed_page(browser.come_back(stack.daemon.url(), browser.open(another.at("authorize_url"))),
                       "AADSTS50020");
    EXPECT_EQ(browser.flow(stack.daemon, another.at("flow_id")).at("state"), "failed");
    // The sign-in that worked is still there.
    EXPECT_TRUE(
        client
            .call("search_code",
                  Json{{"organization", "northwind"}, {"project", "Traders"}, {"query", "reconnect_backoff"}})
            .ok());
}

TEST(BrowserSignIn, ARefusalIsToldInTheBrowserAndOverRest) {
    Stack stack;
    Browser browser(stack.simulator);
    struct Row {
        char const* settings;
        char const* code;
        char const* fix;
    };
    for (Row const& row : std::vector<Row>{
             {"authorize_error=access_denied&authorize_code=65004", "AADSTS65004", "Sign in again"},
             {"authorize_error=access_denied&authorize_code=90094", "AADSTS90094", "adminconsent"},
             {"authorize_error=consent_required&authorize_code=65001", "AADSTS65001", "consent"}}) {
        SCOPED_TRACE(row.code);
        stack.simulator.admin(std::string("settings?") + row.settings);
        Json const link = browser.start(stack.daemon, "fabrikam");
        expect_failed_page(browser.come_back(stack.daemon.url(), browser.open(link.at("authorize_url"))),
                           row.code);
        Json const flow = browser.flow(stack.daemon, link.at("flow_id"));
        EXPECT_EQ(flow.at("state"), "failed");
        EXPECT_EQ(flow.at("code"), row.code);
        EXPECT_NE(flow.at("fix").get<std::string>().find(row.fix), std::string::npos) << flow;
    }
    stack.simulator.admin("settings?authorize_error=");
    EXPECT_TRUE(search(stack).failed());
    EXPECT_EQ(browser.sign_in(stack.daemon, "fabrikam").status, 200);
}

TEST(BrowserSignIn, WhoMayNotReadTheOrganizationIsNotStored) {
    Stack stack;
    stack.simulator.admin("settings?sign_in_user=otto");
    Browser browser(stack.simulator);
    Json const link = browser.start(stack.daemon, "fabrikam");
    core::HttpResponse const page =
        browser.come_back(stack.daemon.url(), browser.open(link.at("authorize_url")));
    EXPECT_GE(page.status, 400);
    EXPECT_EQ(browser.flow(stack.daemon, link.at("flow_id")).at("state"), "failed");
    EXPECT_TRUE(search(stack).failed());
}

TEST(BrowserSignIn, ALinkThatExpiredIsRefused) {
    Stack stack([](Json& config, Simulator const&) { config["limits"]["sign_in_ms"] = 1000; });
    Browser browser(stack.simulator);
    Json const link = browser.start(stack.daemon, "fabrikam");
    std::string const back = browser.open(link.at("authorize_url"));
    test::wait_until("the link has expired",
                     [&] { return browser.flow(stack.daemon, link.at("flow_id")).at("state") == "failed"; });
    expect_failed_page(browser.come_back(stack.daemon.url(), back), "sign_in_expired");
    EXPECT_TRUE(search(stack).failed());
}

TEST(BrowserSignIn, RootIsNothingToAnybodyElse) {
    Stack stack;
    Browser browser(stack.simulator);
    EXPECT_EQ(browser.come_back(stack.daemon.url(), "http://x/").status, 404);
    EXPECT_EQ(browser.come_back(stack.daemon.url(), "http://x/?code=a&state=b").status, 404);
    EXPECT_EQ(browser.submit(stack.daemon.url(), "/", "code=a&state=b", "https://evil.example").status, 404);
    expect_failed_page(
        browser.come_back(stack.daemon.url(), std::string("http://x") + kCallback + "?code=a&state=b"),
        "sign_in_unknown");
}

TEST(DeviceSignIn, AnOrganizationHasOneAtATimeUntilItIsCancelled) {
    Stack stack({}, {"--device-interval-s", "1"});
    McpClient client(stack.daemon);
    std::string const path = "/api/v1/azuredevops/auth/device";
    Json const first = Json::parse(client.rest(path, "organization=fabrikam")->body);
    Json const again = Json::parse(client.rest(path, "organization=Fabrikam")->body);
    EXPECT_EQ(again.at("user_code"), first.at("user_code"));
    EXPECT_EQ(again.at("flow_id"), first.at("flow_id"));
    EXPECT_EQ(again.at("already_pending"), true);
    EXPECT_EQ(stack.simulator.requests("entra.devicecode"), 1);

    std::string const flow = "/api/v1/azuredevops/auth/oauth/flows/" + first.at("flow_id").get<std::string>();
    auto const cancelled = client.rest_json("DELETE", flow);
    ASSERT_EQ(cancelled->status, 200) << cancelled->body;
    EXPECT_EQ(Json::parse(cancelled->body).at("code"), "sign_in_cancelled");
    stack.simulator.admin("device/approve?user_code=" + first.at("user_code").get<std::string>());
    Json const second = Json::parse(client.rest(path, "organization=fabrikam")->body);
    EXPECT_NE(second.at("user_code"), first.at("user_code"));
    EXPECT_FALSE(second.contains("already_pending"));
    EXPECT_EQ(Json::parse(client.rest(flow)->body).at("state"), "failed")
        << "nobody asks for the grant of it";
    stack.simulator.admin("device/approve?user_code=" + second.at("user_code").get<std::string>());
    test::wait_until("the second code is redeemed", [&] {
        auto const status =
            client.rest("/api/v1/azuredevops/auth/oauth/flows/" + second.at("flow_id").get<std::string>());
        return Json::parse(status->body).at("state") == "connected";
    });
}

TEST(DeviceSignIn, StartedOverRestConnectsInTheBackground) {
    Stack stack({}, {"--device-interval-s", "1"});
    McpClient client(stack.daemon);
    auto const started = client.rest("/api/v1/azuredevops/auth/device", "organization=fabrikam");
    ASSERT_TRUE(started);
    ASSERT_EQ(started->status, 200) << started->body;
    Json const shown = Json::parse(started->body);
    EXPECT_FALSE(shown.at("user_code").get<std::string>().empty());
    EXPECT_EQ(shown.at("verification_uri"), "https://microsoft.com/devicelogin");
    std::string const flow_id = shown.at("flow_id");
    Browser browser(stack.simulator);
    EXPECT_EQ(browser.flow(stack.daemon, flow_id).at("state"), "pending");
    stack.simulator.admin("device/approve?user_code=" + shown.at("user_code").get<std::string>());
    test::wait_until("the device code is redeemed",
                     [&] { return browser.flow(stack.daemon, flow_id).at("state") != "pending"; });
    EXPECT_EQ(browser.flow(stack.daemon, flow_id).at("state"), "connected");
    EXPECT_TRUE(search(stack).ok());
    // One that is never completed does not keep the daemon from stopping.
    ASSERT_EQ(client.rest("/api/v1/azuredevops/auth/device", "organization=fabrikam")->status, 200);
    EXPECT_EQ(stack.daemon.stop(), 0);
}

TEST(DeviceSignIn, ADeclinedOneSaysSo) {
    Stack stack({}, {"--device-interval-s", "1"});
    McpClient client(stack.daemon);
    Json const shown =
        Json::parse(client.rest("/api/v1/azuredevops/auth/device", "organization=fabrikam")->body);
    stack.simulator.admin("device/decline");
    Browser browser(stack.simulator);
    test::wait_until("the flow has ended", [&] {
        return browser.flow(stack.daemon, shown.at("flow_id")).at("state") != "pending";
    });
    Json const flow = browser.flow(stack.daemon, shown.at("flow_id"));
    EXPECT_EQ(flow.at("state"), "failed");
    EXPECT_NE(flow.at("reason").get<std::string>().find("declined"), std::string::npos) << flow;
}

TEST(TerminalSignIn, ComesBackToAListenerOfItsOwn) {
    Stack stack;
    test::ProcessOptions options;
    options.arguments = {
        test::daemon_binary(), "login", "--organization", "fabrikam", "--config", stack.daemon.config_file()};
    options.stdout_file = stack.directory.path() / "login.out";
    options.stderr_file = stack.directory.path() / "login.err";
    test::Process login(options);
    std::string const line = login.wait_for_line(options.stderr_file, "/oauth2/v2.0/authorize?");
    std::string const link = line.substr(line.find("https://"));
    Browser browser(stack.simulator);
    std::string const back = browser.open(link);
    std::string const at = "http://localhost:";
    ASSERT_TRUE(back.starts_with(at)) << back;
    std::string const port = back.substr(at.size(), back.find('/', at.size()) - at.size());
    std::string const listener = "http://127.0.0.1:" + port;
    // What else a browser asks for does not disturb it.
    EXPECT_EQ(browser.come_back(listener, "http://x/favicon.ico").status, 404);
    EXPECT_EQ(browser.come_back(listener, "http://x/?code=a&state=b").status, 404);
    core::HttpResponse const page = browser.come_back(listener, back);
    EXPECT_EQ(page.status, 200) << page.body;
    EXPECT_EQ(login.wait(), 0) << test::read_text(options.stderr_file);
    EXPECT_NE(test::read_text(options.stdout_file).find("Connected to Azure DevOps: organization fabrikam"),
              std::string::npos);
    test::wait_until("the daemon has taken it up", [&] { return search(stack).ok(); });
}

TEST(TerminalSignIn, EndsWithARefusalWhenThePersonDeclines) {
    Stack stack;
    stack.simulator.admin("settings?authorize_error=access_denied");
    test::ProcessOptions options;
    options.arguments = {
        test::daemon_binary(), "login", "--organization", "fabrikam", "--config", stack.daemon.config_file()};
    options.stdout_file = stack.directory.path() / "login.out";
    options.stderr_file = stack.directory.path() / "login.err";
    test::Process login(options);
    std::string const line = login.wait_for_line(options.stderr_file, "/oauth2/v2.0/authorize?");
    Browser browser(stack.simulator);
    std::string const back = browser.open(line.substr(line.find("https://")));
    std::string const at = "http://localhost:";
    std::string const port = back.substr(at.size(), back.find('/', at.size()) - at.size());
    EXPECT_EQ(browser.come_back("http://127.0.0.1:" + port, back).status, 400);
    EXPECT_EQ(login.wait(), 77);
    EXPECT_NE(test::read_text(options.stderr_file).find("AADSTS65004"), std::string::npos);
}

} // namespace
