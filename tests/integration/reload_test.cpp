// SIGHUP: another configuration comes into force while the daemon serves.

#include "integration/support/client_stack.hpp"
#include "integration/support/message.hpp"
#include "integration/support/raw_connection.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace test; // NOLINT: the harness is what these tests are written in

constexpr char kDone[] = "\"daemon.reload\"";
constexpr char kFailed[] = "\"daemon.reload_failed\"";
constexpr char kSettled[] = "\"daemon.reload_settled\"";

std::size_t occurrences(std::string const& text, std::string const& word) {
    std::size_t count = 0;
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
        ++count;
    }
    return count;
}

Json read_arguments(std::string const& organization) {
    return Json{{"organization", organization},
                {"project", organization == "contoso" ? "Game Engine" : "Fabrikam-Fiber"},
                {"repository", organization == "contoso" ? "engine" : "fiber-engine"},
                {"path", "/README.md"}};
}

class Reload : public testing::Test {
protected:
    /// The connectors of the organizations named, each with a PAT from a file.
    Json with_connectors(std::vector<std::string> const& organizations) {
        Json config = stack.config;
        config["connectors"] = Json::array();
        for (std::string const& organization : organizations) {
            std::filesystem::path const file = stack.directory() / (organization + ".pat");
            if (!std::filesystem::exists(file)) {
                std::ofstream(file) << stack.simulator.pat(organization);
                std::filesystem::permissions(file, std::filesystem::perms(0600));
            }
            Json auth = {{"method", "pat"}, {"pat_file", file.string()}};
            config["connectors"].push_back(connector(organization, std::move(auth)));
        }
        return config;
    }

    void start(Json const& config) {
        stack.daemon.set_config(config);
        stack.start();
    }

    /// Returns once the daemon said what came of it.
    void reload(Json const& config, char const* outcome = kDone) {
        std::size_t const before = occurrences(stack.daemon.log(), outcome);
        stack.daemon.set_config(config);
        stack.daemon.process().signal(SIGHUP);
        ASSERT_TRUE(eventually([&] { return occurrences(stack.daemon.log(), outcome) > before; }))
            << stack.daemon.log();
    }

    std::vector<std::string> organizations() {
        std::vector<std::string> names;
        Json const listed = stack.call("list_organizations", Json::object()).structured();
        for (Json const& entry : listed.at("organizations")) {
            names.push_back(entry.at("name").get<std::string>());
        }
        return names;
    }

    bool settled(std::size_t reloads) {
        return eventually([&] { return occurrences(stack.daemon.log(), kSettled) == reloads; });
    }

    ClientStack stack{[](Json& config) { config["log"]["level"] = "debug"; }};
};

TEST_F(Reload, ConnectorsAndToolsAreThoseOfTheNewFileFromTheNextCallOn) {
    start(with_connectors({"contoso"}));
    EXPECT_EQ(organizations(), std::vector<std::string>{"contoso"});
    EXPECT_TRUE(stack.call("read_file", read_arguments("contoso")).ok());

    Json changed = with_connectors({"fabrikam"});
    changed["tools"]["disable"] = Json::array({"search_code"});
    reload(changed);
    EXPECT_EQ(organizations(), std::vector<std::string>{"fabrikam"});
    ToolAnswer const read = stack.call("read_file", read_arguments("fabrikam"));
    EXPECT_TRUE(read.ok()) << read.describe();
    EXPECT_FALSE(stack.call("read_file", read_arguments("contoso")).ok());
    EXPECT_FALSE(stack.call("search_code", Json{{"query", "reconnect_backoff"}}).ok());
    Json const line = Json::parse(stack.daemon.wait_for_log(kDone));
    EXPECT_EQ(line.value("changed", ""), "connectors, tools");
    EXPECT_TRUE(settled(1)) << stack.daemon.log();
}

TEST_F(Reload, AFileThatCannotBeUsedLeavesEverythingAsItWasAndSaysWhere) {
    start(with_connectors({"contoso"}));
    Json bad = with_connectors({"fabrikam"});
    bad["limitz"] = Json::object();
    reload(bad, kFailed);
    std::string const line = stack.daemon.wait_for_log(kFailed);
    EXPECT_NE(line.find("limitz"), std::string::npos) << line;
    EXPECT_NE(line.find(std::filesystem::path(stack.daemon.config_file()).filename().string()),
              std::string::npos)
        << line;
    EXPECT_EQ(organizations(), std::vector<std::string>{"contoso"});
    EXPECT_TRUE(stack.call("read_file", read_arguments("contoso")).ok());
}

TEST_F(Reload, ACallUnderWayEndsWithWhatItBeganWith) {
    start(with_connectors({"contoso", "fabrikam"}));
    stack.simulator.fault(
        {{"match", {{"route", "items"}}}, {"action", "delay"}, {"delay_ms", 1500}, {"times", 1}});
    ToolAnswer slow;
    std::thread caller([&] {
        McpClient client(stack.daemon);
        slow = client.call("read_file", read_arguments("contoso"));
    });
    EXPECT_TRUE(eventually([&] { return stack.in_flight() == 1; }));
    reload(with_connectors({"fabrikam"}));
    EXPECT_EQ(organizations(), std::vector<std::string>{"fabrikam"});
    EXPECT_EQ(occurrences(stack.daemon.log(), kSettled), 0U) << "the call is still under way";
    caller.join();
    EXPECT_TRUE(slow.ok()) << slow.describe();
    EXPECT_TRUE(settled(1));
}

TEST_F(Reload, AnEventStreamEndsSoThatItsClientComesBackToTheNewOffer) {
    start(with_connectors({"contoso"}));
    Json const params = {{"protocolVersion", "2025-11-25"},
                         {"capabilities", Json::object()},
                         {"clientInfo", {{"name", "a client"}, {"version", "1"}}}};
    std::string const bearer = "Bearer " + stack.daemon.admin_token();
    RawConnection opening(stack.daemon.url());
    opening.send(legacy("initialize", params).with("Authorization", bearer).bytes());
    auto const opened = opening.read_response();
    ASSERT_TRUE(opened);
    std::string const session(opened->headers.get("Mcp-Session-Id").value_or(""));
    auto const with_session = [&](Message message) {
        return std::move(message).with("Authorization", bearer).with("Mcp-Session-Id", session);
    };

    RawConnection stream(stack.daemon.url());
    stream.send(with_session(Message())
                    .method_is("GET")
                    .with("Accept", "text/event-stream")
                    .with("Content-Type", "")
                    .bytes());
    // A later request of the session shows that the stream is open: it counts its caller's streams.
    opening.send(with_session(legacy("ping")).bytes());
    ASSERT_TRUE(opening.read_response());
    reload(with_connectors({"contoso", "fabrikam"}));
    EXPECT_TRUE(settled(1)) << "the stream holds the old configuration";
    // The session is the same one, and so is the connection.
    opening.send(with_session(legacy("tools/list")).bytes());
    auto const listed = opening.read_response();
    ASSERT_TRUE(listed);
    EXPECT_EQ(listed->status, 200);
}

TEST_F(Reload, NoCallFailsAndNothingIsLeftBehindOverManyReloads) {
    start(with_connectors({"contoso", "fabrikam"}));
    auto const process_folder = std::filesystem::path("/proc") / std::to_string(stack.daemon.process().id());
    auto const entries = [&](char const* folder) {
        auto const all = std::filesystem::directory_iterator(process_folder / folder);
        return std::distance(std::filesystem::begin(all), std::filesystem::end(all));
    };
    std::atomic<bool> over = false;
    std::atomic<int> answered = 0;
    std::vector<std::string> failures(4);
    std::vector<std::thread> callers;
    for (std::string& failure : failures) {
        callers.emplace_back([&] {
            McpClient client(stack.daemon);
            while (!over && failure.empty()) {
                ToolAnswer const answer = client.call("read_file", read_arguments("contoso"));
                if (!answer.ok()) {
                    failure = answer.describe();
                }
                ++answered;
            }
        });
    }
    auto const threads = entries("task");
    reload(with_connectors({"contoso"}));
    ASSERT_TRUE(settled(1));
    constexpr std::size_t kReloads = 10;
    for (std::size_t i = 0; i < kReloads; ++i) {
        int const before = answered;
        reload(with_connectors(i % 2 == 0 ? std::vector<std::string>{"contoso"}
                                          : std::vector<std::string>{"contoso", "fabrikam"}));
        EXPECT_TRUE(eventually([&] { return answered > before + 4; }));
    }
    over = true;
    for (std::thread& caller : callers) {
        caller.join();
    }
    for (std::string const& failure : failures) {
        EXPECT_EQ(failure, "");
    }
    ASSERT_TRUE(settled(kReloads + 1));
    EXPECT_TRUE(eventually([&] { return entries("task") <= threads; })) << entries("task");
    // Two more: what they leave open is what one leaves open.
    auto const files = entries("fd");
    reload(with_connectors({"contoso"}));
    reload(with_connectors({"contoso", "fabrikam"}));
    ASSERT_TRUE(settled(kReloads + 3));
    EXPECT_TRUE(eventually([&] { return entries("fd") <= files; })) << entries("fd");
}

int free_port() {
    int const descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address); // NOLINT: what the socket interface takes
    EXPECT_EQ(::bind(descriptor, any, size), 0);
    EXPECT_EQ(::getsockname(descriptor, any, &size), 0);
    ::close(descriptor);
    return ntohs(address.sin_port);
}

int status_of(std::string const& url) {
    auto const response = Http().send(make_request(url));
    return response ? response->status : 0;
}

TEST_F(Reload, ListenersMoveWithTheirAddresses) {
    start(with_connectors({"contoso"}));
    std::string const old_url = stack.daemon.url();
    EXPECT_EQ(status_of(old_url + "/healthz"), 200);
    Json moved = with_connectors({"contoso"});
    std::string const listen = "127.0.0.1:" + std::to_string(free_port());
    std::string const health = "127.0.0.1:" + std::to_string(free_port());
    moved["listen"] = listen;
    moved["health_listen"] = health;
    reload(moved);
    EXPECT_EQ(status_of("http://" + health + "/readyz"), 200);
    McpClient client("http://" + listen, stack.daemon.admin_token());
    EXPECT_TRUE(client.call("read_file", read_arguments("contoso")).ok());
    EXPECT_EQ(status_of("http://" + listen + "/healthz"), 404) << "it has an address of its own now";
    EXPECT_TRUE(eventually([&] { return !RawConnection::can_connect(old_url); }));

    moved.erase("health_listen");
    reload(moved);
    EXPECT_EQ(status_of("http://" + listen + "/healthz"), 200);
    EXPECT_TRUE(eventually([&] { return !RawConnection::can_connect("http://" + health); }));

    // Somebody else's address: nothing of the file comes into force.
    Json taken = with_connectors({"fabrikam"});
    taken["listen"] = std::string(stack.simulator.url()).substr(8);
    reload(taken, kFailed);
    EXPECT_TRUE(client.call("read_file", read_arguments("contoso")).ok());
}

TEST_F(Reload, AStoreThatChangedNeedsARestartAndTheRestComesIntoForce) {
    start(with_connectors({"contoso"}));
    Json changed = with_connectors({"fabrikam"});
    changed["store"]["url"] = "sqlite:" + (stack.directory() / "elsewhere" / "state.db").string();
    reload(changed);
    EXPECT_TRUE(eventually([&] { return stack.daemon.log().find("needs a restart") != std::string::npos; }));
    EXPECT_EQ(organizations(), std::vector<std::string>{"fabrikam"});
    EXPECT_FALSE(std::filesystem::exists(stack.directory() / "elsewhere"));
}

TEST_F(Reload, CredentialsStoredBeforeServeAfterAndThoseStoredLaterToo) {
    start(with_connectors({}));
    stack.attach_pat();
    EXPECT_TRUE(stack.call("read_file", read_arguments("contoso")).ok());
    Json changed = with_connectors({});

    changed["allowed_hosts"] = Json::array({"mcp.example.net"});
    reload(changed);
    EXPECT_TRUE(stack.call("read_file", read_arguments("contoso")).ok());
    CommandResult const removed = stack.daemon.command({"pat", "remove", "--organization", "contoso"});
    EXPECT_EQ(removed.exit_code, 0) << removed.err;
    EXPECT_TRUE(eventually([&] { return !stack.call("read_file", read_arguments("contoso")).ok(); }));
    stack.attach_pat();
    EXPECT_TRUE(stack.call("read_file", read_arguments("contoso")).ok());
    // The new file lets this name in.
    RawConnection connection(stack.daemon.url());
    connection.send(legacy("ping").with("Host", "mcp.example.net").bytes());
    auto const answer = connection.read_response();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 401) << "not refused for its Host";
}

TEST_F(Reload, ASignalWhileItDrainsOrRightBeforeTheEndHarmsNothing) {
    start(with_connectors({"contoso"}));
    for (int i = 0; i < 5; ++i) {
        stack.daemon.process().signal(SIGHUP);
    }
    stack.daemon.process().signal(SIGTERM);
    EXPECT_EQ(stack.daemon.process().wait(), 0);
    EXPECT_EQ(stack.daemon.log().find("Sanitizer"), std::string::npos) << stack.daemon.log();
}

} // namespace
