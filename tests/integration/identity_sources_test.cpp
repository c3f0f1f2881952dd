#include "integration/support/daemon.hpp"
#include "integration/support/mcp_client.hpp"
#include "integration/support/simulator.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Every place where Azure gives a machine its identity, played by the simulator and found by the daemon from
/// the environment alone.
namespace {

using test::Json;
using test::McpClient;
using test::Simulator;
using test::ToolAnswer;

using Environment = std::map<std::string, std::string>;

class Host {
public:
    /// What the platform sets on such a host.
    using Variables = std::function<Environment(Simulator const& simulator)>;

    Host(Variables const& variables, Json auth, std::vector<std::string> const& simulator_options = {})
        : simulator(directory.path(), simulator_options) {
        Json config = test::daemon_config(simulator);
        config["managed_identity"].erase("source"); // auto
        config["connectors"] = Json::array();
        auth["method"] = "managed_identity";
        config["connectors"].push_back(test::connector("contoso", std::move(auth)));
        daemon = std::make_unique<test::Daemon>(directory.path(), config);
        // Whatever this test itself runs on is no part of it.
        daemon->environment = {{"IDENTITY_ENDPOINT", ""},
                               {"IDENTITY_HEADER", ""},
                               {"IDENTITY_SERVER_THUMBPRINT", ""},
                               {"IMDS_ENDPOINT", ""},
                               {"MSI_ENDPOINT", ""},
                               {"MSI_SECRET", ""},
                               {"DEFAULT_IDENTITY_CLIENT_ID", ""},
                               {"AZURE_CLIENT_ID", ""},
                               {"AZURE_TENANT_ID", ""},
                               {"AZURE_FEDERATED_TOKEN_FILE", ""},
                               {"AZURE_AUTHORITY_HOST", ""}};
        for (auto const& [name, value] : variables(simulator)) {
            daemon->environment[name] = value;
        }
        config_ = std::move(config);
    }
    ~Host() {
        if (daemon->running()) {
            EXPECT_EQ(daemon->stop(), 0);
        }
        EXPECT_EQ(daemon->log().find(simulator.world().at("identity_header").get<std::string>()),
                  std::string::npos);
    }
    Host(Host const&) = delete;
    Host& operator=(Host const&) = delete;

    ToolAnswer search() {
        McpClient client(*daemon);
        return client.call(
            "search_code",
            Json{{"organization", "contoso"}, {"project", "Game Engine"}, {"query", "reconnect_backoff"}});
    }
    /// How the connector stands.
    Json status() {
        McpClient client(*daemon);
        auto const answer = client.rest_json("GET", "/api/v2/extendedAgent/connectors/contoso");
        EXPECT_TRUE(answer);
        return answer ? Json::parse(answer->body).at("status") : Json();
    }

    test::TempDir directory;
    Simulator simulator;
    std::unique_ptr<test::Daemon> daemon;

private:
    Json config_;
};

std::string world_text(Simulator const& simulator, char const* name) {
    return simulator.world().at(name).get<std::string>();
}

class Source {
public:
    char const* name;    ///< of the test
    char const* counted; ///< of the simulator's route and count
    char const* logged;
    Host::Variables variables;
    bool by_client_id; ///< whether the connector names the identity
};

Source const kSources[] = {
    {"Imds", "imds", "IMDS", [](Simulator const&) { return Environment(); }, true},
    {"AppService",
     "app_service",
     "App Service",
     [](Simulator const& simulator) {
         return Environment{{"IDENTITY_ENDPOINT", simulator.url() + "/msi/token"},
                            {"IDENTITY_HEADER", world_text(simulator, "identity_header")}};
     },
     true},
    {"AppServiceOf2017",
     "app_service_2017",
     "App Service (2017)",
     [](Simulator const& simulator) {
         return Environment{{"MSI_ENDPOINT", simulator.url() + "/MSI/token/"},
                            {"MSI_SECRET", world_text(simulator, "identity_header")}};
     },
     true},
    {"AzureMl",
     "azure_ml",
     "Azure ML",
     [](Simulator const& simulator) {
         return Environment{
             {"MSI_ENDPOINT", simulator.url() + "/msi/auth"},
             {"MSI_SECRET", world_text(simulator, "identity_header")},
             {"DEFAULT_IDENTITY_CLIENT_ID", world_text(simulator, "managed_identity_client_id")}};
     },
     false},
    {"CloudShell",
     "cloud_shell",
     "Cloud Shell",
     [](Simulator const& simulator) {
         return Environment{{"MSI_ENDPOINT", simulator.url() + "/oauth2/token"}};
     },
     false},
    {"ServiceFabric",
     "service_fabric",
     "Service Fabric",
     [](Simulator const& simulator) {
         return Environment{{"IDENTITY_ENDPOINT", simulator.url() + "/metadata/identity/oauth2/token"},
                            {"IDENTITY_HEADER", world_text(simulator, "identity_header")},
                            {"IDENTITY_SERVER_THUMBPRINT", world_text(simulator, "tls_thumbprint")}};
     },
     false},
};

class IdentitySource : public testing::TestWithParam<Source> {
protected:
    std::unique_ptr<Host> make(Host::Variables const& variables) {
        // The world is the same for the same seed, so its ids are known before it is made.
        test::TempDir const directory;
        Json auth = Json::object();
        if (GetParam().by_client_id) {
            Simulator const same(directory.path());
            auth["client_id"] = same.world().at("managed_identity_client_id");
        }
        return std::make_unique<Host>(variables, std::move(auth));
    }
};

TEST_P(IdentitySource, IsFoundAndServesCallsThroughFaultsOfTheMoment) {
    Source const& source = GetParam();
    std::unique_ptr<Host> const host = make(source.variables);
    std::string const route = std::string("managed_identity.") + source.counted;
    // Twice 503: tried again after a second each time (IMDS: one, then two).
    host->simulator.fault(
        Json{{"match", {{"route", route}}}, {"action", "status"}, {"status", 503}, {"times", 2}});
    host->daemon->start();
    ToolAnswer const found = host->search();
    ASSERT_TRUE(found.ok()) << found.describe() << host->daemon->log();
    EXPECT_EQ(found.identity().at("method"), "managed_identity");
    EXPECT_EQ(host->simulator.requests(route), 3);
    EXPECT_EQ(host->simulator.tokens(source.counted), 1);
    EXPECT_TRUE(host->search().ok());
    EXPECT_EQ(host->simulator.tokens(source.counted), 1) << "the token is kept";
    std::string const line = host->daemon->wait_for_log("\"managed_identity.source\"");
    EXPECT_EQ(Json::parse(line).at("source"), source.logged) << line;
    EXPECT_EQ(Json::parse(line).at("why"), "environment");
}

TEST_P(IdentitySource, ARefusalNamesTheSourceAndWhatToDo) {
    Source const& source = GetParam();
    std::unique_ptr<Host> const host = make(source.variables);
    host->simulator.fault(Json{{"match", {{"route", std::string("managed_identity.") + source.counted}}},
                               {"action", "status"},
                               {"status", 400},
                               {"body", R"({"error":{"code":"x","message":"Identity not found"}})"},
                               {"times", 0}});
    host->daemon->start();
    ToolAnswer const refused = host->search();
    ASSERT_TRUE(refused.failed()) << refused.describe();
    EXPECT_NE(refused.text().find(source.logged), std::string::npos) << refused.text();
    Json const status = host->status();
    EXPECT_EQ(status.at("state"), "misconfigured") << status;
    EXPECT_NE(status.at("reason").get<std::string>().find("assigned to this host"), std::string::npos)
        << status;
    EXPECT_NE(status.at("fix").get<std::string>().find("Assign the identity"), std::string::npos) << status;
}

INSTANTIATE_TEST_SUITE_P(Played, IdentitySource, testing::ValuesIn(kSources), [](auto const& about) {
    return std::string(about.param.name);
});

TEST(IdentitySources, AWrongHeaderIsAMisconfiguration) {
    for (Source const& source : kSources) {
        Host::Variables const broken = [&source](Simulator const& simulator) {
            Environment variables = source.variables(simulator);
            for (char const* const name : {"IDENTITY_HEADER", "MSI_SECRET"}) {
                if (variables.contains(name)) {
                    variables[name] = "wrong";
                }
            }
            return variables;
        };
        Environment const as_it_is = source.variables(Simulator(test::TempDir().path()));
        if (!as_it_is.contains("IDENTITY_HEADER") && !as_it_is.contains("MSI_SECRET")) {
            continue;
        }
        SCOPED_TRACE(source.name);
        Host host(broken, Json::object());
        host.daemon->start();
        ToolAnswer const refused = host.search();
        ASSERT_TRUE(refused.failed()) << refused.describe();
        EXPECT_EQ(host.status().at("state"), "misconfigured");
        EXPECT_NE(refused.text().find("HTTP 401"), std::string::npos) << refused.text();
    }
}

TEST(IdentitySources, ServiceFabricIsKnownByItsThumbprintAlone) {
    Host host(
        [](Simulator const& simulator) {
            return Environment{{"IDENTITY_ENDPOINT", simulator.url() + "/metadata/identity/oauth2/token"},
                               {"IDENTITY_HEADER", world_text(simulator, "identity_header")},
                               {"IDENTITY_SERVER_THUMBPRINT", std::string(40, 'A')}};
        },
        Json::object());
    host.daemon->start();
    EXPECT_TRUE(host.search().failed()) << "its certificate is another, though its authority is trusted";
    EXPECT_EQ(host.simulator.requests("managed_identity.service_fabric"), 0) << "the header was not sent";
}

/// The agent keeps its keys in one place and nowhere else; only where that place is free can it be played.
class ArcKeys {
public:
    ArcKeys() {
        std::error_code failed;
        std::filesystem::path const top = "/var/opt/azcmagent";
        if (!std::filesystem::exists(top, failed) &&
            std::filesystem::create_directories(top / "tokens", failed) && !failed) {
            top_ = top;
        }
    }
    ~ArcKeys() {
        std::error_code ignored;
        if (top_) {
            std::filesystem::remove_all(*top_, ignored);
        }
    }
    ArcKeys(ArcKeys const&) = delete;
    ArcKeys& operator=(ArcKeys const&) = delete;
    bool usable() const { return top_.has_value(); }
    std::string write(std::string const& content) const {
        std::string path = (*top_ / "tokens" / "challenge.key").string();
        std::ofstream(path) << content;
        return path;
    }

private:
    std::optional<std::filesystem::path> top_;
};

TEST(IdentitySources, AzureArcIsAnsweredWithTheKeyItsChallengeNames) {
    ArcKeys const keys;
    if (!keys.usable()) {
        GTEST_SKIP() << "/var/opt/azcmagent cannot be made here";
    }
    std::string const file = keys.write("canary-arc-key");
    Host::Variables const variables = [](Simulator const& simulator) {
        return Environment{{"IDENTITY_ENDPOINT", simulator.url() + "/metadata/identity/oauth2/token"},
                           {"IMDS_ENDPOINT", simulator.url()}};
    };
    {
        Host host(variables, Json::object(), {"--arc-key-file", file});
        host.daemon->start();
        ToolAnswer const found = host.search();
        ASSERT_TRUE(found.ok()) << found.describe();
        EXPECT_EQ(host.simulator.tokens("arc"), 1);
        EXPECT_EQ(host.simulator.requests("managed_identity.arc"), 2)
            << "the challenge, and the answer to it";
        EXPECT_EQ(host.daemon->log().find("canary-arc-key"), std::string::npos);
    }
    // Whoever listens on the port cannot have any other file read.
    test::TempDir const elsewhere;
    Host host(variables, Json::object(), {"--arc-key-file", elsewhere.write("other.key", "canary-arc-key")});
    host.daemon->start();
    EXPECT_TRUE(host.search().failed());
    EXPECT_EQ(host.simulator.tokens("arc"), 0);
    EXPECT_EQ(host.simulator.requests("managed_identity.arc"), 1);
}

TEST(IdentitySources, WorkloadIdentityReadsItsTokenFileForEveryExchange) {
    test::TempDir const directory;
    Simulator simulator(directory.path());
    std::string const file = (directory.path() / "federated-token").string();
    auto const project = [&](Json const& claims) {
        std::ofstream(file) << simulator.admin("assertion", claims).at("assertion").get<std::string>();
    };
    Json const cluster{{"issuer", "https://oidc.contoso.example/cluster"},
                       {"subject", "system:serviceaccount:agents:ado-mcpd"},
                       {"audience", "api://AzureADTokenExchange"}};
    project(cluster);
    Json config = test::daemon_config(simulator);
    config["managed_identity"].erase("source");
    config["connectors"] = Json::array();
    config["connectors"].push_back(test::connector("northwind", Json{{"method", "managed_identity"}}));
    test::Daemon daemon(directory.path(), config);
    daemon.environment = {{"AZURE_CLIENT_ID", world_text(simulator, "agent_client_id")},
                          {"AZURE_TENANT_ID", world_text(simulator, "customer_tenant_id")},
                          {"AZURE_FEDERATED_TOKEN_FILE", file},
                          {"AZURE_AUTHORITY_HOST", simulator.url() + "/"}};
    daemon.start();
    McpClient client(daemon);
    Json const query{{"organization", "northwind"}, {"project", "Traders"}, {"query", "reconnect_backoff"}};
    ToolAnswer const found = client.call("search_code", query);
    ASSERT_TRUE(found.ok()) << found.describe();
    EXPECT_EQ(simulator.requests("managed_identity.imds"), 0);
    EXPECT_EQ(Json::parse(daemon.wait_for_log("\"managed_identity.source\"")).at("source"),
              "workload identity");

    // The platform replaces the file; what stood in it before is worth nothing.
    Json other = cluster;
    other["subject"] = "system:serviceaccount:agents:somebody-else";
    project(other);
    simulator.admin("tokens?expire_all_access_tokens=1");
    ToolAnswer const refused = client.call("search_code", query);
    ASSERT_TRUE(refused.failed()) << refused.describe();
    EXPECT_NE(refused.text().find("AADSTS700213"), std::string::npos) << refused.text();
    project(cluster);
    daemon.restart();
    McpClient again(daemon);
    EXPECT_TRUE(again.call("search_code", query).ok());
    std::filesystem::remove(file);
    daemon.restart();
    McpClient last(daemon);
    ToolAnswer const missing = last.call("search_code", query);
    ASSERT_TRUE(missing.failed());
    EXPECT_NE(missing.text().find("AZURE_FEDERATED_TOKEN_FILE"), std::string::npos) << missing.text();
    EXPECT_EQ(daemon.stop(), 0);
}

} // namespace
