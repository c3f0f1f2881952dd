#include "integration/support/browser.hpp"
#include "integration/support/stack.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

namespace {

using test::CommandResult;
using test::Json;
using test::McpClient;
using test::Stack;

std::vector<std::string> const kApproveAtOnce{"--device-auto-approve", "1", "--device-interval-s", "1"};
Json const kSearch{{"organization", "contoso"}, {"project", "Game Engine"}, {"query", "reconnect_backoff"}};
Json const kSearchFabrikam{
    {"organization", "fabrikam"}, {"project", "Fabrikam-Fiber"}, {"query", "reconnect_backoff"}};

void attach_pat(Stack& stack, std::string const& organization) {
    McpClient client(stack.daemon);
    auto const attached = client.attach_pat(organization, stack.simulator.pat(organization));
    ASSERT_TRUE(attached) << core::describe(attached.error());
    ASSERT_EQ(attached->status, 200) << attached->body;
}

std::string key_file(Stack const& stack) {
    return test::read_text(stack.config.at("store").at("key_file").get<std::string>());
}

/// Oldest first: `event outcome`.
std::vector<std::string> told(Json const& records) {
    std::vector<std::string> out;
    for (Json const& record : records) {
        out.push_back(record.at("event").get<std::string>() + " " + record.at("outcome").get<std::string>());
    }
    std::reverse(out.begin(), out.end());
    return out;
}

Json list(Stack& stack, std::vector<std::string> arguments = {}) {
    arguments.insert(arguments.begin(), {"audit", "list", "--json", "--limit", "0"});
    CommandResult const result = stack.daemon.command(std::move(arguments));
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return Json::parse(result.out).at("records");
}

TEST(Audit, TellsWhoDidWhatWithCredentialsAndWhatWasWritten) {
    Stack stack({}, kApproveAtOnce);
    McpClient client(stack.daemon);
    EXPECT_GE(client.attach_pat("contoso", stack.simulator.pat("contoso", "expired"))->status, 400);
    attach_pat(stack, "contoso");
    test::ToolAnswer const made =
        client.call("create_work_item",
                    Json{{"organization", "contoso"}, {"project", "Game Engine"}, {"title", "Recorded"}});
    ASSERT_TRUE(made.ok()) << made.describe();
    ASSERT_TRUE(client.call("search_code", kSearch).ok());
    ASSERT_EQ(stack.daemon.command({"login", "--organization", "fabrikam", "--device-code"}).exit_code, 0);
    CommandResult const token =
        stack.daemon.command({"token", "create", "--name", "agent", "--role", "user", "--json"});
    ASSERT_EQ(token.exit_code, 0) << token.err;
    ASSERT_EQ(stack.daemon.command({"token", "revoke", "agent"}).exit_code, 0);
    ASSERT_EQ(stack.daemon.command({"pat", "remove", "--organization", "contoso"}).exit_code, 0);

    Json const records = list(stack);
    EXPECT_EQ(told(records),
              (std::vector<std::string>{"token.created done", // the first administrator's
                                        "credential.refused refused",
                                        "credential.stored done",
                                        "tool.write attempted",
                                        "tool.write done",
                                        "sign_in.started done",
                                        "credential.stored done",
                                        "sign_in.finished done",
                                        "token.created done",
                                        "token.revoked done",
                                        "credential.removed done"}));
    std::size_t const newest = records.size() - 1;
    Json const& refused = records.at(newest - 1);
    EXPECT_EQ(refused.at("organization"), "contoso");
    EXPECT_EQ(refused.at("principal").at("name"), "first administrator");
    EXPECT_TRUE(refused.contains("error_code")) << refused;
    Json const& stored = records.at(newest - 2);
    EXPECT_NE(stored.at("fingerprint"), refused.at("fingerprint"));
    EXPECT_EQ(stored.at("method"), "pat");
    Json const& written = records.at(newest - 4);
    EXPECT_EQ(written.at("subject"),
              "create_work_item " + std::to_string(made.structured().at("id").get<std::int64_t>()));
    EXPECT_EQ(written.at("identity"), made.identity().at("identity"));
    EXPECT_EQ(written.at("correlation_id"), records.at(newest - 3).at("correlation_id"));
    EXPECT_TRUE(records.at(0).at("principal").at("id").get<std::string>().starts_with("local:"));
    EXPECT_EQ(records.at(4).at("principal").at("id"),
              records.at(0).at("principal").at("id")); // at the terminal

    // The API tells the same, page by page, to administrators.
    auto const page = client.rest("/api/v1/audit?limit=8");
    ASSERT_TRUE(page);
    ASSERT_EQ(page->status, 200) << page->body;
    Json const first = Json::parse(page->body);
    auto const rest = client.rest("/api/v1/audit?limit=8&cursor=" + first.at("cursor").get<std::string>());
    Json const second = Json::parse(rest->body);
    EXPECT_TRUE(second.at("cursor").is_null());
    Json both = first.at("records");
    for (Json const& record : second.at("records")) {
        both.push_back(record);
    }
    EXPECT_EQ(both, records);
    EXPECT_EQ(list(stack, {"--organization", "fabrikam", "--event", "credential"}).size(), 1U);
    EXPECT_EQ(list(stack, {"--since", "2100-01-01"}).size(), 0U);
    CommandResult const table = stack.daemon.command({"audit", "list", "--event", "tool.write"});
    EXPECT_NE(table.out.find("create_work_item"), std::string::npos) << table.out;
    EXPECT_EQ(stack.daemon.command({"audit", "list", "--since", "soon"}).exit_code, 2);
}

TEST(Audit, TellsWhoChangedConnectorsAndSourcesAndWhichMembers) {
    Stack stack([](Json& config, test::Simulator const&) { config["connectors"] = Json::array(); });
    McpClient client(stack.daemon);
    std::string const connector = "/api/v2/extendedAgent/connectors/contoso-prod";
    std::string const source = "/api/v2/repos/engine";
    std::vector<std::pair<std::string, std::string>> const whatever{{"If-Match", "*"}};
    auto const status = [&](std::string const& method, std::string const& path, Json const& body) {
        auto const answer = client.rest_json(method, path, body, whatever);
        EXPECT_TRUE(answer) << core::describe(answer.error());
        return answer ? answer->status : 0;
    };
    auto const made = client.rest_json("PUT", connector, Json{{"organization", "contoso"}});
    ASSERT_EQ(made->status, 201) << made->body;
    ASSERT_EQ(status("PUT",
                     connector,
                     Json{{"organization", "contoso"}, {"projects", Json::array({"canary-of-values"})}}),
              200);
    ASSERT_EQ(status("PATCH", connector, Json{{"read_only", true}, {"projects", nullptr}}), 200);
    EXPECT_EQ(status("PATCH", connector, Json{{"read_only", 7}}), 400);
    std::string const url = "https://dev.azure.com/contoso/Game%20Engine/_git/engine";
    auto const added = client.rest_json("PUT", source, Json{{"url", url}});
    ASSERT_EQ(added->status, 201) << added->body;
    ASSERT_EQ(status("PUT", source, Json{{"url", url}, {"description", "canary-of-values"}}), 200);
    ASSERT_EQ(status("DELETE", source, nullptr), 200);
    ASSERT_EQ(status("DELETE", connector, nullptr), 200);

    std::vector<std::string> subjects;
    Json const records = list(stack, {"--organization", "contoso"});
    for (Json const& record : records) {
        EXPECT_EQ(record.at("principal").at("name"), "first administrator");
        EXPECT_EQ(record.at("outcome"), "done");
        EXPECT_TRUE(record.contains("correlation_id")) << record;
        subjects.insert(subjects.begin(),
                        record.at("event").get<std::string>() + " " +
                            record.at("subject").get<std::string>());
    }
    EXPECT_EQ(subjects,
              (std::vector<std::string>{"connector.created contoso-prod",
                                        "connector.changed contoso-prod: projects",
                                        "connector.changed contoso-prod: projects, read_only",
                                        "source.created engine",
                                        "source.changed engine: description",
                                        "source.removed engine",
                                        "connector.removed contoso-prod"}));
    EXPECT_EQ(records.dump().find("canary"), std::string::npos);
    EXPECT_EQ(list(stack, {"--event", "connector"}).size(), 4U);
    EXPECT_EQ(stack.daemon.command({"audit", "verify"}).exit_code, 0);
}

TEST(Audit, VerifyFindsAChangedRecord) {
    Stack stack;
    attach_pat(stack, "contoso");
    CommandResult const intact = stack.daemon.command({"audit", "verify", "--json"});
    EXPECT_EQ(intact.exit_code, 0) << intact.out << intact.err;
    EXPECT_EQ(Json::parse(intact.out).at("intact"), true);
    ASSERT_EQ(stack.daemon.stop(), 0);

    // In the file itself: somebody with an editor.
    std::string const path = (stack.daemon.state_directory() / "state.db").string();
    std::string bytes = test::read_text(path);
    std::size_t at = bytes.find("credential.stored");
    ASSERT_NE(at, std::string::npos);
    for (; at != std::string::npos; at = bytes.find("credential.stored", at)) {
        bytes.replace(at, 17, "credential.st0red");
    }
    std::ofstream(path, std::ios::binary | std::ios::in) << bytes;
    CommandResult const broken = stack.daemon.command({"audit", "verify"});
    EXPECT_EQ(broken.exit_code, 1);
    EXPECT_NE(broken.out.find("NOT intact: record 2"), std::string::npos) << broken.out;
    stack.daemon.start(); // the service goes on
}

TEST(KeyRotation, UnderARunningDaemonLosesNothing) {
    Stack stack({}, kApproveAtOnce);
    attach_pat(stack, "contoso");
    ASSERT_EQ(stack.daemon.command({"login", "--organization", "fabrikam", "--device-code"}).exit_code, 0);
    McpClient client(stack.daemon);
    ASSERT_TRUE(client.call("search_code", kSearch).ok());
    std::string const before = key_file(stack);

    CommandResult const rotated = stack.daemon.command({"key", "rotate", "--json"});
    ASSERT_EQ(rotated.exit_code, 0) << rotated.err;
    Json const report = Json::parse(rotated.out);
    EXPECT_EQ(report.at("resealed"), 3); // a PAT, a sign-in, the audit's key
    EXPECT_EQ(report.at("kept").size(), 1U);
    EXPECT_TRUE(key_file(stack).ends_with(before));
    stack.daemon.wait_for_log("store.keys_changed");
    stack.simulator.admin("tokens?expire_all_access_tokens=1"); // the sign-in is renewed, and stored again
    EXPECT_TRUE(client.call("search_code", kSearchFabrikam).ok());

    CommandResult const dropped = stack.daemon.command({"key", "rotate", "--drop-old"});
    ASSERT_EQ(dropped.exit_code, 0) << dropped.err;
    std::string const now = key_file(stack);
    EXPECT_EQ(std::count(now.begin(), now.end(), '\n'), 1);
    attach_pat(stack, "contoso");
    EXPECT_TRUE(client.call("search_code", kSearch).ok());
    stack.daemon.restart();
    McpClient later(stack.daemon);
    EXPECT_TRUE(later.call("search_code", kSearch).ok());
    EXPECT_TRUE(later.call("search_code", kSearchFabrikam).ok());
    EXPECT_EQ(stack.daemon.command({"audit", "verify"}).exit_code, 0);
}

TEST(KeyRotation, InitMakesAKeyFileOnce) {
    test::TempDir const directory;
    std::string const config =
        directory.write("config.yaml",
                        "store:\n  url: sqlite:" + directory.path().string() +
                            "/state.db\n  key_file: " + directory.path().string() + "/store.key\n");
    auto const run = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), test::daemon_binary());
        arguments.insert(arguments.end(), {"--config", config});
        return test::run_command(directory.path(), std::move(arguments), {}, {{"ADO_MCPD_CONFIG", ""}});
    };
    CommandResult const made = run({"key", "init"});
    EXPECT_EQ(made.exit_code, 0) << made.err;
    auto const mode = std::filesystem::status(directory.path() / "store.key").permissions();
    EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    CommandResult const again = run({"key", "init"});
    EXPECT_EQ(again.exit_code, 1);
    EXPECT_NE(again.err.find("key_file_exists"), std::string::npos) << again.err;
    std::string const key = test::read_text(directory.path() / "store.key");
    for (CommandResult const& result : {made, again, run({"key", "rotate"})}) {
        EXPECT_EQ((result.out + result.err).find(key.substr(0, 20)), std::string::npos);
    }
}

TEST(Backup, CopyServesInPlaceOfTheStore) {
    Stack stack;
    attach_pat(stack, "contoso");
    std::string const copy = (stack.daemon.state_directory() / "copy.db").string();
    CommandResult const done = stack.daemon.command({"store", "backup", copy});
    ASSERT_EQ(done.exit_code, 0) << done.err;
    CommandResult const again = stack.daemon.command({"store", "backup", copy});
    EXPECT_EQ(again.exit_code, 1);
    stack.config["store"]["url"] = "sqlite:" + copy;
    stack.daemon.set_config(stack.config);
    stack.daemon.restart();
    McpClient client(stack.daemon);
    EXPECT_TRUE(client.call("search_code", kSearch).ok());
}

TEST(ProcessPrivacy, OfTheRunningDaemon) {
    ::setenv("IDENTITY_HEADER", "canary-of-the-environment", 1);
    Stack stack;
    ::unsetenv("IDENTITY_HEADER");
    std::string const proc = "/proc/" + std::to_string(stack.daemon.process().id());
    EXPECT_EQ(test::read_text(proc + "/environ").find("canary"), std::string::npos);
    std::string const limits = test::read_text(proc + "/limits");
    std::size_t const line = limits.find("Max core file size");
    ASSERT_NE(line, std::string::npos);
    EXPECT_EQ(limits.substr(line + 18).find_first_not_of(' '), limits.substr(line + 18).find('0')) << limits;
    std::string const arguments = test::read_text(proc + "/cmdline");
    EXPECT_NE(arguments.find("serve"), std::string::npos);
}

} // namespace
