#include "integration/support/client_stack.hpp"
#include "integration/support/message.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace {

using namespace test; // NOLINT: the harness is what these tests are written in

constexpr int kUsage = 2;
constexpr int kUnavailable = 69;
constexpr int kRefused = 77;
constexpr int kConfiguration = 78;

bool contains(std::string const& text, std::string const& part) {
    return text.find(part) != std::string::npos;
}

/// The program alone, without a configuration of its own.
CommandResult run(TempDir const& directory,
                  std::vector<std::string> arguments,
                  std::map<std::string, std::string> environment = {{"ADO_MCPD_CONFIG", ""}}) {
    arguments.insert(arguments.begin(), daemon_binary());
    return run_command(directory.path(), std::move(arguments), {}, std::move(environment));
}

std::string small_config(TempDir const& directory) {
    return directory.write("config.yaml",
                           "listen: 127.0.0.1:0\nstore:\n  url: sqlite:" + directory.path().string() +
                               "/state.db\n  key_file: " + directory.path().string() + "/store.key\n");
}

TEST(CommandLine, VersionAndHelpAreOnStdout) {
    TempDir const directory;
    CommandResult const version = run(directory, {"version"});
    EXPECT_EQ(version.exit_code, 0);
    EXPECT_TRUE(version.out.starts_with("ado-mcpd ")) << version.out;
    Json const json = Json::parse(run(directory, {"version", "--json"}).out);
    EXPECT_EQ("ado-mcpd " + json.at("version").get<std::string>() + "\n", version.out);

    for (std::vector<std::string> command : std::vector<std::vector<std::string>>{{},
                                                                                  {"serve"},
                                                                                  {"login"},
                                                                                  {"pat"},
                                                                                  {"pat", "set"},
                                                                                  {"pat", "list"},
                                                                                  {"pat", "remove"},
                                                                                  {"token"},
                                                                                  {"token", "create"},
                                                                                  {"token", "list"},
                                                                                  {"token", "revoke"},
                                                                                  {"key"},
                                                                                  {"key", "init"},
                                                                                  {"key", "rotate"},
                                                                                  {"audit"},
                                                                                  {"audit", "list"},
                                                                                  {"audit", "verify"},
                                                                                  {"store"},
                                                                                  {"store", "backup"},
                                                                                  {"token", "rotate"},
                                                                                  {"check"},
                                                                                  {"call"},
                                                                                  {"version"}}) {
        command.emplace_back("--help");
        CommandResult const help = run(directory, command);
        SCOPED_TRACE(command.front());
        EXPECT_EQ(help.exit_code, 0) << help.err;
        EXPECT_TRUE(contains(help.out, "Usage: ado-mcpd")) << help.out;
        EXPECT_EQ(help.err, "");
    }
}

TEST(CommandLine, WhatCannotBeUnderstoodIsAUsageError) {
    TempDir const directory;
    std::string const config = small_config(directory);
    struct Row {
        char const* name;
        std::vector<std::string> arguments;
        char const* words;
    };
    for (Row const& row : std::vector<Row>{
             {"unknown command", {"bogus"}, "bogus"},
             {"unknown option", {"--bogus"}, "--bogus"},
             {"unknown option of a command", {"check", "--bogus"}, "--bogus"},
             {"a group without its command", {"pat"}, "subcommand"},
             {"an argument too many", {"version", "x"}, "x"},
             {"option without its value", {"check", "--config"}, "--config"},
             {"required option missing", {"token", "create", "--config", config}, "--name"},
             {"no such role", {"token", "create", "--name", "x", "--role", "god", "--config", config}, "god"},
             {"expiry that is none",
              {"token", "create", "--name", "x", "--role", "user", "--expires", "soon", "--config", config},
              "--expires"},
             {"expiry in the past",
              {"token",
               "create",
               "--name",
               "x",
               "--role",
               "user",
               "--expires",
               "2020-01-01",
               "--config",
               config},
              "past"},
             {"two forms of output", {"call", "list_organizations", "--json", "--text"}, "--text"},
             {"arguments that are no object",
              {"call", "read_file", "[1]", "--config", config},
              "JSON object"},
             {"a URL that is none", {"call", "read_file", "--url", "nowhere", "--config", config}, "--url"},
             {"a secret as an argument", {"pat", "set", "--organization", "contoso", "--pat", "x"}, "--pat"},
         }) {
        SCOPED_TRACE(row.name);
        CommandResult const result = run(directory, row.arguments);
        EXPECT_EQ(result.exit_code, kUsage) << result.err;
        EXPECT_TRUE(contains(result.err, row.words)) << result.err;
        EXPECT_EQ(result.out, "");
    }
}

TEST(CommandLine, TheConfigurationMayStandBeforeOrAfterTheCommand) {
    TempDir const directory;
    std::string const config = small_config(directory);
    for (std::vector<std::string> const& arguments :
         std::vector<std::vector<std::string>>{{"token", "list", "--json", "--config", config},
                                               {"token", "list", "--config=" + config, "--json"},
                                               {"token", "--config", config, "list", "--json"},
                                               {"--config", config, "token", "list", "--json"},
                                               {"pat", "--config", config, "list", "--json"},
                                               {"check", "--config", config, "--json"},
                                               {"--config", config, "check", "--json"}}) {
        SCOPED_TRACE(arguments[0] + " " + arguments[1]);
        CommandResult const result = run(directory, arguments);
        EXPECT_EQ(result.exit_code, 0) << result.err;
        EXPECT_TRUE(Json::parse(result.out, nullptr, false).is_object()) << result.out;
    }
    CommandResult const by_variable = run(directory, {"check", "--json"}, {{"ADO_MCPD_CONFIG", config}});
    EXPECT_EQ(Json::parse(by_variable.out).at("source"), config);
    CommandResult const option_wins =
        run(directory, {"check", "--config", config}, {{"ADO_MCPD_CONFIG", "/nowhere"}});
    EXPECT_EQ(option_wins.exit_code, 0) << option_wins.err;
}

TEST(Check, PrintsWhatIsInForceWithoutSecrets) {
    TempDir const directory;
    std::string const secret = directory.write("client-secret", "a-secret-of-the-registration");
    std::filesystem::permissions(secret, std::filesystem::perms::owner_read);
    std::string const config = directory.write(
        "config.yaml",
        "entra:\n  client_id: 11111111-1111-1111-1111-111111111111\n  client_secret_file: " + secret + "\n");
    CommandResult const result = run(directory, {"check", "--config", config});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_TRUE(contains(result.out, "listen: 127.0.0.1:8931")) << result.out;
    EXPECT_TRUE(contains(result.err, "valid")) << result.err;
    EXPECT_FALSE(contains(result.out + result.err, "a-secret-of-the-registration"));
}

TEST(Check, NamesFileLineColumnAndKeyOfWhatIsWrong) {
    TempDir const directory;
    std::string const config = directory.write("bad.yaml",
                                               "listen: 127.0.0.1:0\n"
                                               "limits:\n"
                                               "  calls: many\n"
                                               "  colls: 3\n"
                                               "connectors:\n"
                                               "  - name: contoso\n"
                                               "    organization: contoso\n"
                                               "    auth:\n"
                                               "      - {method: password}\n");
    for (std::string const command : {"check", "serve"}) {
        SCOPED_TRACE(command);
        CommandResult const result = run(directory, {command, "--config", config});
        EXPECT_EQ(result.exit_code, kConfiguration);
        EXPECT_EQ(result.out, "");
        EXPECT_TRUE(contains(result.err, config + ":3:10: limits.calls: ")) << result.err;
    }
    CommandResult const all = run(directory, {"check", "--config", config});
    EXPECT_TRUE(contains(all.err, config + ":4:3: limits.colls: ")) << all.err;
    EXPECT_TRUE(contains(all.err, "did you mean `calls`?")) << all.err;
    EXPECT_TRUE(contains(all.err, ":9:")) << all.err;
    EXPECT_TRUE(contains(all.err, "connectors[0].auth[0]")) << all.err;

    CommandResult const json = run(directory, {"check", "--json", "--config", config});
    EXPECT_EQ(json.exit_code, kConfiguration);
    Json const problems = Json::parse(json.out);
    EXPECT_EQ(problems.at("valid"), false);
    EXPECT_EQ(problems.at("problems").front().at("key"), "limits.calls");

    std::string const broken = directory.write("broken.yaml", "listen: [1\n");
    EXPECT_EQ(run(directory, {"check", "--config", broken}).exit_code, kConfiguration);
    CommandResult const missing = run(directory, {"check", "--config", "/nowhere.yaml"});
    EXPECT_EQ(missing.exit_code, kConfiguration);
    EXPECT_TRUE(contains(missing.err, "/nowhere.yaml")) << missing.err;
    std::string const open = directory.write("open.yaml", "listen: 0.0.0.0:0\ninbound: {mode: none}\n");
    EXPECT_EQ(run(directory, {"check", "--config", open}).exit_code, kConfiguration);
}

int status_with(ClientStack const& stack, std::string const& token) {
    Message const list = modern("tools/list");
    core::HttpRequest request = make_request(stack.daemon.url() + "/mcp", list.body, "");
    for (auto const& [name, value] : list.headers) {
        if (!core::iequals(name, "Host")) {
            request.headers.add(name, value);
        }
    }
    request.credential = core::Secret(token);
    auto const response = Http().send(std::move(request));
    return response ? response->status : 0;
}

TEST(Token, IsCreatedListedAndRevokedBesideTheRunningDaemon) {
    ClientStack stack;
    stack.start();
    CommandResult const made = stack.daemon.command(
        {"token", "create", "--name", "agent", "--role", "user", "--expires", "90d", "--json"});
    ASSERT_EQ(made.exit_code, 0) << made.err;
    Json const token = Json::parse(made.out);
    std::string const secret = token.at("token").get<std::string>();
    EXPECT_EQ(token.at("role"), "user");
    EXPECT_TRUE(token.at("expires_at").is_string());
    EXPECT_EQ(status_with(stack, secret), 200);

    Json const listed = Json::parse(stack.daemon.command({"token", "list", "--json"}).out).at("tokens");
    ASSERT_EQ(listed.size(), 2U); // and the first administrator's
    CommandResult const table = stack.daemon.command({"token", "list"});
    EXPECT_TRUE(contains(table.out, "agent")) << table.out;
    EXPECT_FALSE(contains(table.out + listed.dump(), secret)) << "a token is shown once";

    EXPECT_EQ(stack.daemon.command({"token", "revoke", token.at("id").get<std::string>()}).exit_code, 0);
    auto const revoked = std::chrono::steady_clock::now();
    EXPECT_TRUE(eventually([&] { return status_with(stack, secret) == 401; }));
    // Two seconds are promised; the rest is for a busy machine.
    EXPECT_LT(std::chrono::steady_clock::now() - revoked, std::chrono::seconds(6));
    EXPECT_EQ(status_with(stack, stack.daemon.admin_token()), 200);

    CommandResult const again = stack.daemon.command({"token", "revoke", "nobody"});
    EXPECT_EQ(again.exit_code, 1);
    EXPECT_TRUE(contains(again.err, "token_not_found")) << again.err;

    // By its name, and as text: the token alone on stdout, so that it can be piped.
    CommandResult const text =
        stack.daemon.command({"token", "create", "--name", "piped", "--role", "reader"});
    std::string const piped(core::trim_ows(text.out.substr(0, text.out.find('\n'))));
    EXPECT_EQ(text.out, piped + "\n");
    EXPECT_EQ(status_with(stack, piped), 200);
    EXPECT_EQ(stack.daemon.command({"token", "revoke", "piped"}).exit_code, 0);
    EXPECT_TRUE(eventually([&] { return status_with(stack, piped) == 401; }));
}

TEST(Token, RotatesBesideTheRunningDaemonWithBothValidUntilTheOverlapEnds) {
    ClientStack stack;
    stack.start();
    auto const run = [&](std::vector<std::string> arguments) {
        arguments.emplace_back("--json");
        CommandResult const result = stack.daemon.command(std::move(arguments));
        EXPECT_EQ(result.exit_code, 0) << result.err;
        return Json::parse(result.out);
    };
    std::string const old =
        run({"token", "create", "--name", "agent", "--role", "user"}).at("token").get<std::string>();
    EXPECT_EQ(status_with(stack, old), 200);
    Json const rotated = run({"token", "rotate", "agent", "--overlap", "1h"});
    std::string const fresh = rotated.at("token").get<std::string>();
    EXPECT_EQ(rotated.at("role"), "user");
    EXPECT_EQ(status_with(stack, fresh), 200);
    EXPECT_EQ(status_with(stack, old), 200);

    std::string const last =
        run({"token", "rotate", "agent", "--overlap", "0"}).at("token").get<std::string>();
    EXPECT_EQ(status_with(stack, last), 200);
    EXPECT_TRUE(eventually([&] { return status_with(stack, old) == 401; }));
    EXPECT_TRUE(eventually([&] { return status_with(stack, fresh) == 401; }));
    EXPECT_TRUE(eventually([&] {
        Json const tokens = run({"token", "list"}).at("tokens");
        return std::all_of(tokens.begin(), tokens.end(), [](Json const& token) {
            return token.at("name") != "agent" || token.at("last_used_at").is_string();
        });
    }));

    CommandResult const nobody = stack.daemon.command({"token", "rotate", "nobody"});
    EXPECT_EQ(nobody.exit_code, 1);
    EXPECT_TRUE(contains(nobody.err, "token_not_found")) << nobody.err;
    EXPECT_EQ(stack.daemon.command({"token", "rotate", "agent", "--overlap", "soon"}).exit_code, 2);
}

Json read_arguments() {
    return Json{{"organization", "contoso"},
                {"project", "Game Engine"},
                {"repository", "engine"},
                {"path", "/README.md"}};
}

TEST(Pat, IsSetFromStdinListedAndRemovedAndNeverShown) {
    ClientStack stack;
    stack.start();
    std::string const pat = stack.simulator.pat("contoso");
    std::string shown;
    auto const run_pat = [&](std::vector<std::string> arguments, std::string input = {}) {
        arguments.insert(arguments.begin(), "pat");
        CommandResult result = stack.daemon.command(std::move(arguments), std::move(input));
        shown += result.out + result.err;
        return result;
    };
    EXPECT_TRUE(stack.call("read_file", read_arguments()).failed());

    CommandResult const set = run_pat({"set", "--organization", "contoso"}, pat + "\n");
    ASSERT_EQ(set.exit_code, 0) << set.err;
    EXPECT_TRUE(contains(set.out, "Connected to Azure DevOps")) << set.out;
    EXPECT_TRUE(contains(set.out, "ada.palmer@contoso.example")) << set.out;
    EXPECT_TRUE(eventually([&] { return stack.call("read_file", read_arguments()).ok(); }))
        << "the daemon did not take the PAT up";

    Json const listed = Json::parse(run_pat({"list", "--json"}).out).at("pats");
    ASSERT_EQ(listed.size(), 1U);
    EXPECT_EQ(listed[0].at("organization"), "contoso");
    EXPECT_EQ(Json::parse(run_pat({"list", "--json", "--organization", "fabrikam"}).out).at("pats").size(),
              0U);

    EXPECT_EQ(run_pat({"remove", "--organization", "contoso"}).exit_code, 0);
    EXPECT_TRUE(eventually([&] { return stack.call("read_file", read_arguments()).failed(); }))
        << "the daemon still uses the PAT";
    CommandResult const again = run_pat({"remove", "--organization", "contoso"});
    EXPECT_EQ(again.exit_code, 1);
    EXPECT_TRUE(contains(again.err, "pat_not_found")) << again.err;

    EXPECT_FALSE(contains(shown, pat));
    EXPECT_FALSE(contains(stack.daemon.log(), pat));
}

TEST(Pat, IsTriedBeforeItIsStoredUnlessToldOtherwise) {
    ClientStack stack;
    stack.start();
    std::string const expired = stack.simulator.pat("contoso", "expired");
    auto const set = [&](std::string const& pat, std::vector<std::string> more = {}) {
        std::vector<std::string> arguments{"pat", "set", "--organization", "contoso"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return stack.daemon.command(std::move(arguments), pat);
    };
    auto const stored = [&] {
        return Json::parse(stack.daemon.command({"pat", "list", "--json"}).out).at("pats").size();
    };
    for (std::string const& bad : {expired, std::string(84, 'x'), stack.simulator.pat("northwind")}) {
        CommandResult const refused = set(bad);
        EXPECT_EQ(refused.exit_code, kRefused) << refused.err;
        EXPECT_TRUE(contains(refused.err, "fix:")) << refused.err;
        EXPECT_FALSE(contains(refused.out + refused.err, bad));
    }
    EXPECT_EQ(set("").exit_code, 1);
    EXPECT_EQ(stored(), 0U);

    CommandResult const unverified = set(expired, {"--no-verify", "--expires", "90d"});
    EXPECT_EQ(unverified.exit_code, 0) << unverified.err;
    EXPECT_TRUE(contains(unverified.out, "without trying it")) << unverified.out;
    EXPECT_EQ(stored(), 1U);
    EXPECT_EQ(set(expired, {"--expires", "yesterday"}).exit_code, kUsage);
}

TEST(Pat, AnUpstreamThatCannotBeReachedIsToldApartFromARefusal) {
    ClientStack stack([](Json& config) {
        for (char const* const key : {"base_url", "search_url", "identity_url"}) {
            config["azure_devops"][key] = "https://localhost:1";
        }
    });
    CommandResult const result =
        stack.daemon.command({"pat", "set", "--organization", "contoso"}, stack.simulator.pat("contoso"));
    EXPECT_EQ(result.exit_code, kUnavailable) << result.err;
    EXPECT_TRUE(contains(result.err, "localhost")) << result.err;
    EXPECT_TRUE(contains(result.err, "fix:")) << result.err;
    CommandResult const login =
        stack.daemon.command({"login", "--organization", "fabrikam", "--device-code"});
    EXPECT_EQ(login.exit_code, kUnavailable) << login.err;
}

TEST(Call, AsksTheRunningDaemonOrDoesTheWorkItself) {
    ClientStack stack;
    stack.start();
    stack.attach_pat();
    // The command finds the daemon by its configuration.
    stack.config["listen"] = stack.daemon.url().substr(std::string("http://").size());
    stack.daemon.set_config(stack.config);
    std::string const arguments = read_arguments().dump();

    CommandResult const served = stack.daemon.command({"call", "read_file", arguments});
    EXPECT_EQ(served.exit_code, 0) << served.err;
    Json const result = Json::parse(served.out);
    EXPECT_EQ(result.at("structuredContent").at("files")[0].at("path"), "/README.md");
    std::string const access = stack.daemon.wait_for_log("\"tool\":\"read_file\"");
    EXPECT_TRUE(contains(access, "http.access")) << access;

    CommandResult const text = stack.daemon.command({"call", "--text", "read_file", "-"}, arguments);
    EXPECT_EQ(text.exit_code, 0) << text.err;
    EXPECT_TRUE(contains(text.out, "# Engine\n")) << text.out;
    CommandResult const by_url =
        stack.daemon.command({"call", "--url", stack.daemon.url() + "/mcp", "list_organizations"});
    EXPECT_EQ(by_url.exit_code, 0) << by_url.err;

    CommandResult const failed = stack.daemon.command({"call", "read_file", R"({"organization":"nowhere"})"});
    EXPECT_EQ(failed.exit_code, 1);
    EXPECT_EQ(Json::parse(failed.out).at("isError"), true);
    CommandResult const unknown = stack.daemon.command({"call", "nothing"});
    EXPECT_EQ(unknown.exit_code, 1);
    EXPECT_TRUE(contains(unknown.err, "Unknown tool")) << unknown.err;
    CommandResult const stranger =
        run_command(stack.directory(),
                    {daemon_binary(), "call", "list_organizations", "--config", stack.daemon.config_file()},
                    {},
                    {{"ADO_MCPD_TOKEN", "adoc_000000000000_nobody"}});
    EXPECT_EQ(stranger.exit_code, kRefused) << stranger.err;

    ASSERT_EQ(stack.daemon.stop(), 0);
    std::int64_t const before = stack.simulator.requests("items");
    CommandResult const in_process = stack.daemon.command({"call", "read_file", arguments});
    EXPECT_EQ(in_process.exit_code, 0) << in_process.err;
    EXPECT_EQ(Json::parse(in_process.out).at("structuredContent"), result.at("structuredContent"));
    EXPECT_EQ(stack.simulator.requests("items"), before + 1);
    CommandResult const failed_in_process =
        stack.daemon.command({"call", "read_file", R"({"organization":"nowhere"})"});
    EXPECT_EQ(failed_in_process.exit_code, 1);
    // A named daemon that is not there is not replaced by this process.
    CommandResult const absent =
        stack.daemon.command({"call", "--url", stack.daemon.url() + "/mcp", "list_organizations"});
    EXPECT_EQ(absent.exit_code, kUnavailable) << absent.err;
}

TEST(Login, StoresTheGrantOfAPersonWhoApproved) {
    ClientStack stack;
    stack.start();
    stack.simulator.admin("device/auto?polls=1&interval_s=1");
    CommandResult const done = stack.daemon.command({"login", "--organization", "fabrikam", "--device-code"});
    ASSERT_EQ(done.exit_code, 0) << done.err;
    EXPECT_TRUE(contains(done.out, "Connected to Azure DevOps: organization fabrikam")) << done.out;
    EXPECT_TRUE(contains(done.err, "enter the code")) << done.err;
    EXPECT_TRUE(eventually([&] {
        return stack
            .call("search_code", {{"organization", "fabrikam"}, {"query", "reconnect_backoff"}, {"top", 1}})
            .ok();
    }));
}

TEST(Login, EndsWithARefusalWhenThePersonDeclines) {
    ClientStack stack;
    stack.simulator.admin("device/auto?polls=-1&interval_s=1");
    ProcessOptions options;
    options.arguments = {daemon_binary(),
                         "login",
                         "--organization",
                         "fabrikam",
                         "--device-code",
                         "--config",
                         stack.daemon.config_file()};
    options.stdout_file = stack.directory() / "login.out";
    options.stderr_file = stack.directory() / "login.err";
    Process login(options);
    login.wait_for_line(options.stderr_file, "enter the code");
    EXPECT_EQ(stack.simulator.admin("device/decline").at("changed"), 1);
    EXPECT_EQ(login.wait(), kRefused);
    EXPECT_EQ(read_text(options.stdout_file), "");
    EXPECT_TRUE(contains(read_text(options.stderr_file), "declined")) << read_text(options.stderr_file);
}

TEST(Serve, SaysWhyItCannotListen) {
    ClientStack stack;
    stack.start();
    stack.config["listen"] = stack.daemon.url().substr(std::string("http://").size());
    stack.daemon.set_config(stack.config);
    CommandResult const second = stack.daemon.command({"serve"});
    EXPECT_NE(second.exit_code, 0);
    EXPECT_TRUE(contains(second.err, "cannot_listen")) << second.err;
    EXPECT_TRUE(contains(second.err, "fix: Another process has this port")) << second.err;
    EXPECT_TRUE(stack.call("list_organizations", Json::object()).ok());
}

TEST(CommandLine, WithoutATokenSaysHowToGetOneForTheDaemonsMode) {
    TempDir const directory;
    Simulator const simulator(directory.path());
    std::string const tenant = simulator.world().at("home_tenant_id").get<std::string>();
    Json config = daemon_config(simulator);
    config["inbound"]["mode"] = "entra";
    config["inbound"]["entra"] = Json{{"tenant", tenant}, {"audience", "https://azuresre.dev"}};
    Daemon daemon(directory.path(), config);
    daemon.start();
    config["listen"] = daemon.url().substr(std::string("http://").size()); // for the commands
    daemon.set_config(config);
    std::vector<std::vector<std::string>> const commands{
        {"call", "list_organizations"}, {"connectors", "list"}, {"connectors", "test", "contoso"}};
    for (std::vector<std::string> const& command : commands) {
        SCOPED_TRACE(command.front());
        CommandResult const refused = daemon.command(command);
        EXPECT_EQ(refused.exit_code, kRefused) << refused.err;
        EXPECT_TRUE(contains(refused.err,
                             "az account get-access-token --tenant " + tenant +
                                 " --resource https://azuresre.dev --query accessToken"))
            << refused.err;
        EXPECT_TRUE(contains(refused.err, "export ADO_MCPD_TOKEN=$(")) << refused.err;
        EXPECT_FALSE(contains(refused.err, "token create")) << refused.err;
    }
    EXPECT_EQ(daemon.stop(), 0);

    config["inbound"] = Json{{"mode", "token"}};
    config["listen"] = "127.0.0.1:0";
    Daemon other(directory.path(), config);
    other.start();
    config["listen"] = other.url().substr(std::string("http://").size());
    other.set_config(config);
    other.environment["ADO_MCPD_TOKEN"] = "adoc_none_of_ours";
    CommandResult const wrong = other.command({"call", "list_organizations"});
    EXPECT_EQ(wrong.exit_code, kRefused) << wrong.err;
    EXPECT_TRUE(contains(wrong.err, "put a token from `ado-mcpd token create` into ADO_MCPD_TOKEN"))
        << wrong.err;
    EXPECT_EQ(other.stop(), 0);
}

} // namespace
