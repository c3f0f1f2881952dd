#include "integration/support/http_proxy.hpp"
#include "integration/support/stack.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

/// The daemon with Azure's own names, which nobody but the proxy can lead anywhere: a call that works went
/// through it.
namespace {

using test::CommandResult;
using test::HttpProxy;
using test::Json;
using test::McpClient;
using test::Simulator;
using test::ToolAnswer;

constexpr char const* kCredentials = "agent:canary-of-the-proxy";

class BehindAProxy : public testing::Test {
protected:
    BehindAProxy() : simulator(directory.path()) {
        config = test::daemon_config(simulator);
        config.erase("azure_devops"); // https://dev.azure.com and its kin
        config["entra"].erase("authority");
        // A name nobody can look up fails at once with the resolver of a machine without a network.
        config["limits"]["upstream_attempts"] = 1;
    }
    ~BehindAProxy() override {
        if (daemon && daemon->running()) {
            EXPECT_EQ(daemon->stop(), 0);
        }
        if (daemon) {
            EXPECT_EQ(daemon->log().find("canary-of-the-proxy"), std::string::npos);
        }
    }

    std::uint16_t simulator_port() const { return core::Url::parse(simulator.url())->origin.port; }
    void start(std::string const& proxy_url) {
        config["outbound"]["proxy"] = proxy_url;
        daemon = std::make_unique<test::Daemon>(directory.path(), config);
        daemon->start();
    }
    ToolAnswer search(std::string const& organization, std::string const& project) {
        McpClient client(*daemon);
        return client.call(
            "search_code",
            Json{{"organization", organization}, {"project", project}, {"query", "reconnect_backoff"}});
    }
    void attach_contoso() {
        McpClient client(*daemon);
        auto const attached = client.attach_pat("contoso", simulator.pat("contoso"));
        ASSERT_TRUE(attached) << core::describe(attached.error());
        ASSERT_EQ(attached->status, 200) << attached->body;
    }
    Json test_connector(std::string const& name) {
        McpClient client(*daemon);
        auto const answer = client.rest_json("POST", "/api/v2/extendedAgent/connectors/" + name + "/test");
        EXPECT_TRUE(answer);
        return answer ? Json::parse(answer->body) : Json();
    }
    static Json leg(Json const& report, std::string const& name) {
        Json found;
        for (Json const& one : report.at("legs")) {
            if (one.at("name") == name) {
                found = one; // the last one of that name
            }
        }
        return found;
    }

    test::TempDir directory;
    Simulator simulator;
    Json config;
    std::unique_ptr<test::Daemon> daemon;
};

TEST_F(BehindAProxy, EveryCallToAzureGoesThroughItAndTheManagedIdentityDoesNot) {
    HttpProxy const proxy(simulator_port());
    start(proxy.url());
    attach_contoso();
    ToolAnswer const found = search("contoso", "Game Engine");
    ASSERT_TRUE(found.ok()) << found.describe();
    EXPECT_FALSE(found.structured().at("results").empty());
    ToolAnswer const exchanged = search("northwind", "Traders");
    EXPECT_TRUE(exchanged.ok()) << exchanged.describe();
    EXPECT_GE(simulator.requests("managed_identity.imds"), 1);
    for (char const* const host :
         {"dev.azure.com:443", "almsearch.dev.azure.com:443", "login.microsoftonline.com:443"}) {
        EXPECT_TRUE(proxy.was_asked_for(host)) << host;
    }
    for (std::string const& host : proxy.asked()) {
        EXPECT_FALSE(host.starts_with("127.") || host.starts_with("localhost")) << host;
    }
    Json const report = test_connector("contoso");
    EXPECT_EQ(report.at("works"), true) << report;
    EXPECT_EQ(leg(report, "proxy").at("outcome"), "passed") << report;
    EXPECT_EQ(leg(report, "tls").at("outcome"), "passed") << report;
    EXPECT_EQ(leg(report, "tenant").at("outcome"), "passed") << report;
    EXPECT_TRUE(proxy.was_asked_for("vssps.dev.azure.com:443"));

    // Without it there is no way: that is what made the test.
    config["outbound"].erase("proxy");
    daemon->set_config(config);
    daemon->restart();
    EXPECT_TRUE(search("contoso", "Game Engine").failed());
}

TEST_F(BehindAProxy, TheProxyOfTheEnvironmentServesToo) {
    HttpProxy const proxy(simulator_port(), kCredentials);
    daemon = std::make_unique<test::Daemon>(directory.path(), config);
    daemon->environment = {{"HTTPS_PROXY", proxy.url(kCredentials)}, {"NO_PROXY", "localhost,.example"}};
    daemon->start();
    attach_contoso();
    EXPECT_TRUE(search("contoso", "Game Engine").ok());
    EXPECT_TRUE(proxy.was_asked_for("dev.azure.com:443"));
}

TEST_F(BehindAProxy, AProxyThatWantsAPasswordIsToldApartFromOneThatDoesNotTakeIt) {
    HttpProxy const proxy(simulator_port(), kCredentials);
    start(proxy.url());
    ASSERT_EQ(daemon
                  ->command({"pat", "set", "--organization", "contoso", "--no-verify"},
                            simulator.pat("contoso") + "\n")
                  .exit_code,
              0);
    for (auto const& [userinfo, fix] :
         {std::pair("", "http://user:password@host:port"), std::pair("agent:wrong", "user and password")}) {
        SCOPED_TRACE(userinfo);
        config["outbound"]["proxy"] = proxy.url(userinfo);
        daemon->set_config(config);
        daemon->restart();
        ToolAnswer const refused = search("contoso", "Game Engine");
        ASSERT_TRUE(refused.failed()) << refused.describe();
        EXPECT_NE(refused.text().find("407"), std::string::npos) << refused.text();
        EXPECT_NE(refused.text().find(fix), std::string::npos) << refused.text();
        Json const report = test_connector("contoso");
        EXPECT_EQ(report.at("broken_leg"), "proxy") << report;
        Json const broken = leg(report, "proxy");
        EXPECT_EQ(broken.at("code"), "proxy_authentication_required");
        EXPECT_NE(broken.at("detail").get<std::string>().find("407"), std::string::npos) << broken;
        EXPECT_NE(broken.at("fix").get<std::string>().find(fix), std::string::npos) << broken;
    }
    config["outbound"]["proxy"] = proxy.url(kCredentials);
    daemon->set_config(config);
    daemon->restart();
    EXPECT_TRUE(search("contoso", "Game Engine").ok());
    Json const works = test_connector("contoso");
    EXPECT_EQ(leg(works, "proxy").at("outcome"), "passed") << works;
    EXPECT_EQ(works.dump().find("canary"), std::string::npos);

    CommandResult const doctor = daemon->command({"doctor", "--organization", "contoso", "--json"});
    EXPECT_EQ(doctor.exit_code, 0) << doctor.out;
    EXPECT_EQ(doctor.out.find("canary"), std::string::npos);
    CommandResult const check = daemon->command({"check"});
    EXPECT_EQ(check.exit_code, 0) << check.err;
    EXPECT_EQ(check.out.find("canary"), std::string::npos) << check.out;
}

TEST_F(BehindAProxy, OneThatRefusesTheDestinationIsNamedWithItsAnswer) {
    HttpProxy proxy(simulator_port());
    proxy.refuse(403);
    start(proxy.url());
    Json const report = test_connector("contoso");
    EXPECT_EQ(report.at("broken_leg"), "proxy") << report;
    Json const broken = leg(report, "proxy");
    EXPECT_EQ(broken.at("code"), "proxy_refused");
    EXPECT_NE(broken.at("detail").get<std::string>().find("dev.azure.com:443 with status 403"),
              std::string::npos)
        << broken;
    EXPECT_NE(broken.at("fix").get<std::string>().find("dev.azure.com"), std::string::npos) << broken;
    CommandResult const doctor = daemon->command({"doctor", "--organization", "contoso"});
    EXPECT_EQ(doctor.exit_code, 69) << doctor.out << doctor.err;
    EXPECT_NE(doctor.out.find("403"), std::string::npos) << doctor.out;
    proxy.refuse(0);
    attach_contoso();
    EXPECT_TRUE(search("contoso", "Game Engine").ok()) << "no restart is needed";
}

TEST_F(BehindAProxy, OneThatIsDownBreaksTheLegToTheProxyItself) {
    std::string url;
    {
        HttpProxy const proxy(simulator_port());
        url = proxy.url();
    }
    start(url);
    Json const report = test_connector("contoso");
    EXPECT_EQ(report.at("works"), false);
    EXPECT_EQ(report.at("broken_leg"), "tcp") << report;
    Json const broken = leg(report, "tcp");
    EXPECT_NE(broken.at("title").get<std::string>().find("proxy 127.0.0.1:"), std::string::npos) << broken;
    EXPECT_NE(broken.at("fix").get<std::string>().find("outbound.proxy"), std::string::npos) << broken;
}

} // namespace
