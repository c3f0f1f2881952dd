#include "server/router/routed_tool.hpp"

#include "fake_provider.hpp"
#include "memory_audit.hpp"
#include "memory_journal.hpp"
#include "server/router/journal_guard.hpp"
#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"
#include "support/scripted_http_client.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using core::ErrorKind;
using core::Json;
using server::CallScope;
using server::Connector;

/// Waits until the test lets it go on, then answers with the organization it was handed.
class FakeTool final : public server::OrganizationTool {
public:
    explicit FakeTool(bool read_only) : descriptor_(describe(read_only)) {}

    protocol::ToolDescriptor const& descriptor() const noexcept override { return descriptor_; }
    core::Task<core::Result<protocol::ToolResult>> run(Json const& args, CallScope const& scope) override {
        ++started;
        bool const opened = co_await gate.wait(core::Deadline::never());
        if (!opened) {
            co_return core::fail(ErrorKind::cancelled, "cancelled");
        }
        ++finished;
        scope.ctx.trace->method = "pat";
        scope.ctx.trace->identity = "ada@contoso.example";
        if (args.contains("fail")) {
            co_return core::fail(
                core::Error(ErrorKind::upstream, "the upstream failed").with_code("TF400898"));
        }
        if (args.contains("late")) {
            co_return core::fail(core::Error(ErrorKind::timeout, "dev.azure.com: no answer"));
        }
        if (args.contains("secret")) {
            std::string const said = "token " + std::string("gh") + "p_0123456789abcdefghijABCDEFGHIJ012345";
            co_return protocol::ToolResult(said + "\n", Json{{"text", said}, {"notes", Json::array()}});
        }
        co_return protocol::ToolResult("from " + scope.organization, Json{{"ok", true}});
    }

    core::Event gate;
    int started = 0;
    int finished = 0;

private:
    static protocol::ToolDescriptor describe(bool read_only) {
        protocol::ToolHints hints;
        hints.read_only = read_only;
        return {read_only ? "read" : "write", "Tool", "A tool.", Json{{"type", "object"}}, Json(), hints};
    }
    protocol::ToolDescriptor descriptor_;
};

class RoutedToolTest : public testing::Test {
protected:
    void make(bool read_only_tool, bool read_only_everything = false) {
        auto tool = std::make_unique<FakeTool>(read_only_tool);
        tool_ = tool.get();
        server::RoutedToolEnvironment env(directory_, *guard_, writes_, limits_, read_only_everything);
        env.audit = &audit_;
        env.clock = &clock_;
        env.mask_secrets = mask_secrets_;
        routed_ = server::make_routed_tool(std::move(tool), env);
    }

    void connect(std::string_view name, std::vector<std::string> projects = {}, bool read_only = false) {
        server::ConnectorPolicy policy;
        policy.projects = std::move(projects);
        policy.read_only = read_only;
        connect_with(name, std::move(policy));
    }

    void connect_with(std::string_view name, server::ConnectorPolicy policy) {
        Connector::Settings settings;
        settings.name = std::string(name);
        settings.policy = std::move(policy);
        auto connector = std::make_shared<Connector>(settings,
                                                     *ado::parse_organization(name, ado::OrganizationUrls()),
                                                     std::vector<server::ConnectorProvider>());
        auto throttle = std::make_unique<ado::Throttle>(clock_, ado::ThrottleLimits());
        auto client = std::make_unique<ado::Client>(
            connector->organization(), http_, *connector, *throttle, clock_, ado::ClientLimits());
        connector->attach_client(std::move(throttle), std::move(client));
        directory_.add(std::move(connector));
    }

    protocol::ToolResult call(Json args, core::Role role = core::Role::user) {
        tool_->gate.set();
        core::Principal const caller("agent", "agent", role);
        protocol::ToolCall const asked(args, caller, ctx_, mcp_client_);
        return loop_.run(routed_->call(asked));
    }

    test::Loop loop_;
    test::ManualClock clock_;
    test::ScriptedHttpClient http_;
    test::MemoryJournal journal_{clock_};
    test::MemoryAudit audit_;
    server::Limits limits_;
    std::unique_ptr<server::WriteGuard> guard_ =
        server::make_journal_guard(journal_, clock_, std::chrono::hours(24));
    core::TaskGroup writes_{loop_.executor()};
    server::OrganizationDirectory directory_{ado::OrganizationUrls(), {}};
    core::CallContext ctx_{"request", core::Deadline::in(clock_, std::chrono::seconds(10))};
    protocol::SilentClient mcp_client_{protocol::ClientFeatures()};
    FakeTool* tool_ = nullptr;
    bool mask_secrets_ = true;
    std::unique_ptr<protocol::ToolHandler> routed_;
};

TEST_F(RoutedToolTest, HandsOverTheOrganizationAndSaysUnderWhichIdentity) {
    connect("contoso");
    make(true);
    auto const result = call(Json::object());
    EXPECT_FALSE(result.is_error);
    EXPECT_EQ(result.text, "from contoso");
    Json const& identity = result.meta.at("ado-mcpd/identity");
    EXPECT_EQ(identity.at("organization"), "contoso");
    EXPECT_EQ(identity.at("method"), "pat");
    EXPECT_EQ(identity.at("identity"), "ada@contoso.example");
}

TEST_F(RoutedToolTest, MasksSecretsInTextAndStructuredContentAndSaysSo) {
    connect("contoso");
    make(true);
    auto const result = call(Json{{"secret", true}});
    std::string const mask = "token [masked github-token]*";
    EXPECT_TRUE(result.text.starts_with(mask)) << result.text;
    EXPECT_NE(result.text.find("\n1 secret is masked (github-token): never write the masks back.\n"),
              std::string::npos)
        << result.text;
    EXPECT_TRUE(result.structured.at("text").get<std::string>().starts_with(mask));
    EXPECT_EQ(result.structured.at("notes").size(), 1U);

    auto const tight = call(Json{{"secret", true}, {"max_bytes", 60}});
    EXPECT_LE(tight.text.size(), 60U) << "the masks say it already";
    EXPECT_TRUE(tight.structured.at("notes").empty());

    mask_secrets_ = false;
    make(true);
    EXPECT_EQ(call(Json{{"secret", true}}).text.find("[masked"), std::string::npos);
}

TEST_F(RoutedToolTest, AToolThatRunsOutOfTimeNamesTheLimitAndWhatItWaitedFor) {
    limits_.tool_read_ms = std::chrono::seconds(5);
    connect("contoso");
    make(true);
    core::Principal const caller("agent", "agent", core::Role::user);
    Json const args{{"late", true}};
    protocol::ToolCall const asked(args, caller, ctx_, mcp_client_);
    auto running = loop_.spawn(routed_->call(asked));
    loop_.poll();
    clock_.advance(std::chrono::seconds(6));
    tool_->gate.set();
    loop_.poll();
    ASSERT_TRUE(running.done());
    std::string const text = running.take().text;
    EXPECT_TRUE(
        text.starts_with("read ran out of time after 6.0 s (limits.tool_read_ms): dev.azure.com: no answer"))
        << text;
    EXPECT_NE(text.find("What to do: "), std::string::npos);
}

TEST_F(RoutedToolTest, AReaderMayReadAndMayNotWrite) {
    connect("contoso");
    make(true);
    EXPECT_FALSE(call(Json::object(), core::Role::reader).is_error);
    make(false);
    auto const refused = call(Json::object(), core::Role::reader);
    EXPECT_TRUE(refused.is_error);
    EXPECT_EQ(tool_->started, 0);
    EXPECT_NE(refused.text.find("role_insufficient"), std::string::npos);
}

TEST_F(RoutedToolTest, ReadOnlyConnectorsAndReadOnlyDaemonsRefuseWrites) {
    connect("contoso", {}, true);
    make(false);
    EXPECT_TRUE(call(Json::object()).is_error);
    EXPECT_EQ(tool_->started, 0);
    connect("contoso");
    make(false, true);
    EXPECT_TRUE(call(Json::object()).is_error);
    EXPECT_EQ(tool_->started, 0);
}

TEST_F(RoutedToolTest, AProjectOutsideTheAllowListIsRefusedBeforeAnythingIsSent) {
    connect("contoso", {"Web"});
    make(true);
    EXPECT_FALSE(call(Json{{"project", "web"}}).is_error);
    auto const refused = call(Json{{"project", "Payroll"}});
    EXPECT_TRUE(refused.is_error);
    EXPECT_NE(refused.text.find("project_not_allowed"), std::string::npos);
    EXPECT_EQ(tool_->started, 1);
}

TEST_F(RoutedToolTest, RepositoriesAndWikisOutsideTheirAllowListsAreRefusedBeforeAnythingIsSent) {
    server::ConnectorPolicy policy;
    policy.repositories = {"Web/engine", "tools"};
    policy.wikis = {"Web.wiki"};
    connect_with("contoso", policy);
    directory_.set_sources({{"contoso", {"handbook"}}});
    make(true);
    int started = 0;
    struct Row {
        Json args;
        bool allowed;
    };
    Json const both = Json::array({{{"path", "/a"}}, {{"path", "/b"}, {"repository", "vault"}}});
    for (Row const& row : {Row{{{"project", "Web"}, {"repository", "ENGINE"}}, true},
                           Row{{{"project", "Api"}, {"repository", "engine"}}, false},
                           Row{{{"project", "Api"}, {"repository", "tools"}}, true},
                           Row{{{"project", "Web"}, {"repository", "vault"}}, false},
                           Row{{{"repository", "engine"}}, true},
                           Row{{{"repository", "3f2504e0-4f89-11d3-9a0c-0305e82c3301"}}, false},
                           Row{{{"project", "Web"}, {"repository", "engine"}, {"files", both}}, false},
                           Row{{{"wiki", "web.WIKI"}}, true},
                           Row{{{"wiki", "handbook"}}, true},
                           Row{{{"wiki", "Payroll.wiki"}}, false}}) {
        SCOPED_TRACE(row.args.dump());
        auto const result = call(row.args);
        EXPECT_EQ(result.is_error, !row.allowed) << result.text;
        started += row.allowed ? 1 : 0;
        EXPECT_EQ(tool_->started, started);
        if (!row.allowed) {
            EXPECT_NE(result.text.find("_not_allowed"), std::string::npos) << result.text;
        }
    }
}

TEST_F(RoutedToolTest, AnErrorBecomesAResultWithItsCode) {
    connect("contoso");
    make(true);
    auto const result = call(Json{{"fail", true}});
    EXPECT_TRUE(result.is_error);
    EXPECT_NE(result.text.find("TF400898"), std::string::npos);
}

TEST_F(RoutedToolTest, AReadStopsWhenItsCallerGoesAway) {
    connect("contoso");
    make(true);
    Json const args = Json::object();
    core::Principal const caller("agent", "agent", core::Role::user);
    protocol::ToolCall const asked(args, caller, ctx_, mcp_client_);
    auto running = loop_.spawn(routed_->call(asked));
    loop_.poll();
    ASSERT_EQ(tool_->started, 1);
    running.cancel();
    loop_.wait(running);
    EXPECT_EQ(tool_->finished, 0);
}

TEST_F(RoutedToolTest, AWriteRunsToItsEndWhenItsCallerGoesAway) {
    connect("contoso");
    make(false);
    Json const args = Json::object();
    core::Principal const caller("agent", "agent", core::Role::user);
    protocol::ToolCall const asked(args, caller, ctx_, mcp_client_);
    auto running = loop_.spawn(routed_->call(asked));
    loop_.poll();
    ASSERT_EQ(tool_->started, 1);
    running.cancel();
    loop_.wait(running);
    EXPECT_EQ(writes_.size(), 1U);
    tool_->gate.set();
    loop_.poll();
    EXPECT_EQ(tool_->finished, 1);
    EXPECT_EQ(writes_.size(), 0U);
}

TEST_F(RoutedToolTest, WritesAreRecordedBeforeAndAfterAndReadsAreNot) {
    connect("contoso");
    make(true);
    call(Json::object());
    EXPECT_TRUE(audit_.events.empty());
    make(false);
    call(Json::object());
    Json const failing = {{"fail", true}};
    call(failing);
    EXPECT_EQ(audit_.told(),
              (std::vector<std::string>{
                  "tool.write attempted", "tool.write done", "tool.write attempted", "tool.write failed"}));
    EXPECT_EQ(audit_.events[1].identity, "ada@contoso.example");
    EXPECT_EQ(audit_.events[1].actor.id, "agent");
    EXPECT_EQ(audit_.events[3].error_code, "TF400898");
}

TEST_F(RoutedToolTest, WriteThatCannotBeRecordedIsNotSent) {
    connect("contoso");
    make(false);
    audit_.failure = core::Error(ErrorKind::internal, "the disk is full").with_code("store_full");
    EXPECT_TRUE(call(Json::object()).is_error);
    EXPECT_EQ(tool_->started, 0);
}

TEST_F(RoutedToolTest, ListOrganizationsShowsWhatIsConnected) {
    connect("contoso", {"Web"});
    connect("fabrikam", {}, true);
    auto const tool = server::make_list_organizations_tool(directory_, limits_, false);
    Json const args = Json::object();
    core::Principal const caller("agent", "agent", core::Role::reader);
    protocol::ToolCall const asked(args, caller, ctx_, mcp_client_);
    auto const result = loop_.run(tool->call(asked));
    Json const& organizations = result.structured.at("organizations");
    ASSERT_EQ(organizations.size(), 2U);
    EXPECT_EQ(organizations[0].at("name"), "contoso");
    EXPECT_EQ(organizations[0].at("projects"), Json::array({"Web"}));
    EXPECT_EQ(organizations[0].at("state"), "sign_in_required");
    EXPECT_EQ(organizations[1].at("read_only"), true);
    EXPECT_NE(result.text.find("fabrikam"), std::string::npos);
}

TEST_F(RoutedToolTest, ListOrganizationsKeepsToTheLimitAndGoesOnWithItsCursor) {
    limits_.answer_bytes = 1024;
    std::vector<std::string> projects;
    for (int i = 0; i < 400; ++i) {
        projects.push_back("Project \"" + std::to_string(i) + "\"");
    }
    for (int i = 10; i < 30; ++i) {
        connect("org-" + std::to_string(i), i == 20 ? projects : std::vector<std::string>());
    }
    auto const tool = server::make_list_organizations_tool(directory_, limits_, false);
    core::Principal const caller("agent", "agent", core::Role::reader);
    std::vector<std::string> names;
    Json args = Json::object();
    for (int round = 0; round < 30; ++round) {
        protocol::ToolCall const asked(args, caller, ctx_, mcp_client_);
        auto const result = loop_.run(tool->call(asked));
        EXPECT_LE(result.text.size(), 1024U);
        EXPECT_LE(core::dump_json(result.structured).size(), 1024U);
        for (Json const& entry : result.structured.at("organizations")) {
            names.push_back(entry.at("name"));
            if (names.back() == "org-20") {
                EXPECT_FALSE(entry.at("projects").empty()) << "an empty list would mean all projects";
                EXPECT_EQ(entry.at("notes"), Json::array({"Cut to fit the answer."}));
            }
        }
        if (!result.structured.contains("cursor")) {
            break;
        }
        args["cursor"] = result.structured.at("cursor");
        EXPECT_NE(result.text.find("cursor: " + args["cursor"].get<std::string>()), std::string::npos);
        directory_.remove("org-10"); // what comes and goes meanwhile shifts nothing
    }
    EXPECT_EQ(names.size(), 20U);
    EXPECT_EQ(names.back(), "org-29");
    Json const wrong = {{"cursor", "AAAA"}};
    protocol::ToolCall const asked(wrong, caller, ctx_, mcp_client_);
    auto const refused = loop_.run(tool->call(asked));
    EXPECT_TRUE(refused.is_error);
    EXPECT_NE(refused.text.find("bad_cursor"), std::string::npos);
}

} // namespace
