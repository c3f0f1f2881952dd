#include "integration/support/client_stack.hpp"
#include "integration/support/message.hpp"
#include "integration/support/raw_connection.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

using namespace test; // NOLINT: the harness is what these tests are written in

constexpr int kEndedBySigterm = 128 + SIGTERM;

Json read_arguments() {
    return Json{{"organization", "contoso"},
                {"project", "Game Engine"},
                {"repository", "engine"},
                {"path", "/README.md"}};
}

std::string open_session(ClientStack& stack) {
    Json const params = {{"protocolVersion", "2025-11-25"},
                         {"capabilities", Json::object()},
                         {"clientInfo", {{"name", "a client"}, {"version", "1"}}}};
    RawConnection connection(stack.daemon.url());
    connection.send(
        legacy("initialize", params).with("Authorization", "Bearer " + stack.daemon.admin_token()).bytes());
    auto const response = connection.read_response();
    return response ? std::string(response->headers.get("Mcp-Session-Id").value_or("")) : std::string();
}

Message read_call(ClientStack& stack, bool is_modern) {
    Json const params = tool_params("read_file", read_arguments());
    Message message = is_modern ? modern("tools/call", params) : legacy("tools/call", params);
    message.set("Authorization", "Bearer " + stack.daemon.admin_token());
    if (!is_modern) {
        message.set("Mcp-Session-Id", open_session(stack));
    }
    return message;
}

/// The simulator answers requests for files by `action`, from now on.
void slow_down(ClientStack& stack, char const* action, int delay_ms) {
    stack.simulator.fault(
        {{"match", {{"route", "items"}}}, {"action", action}, {"delay_ms", delay_ms}, {"times", 0}});
}

/// Sends a call that reaches the simulator and stays there.
void begin_call(ClientStack& stack, RawConnection& connection, bool is_modern = true) {
    connection.send(read_call(stack, is_modern).bytes());
    ASSERT_TRUE(eventually([&] { return stack.in_flight() == 1; }));
}

bool wait_until_refused(ClientStack const& stack) {
    return eventually([&] { return !RawConnection::can_connect(stack.daemon.url()); });
}

int status_of(std::string const& url) {
    auto const response = Http().send(make_request(url));
    return response ? response->status : 0;
}

TEST(Drain, ARunningCallGetsItsAnswerAndNewConnectionsAreRefused) {
    ClientStack stack;
    stack.start();
    stack.attach_pat();
    slow_down(stack, "delay", 3000);
    RawConnection connection(stack.daemon.url());
    RawConnection idle(stack.daemon.url());
    begin_call(stack, connection);

    stack.daemon.process().signal(SIGTERM);
    EXPECT_TRUE(wait_until_refused(stack));
    EXPECT_TRUE(idle.wait_closed());
    auto const response = connection.read_response();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200);
    EXPECT_NE(response->body.find("A small game engine"), std::string::npos) << response->body;
    EXPECT_EQ(response->headers.get("Connection"), "close");
    EXPECT_TRUE(connection.wait_closed());
    EXPECT_EQ(stack.daemon.process().wait(), 0);
    EXPECT_NE(stack.daemon.log().find("\"daemon.stopped\""), std::string::npos);
}

TEST(Drain, EndsAtItsDeadlineWithoutTheCall) {
    ClientStack stack([](Json& config) { config["limits"] = Json{{"drain_ms", 500}}; });
    stack.start();
    stack.attach_pat();
    slow_down(stack, "hang", 0);
    RawConnection connection(stack.daemon.url());
    begin_call(stack, connection);
    auto const begin = std::chrono::steady_clock::now();
    EXPECT_EQ(stack.daemon.stop(), 0);
    // Not the 20 s of the default, not the 55 s of a call.
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(15));
    EXPECT_FALSE(connection.read_response());
}

TEST(Drain, ASecondSignalEndsAtOnce) {
    ClientStack stack;
    stack.start();
    stack.attach_pat();
    slow_down(stack, "hang", 0);
    RawConnection connection(stack.daemon.url());
    begin_call(stack, connection);
    stack.daemon.process().signal(SIGTERM);
    EXPECT_TRUE(wait_until_refused(stack));
    ASSERT_TRUE(stack.daemon.running());
    auto const begin = std::chrono::steady_clock::now();
    stack.daemon.process().signal(SIGTERM);
    EXPECT_EQ(stack.daemon.process().wait(), kEndedBySigterm);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

TEST(Drain, AnIdleDaemonStopsAndStartsAgainOnTheSameState) {
    ClientStack stack;
    stack.start();
    stack.attach_pat();
    std::string const token = stack.daemon.admin_token();
    EXPECT_EQ(stack.daemon.stop(), 0);
    stack.start();
    EXPECT_EQ(stack.daemon.admin_token(), token);
    EXPECT_TRUE(stack.call("read_file", read_arguments()).ok());
    stack.daemon.process().signal(SIGINT);
    EXPECT_EQ(stack.daemon.process().wait(), 0);
}

TEST(Cancellation, AModernCallEndsWithItsConnectionAndFreesItsPlace) {
    ClientStack stack([](Json& config) { config["limits"] = Json{{"calls", 1}, {"calls_queue", 1}}; });
    stack.start();
    stack.attach_pat();
    slow_down(stack, "hang", 0);
    RawConnection connection(stack.daemon.url());
    begin_call(stack, connection);
    connection.close();
    EXPECT_TRUE(eventually([&] { return stack.in_flight() == 0; })) << "the upstream request goes on";
    EXPECT_NE(stack.daemon.wait_for_log("\"status\":499").find("\"http.access\""), std::string::npos);

    // There is one place only: it must be free again.
    stack.simulator.admin("reset?what=faults");
    EXPECT_TRUE(stack.call("read_file", read_arguments()).ok());
    // Cancelled is not repeated.
    EXPECT_EQ(stack.simulator.requests("items"), 2);
}

TEST(Cancellation, ACallThatWaitsForAPlaceIsCancelledToo) {
    ClientStack stack([](Json& config) { config["limits"] = Json{{"calls", 1}, {"calls_queue", 1}}; });
    stack.start();
    stack.attach_pat();
    slow_down(stack, "hang", 0);
    RawConnection holding(stack.daemon.url());
    begin_call(stack, holding);
    RawConnection waiting(stack.daemon.url());
    waiting.send(read_call(stack, true).bytes());
    waiting.close();
    stack.daemon.wait_for_log("\"status\":499");
    // The queue of one is empty again: the next call waits in it, and gets the place.
    RawConnection next(stack.daemon.url());
    stack.simulator.admin("reset?what=faults");
    next.send(read_call(stack, true).bytes());
    holding.close();
    auto const response = next.read_response();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200) << response->body;
}

TEST(Cancellation, ALegacyCallRunsOnWithoutItsConnection) {
    ClientStack stack;
    stack.start();
    stack.attach_pat();
    slow_down(stack, "delay", 1500);
    RawConnection connection(stack.daemon.url());
    begin_call(stack, connection, false);
    connection.close();
    std::string const line = stack.daemon.wait_for_log("\"tool\":\"read_file\"");
    EXPECT_NE(line.find("\"status\":200"), std::string::npos) << line;
    EXPECT_NE(line.find("\"failed\":false"), std::string::npos) << line;
    EXPECT_EQ(stack.daemon.log().find("\"status\":499"), std::string::npos);
}

TEST(Health, IsAnsweredWithoutATokenAndByAnyAddress) {
    ClientStack stack;
    stack.start();
    for (char const* const path : {"/healthz", "/readyz"}) {
        SCOPED_TRACE(path);
        EXPECT_EQ(status_of(stack.daemon.url() + path), 200);
        RawConnection probe(stack.daemon.url());
        probe.send(Message().method_is("GET").target_is(path).with("Host", "10.1.2.3:8931").bytes());
        auto const response = probe.read_response();
        ASSERT_TRUE(response);
        EXPECT_EQ(response->status, 200);
    }
    // Live and ready do not depend on the upstream.
    EXPECT_EQ(stack.simulator.admin("counts").at("total"), 0);
}

TEST(Health, HasAListenerOfItsOwnThatOutlivesTheOther) {
    ClientStack stack([](Json& config) { config["health_listen"] = "127.0.0.1:0"; });
    stack.start();
    stack.attach_pat();
    Json const ready = Json::parse(stack.daemon.wait_for_log("\"daemon.ready\""));
    std::string const health = "http://127.0.0.1:" + std::to_string(ready.at("health_port").get<int>());
    ASSERT_NE(health, stack.daemon.url());
    EXPECT_EQ(status_of(health + "/healthz"), 200);
    EXPECT_EQ(status_of(health + "/readyz"), 200);
    EXPECT_EQ(status_of(health + "/mcp"), 404);
    EXPECT_EQ(status_of(stack.daemon.url() + "/healthz"), 404);

    slow_down(stack, "delay", 3000);
    RawConnection connection(stack.daemon.url());
    begin_call(stack, connection);
    stack.daemon.process().signal(SIGTERM);
    EXPECT_TRUE(wait_until_refused(stack));
    auto const draining = Http().send(make_request(health + "/readyz"));
    ASSERT_TRUE(draining);
    EXPECT_EQ(draining->status, 503);
    EXPECT_NE(draining->body.find("draining"), std::string::npos) << draining->body;
    EXPECT_EQ(status_of(health + "/healthz"), 200);
    EXPECT_TRUE(connection.read_response());
    EXPECT_EQ(stack.daemon.process().wait(), 0);
}

/// A self-signed certificate for 127.0.0.1, in the place the daemon reads it from.
void make_certificate(std::filesystem::path const& directory) {
    CommandResult const made = run_command(directory,
                                           {"/usr/bin/openssl",
                                            "req",
                                            "-x509",
                                            "-newkey",
                                            "ec",
                                            "-pkeyopt",
                                            "ec_paramgen_curve:prime256v1",
                                            "-nodes",
                                            "-days",
                                            "2",
                                            "-subj",
                                            "/CN=localhost",
                                            "-addext",
                                            "subjectAltName=IP:127.0.0.1,DNS:localhost",
                                            "-keyout",
                                            (directory / "tls.key").string(),
                                            "-out",
                                            (directory / "tls.pem").string()});
    ASSERT_EQ(made.exit_code, 0) << made.err;
}

TEST(InboundTls, ServesAndReadsItsCertificateAgainOnSighup) {
    TempDir files;
    make_certificate(files.path());
    std::string const certificate = (files.path() / "tls.pem").string();
    ClientStack stack([&](Json& config) {
        config["tls"] =
            Json{{"certificate_file", certificate}, {"key_file", (files.path() / "tls.key").string()}};
    });
    stack.start();
    ASSERT_TRUE(stack.daemon.url().starts_with("https://"));
    McpClient const calls(stack.daemon.url(), stack.daemon.admin_token());
    auto const list = [&](Http& http) {
        auto const response = http.send(calls.request("list_organizations", Json::object()));
        return response ? response->status : 0;
    };
    std::filesystem::copy_file(certificate, files.path() / "first.pem");
    Http first((files.path() / "first.pem").string());
    EXPECT_EQ(list(first), 200);

    make_certificate(files.path());
    stack.daemon.process().signal(SIGHUP);
    stack.daemon.wait_for_log("\"daemon.reload\"");
    EXPECT_EQ(list(first), 200) << "an open connection keeps its certificate";
    Http second(certificate);
    EXPECT_EQ(list(second), 200);
    Http stranger((files.path() / "first.pem").string());
    EXPECT_EQ(list(stranger), 0) << "the old certificate is still served";

    std::ofstream(certificate) << "no certificate\n";
    stack.daemon.process().signal(SIGHUP);
    stack.daemon.wait_for_log("\"daemon.reload_failed\"");
    EXPECT_EQ(list(second), 200);

    // Plain HTTP on the TLS port gets no answer, and harms nobody.
    RawConnection plain("http" + stack.daemon.url().substr(5));
    plain.send(legacy("ping").bytes());
    EXPECT_TRUE(plain.wait_closed());
    EXPECT_EQ(list(second), 200);
    EXPECT_EQ(stack.daemon.stop(), 0);
}

TEST(InboundTls, AChangedCertificateFileIsTakenUpByItself) {
    TempDir files;
    make_certificate(files.path());
    std::string const certificate = (files.path() / "tls.pem").string();
    ClientStack stack([&](Json& config) {
        config["tls"] =
            Json{{"certificate_file", certificate}, {"key_file", (files.path() / "tls.key").string()}};
    });
    stack.start();
    McpClient const calls(stack.daemon.url(), stack.daemon.admin_token());
    make_certificate(files.path());
    stack.daemon.wait_for_log("\"certificate.reloaded\"");
    Http client(certificate);
    auto const response = client.send(calls.request("list_organizations", Json::object()));
    ASSERT_TRUE(response) << core::describe(response.error());
    EXPECT_EQ(response->status, 200);

    // Half of a pair does no harm.
    std::ofstream(certificate) << "no certificate\n";
    stack.daemon.wait_for_log("\"certificate.reload_failed\"");
    EXPECT_TRUE(client.send(calls.request("list_organizations", Json::object())));
}

TEST(InboundTls, ACertificateThatCannotBeReadStopsTheStart) {
    TempDir files;
    ClientStack stack([&](Json& config) {
        config["tls"] = Json{{"certificate_file", files.write("tls.pem", "x")},
                             {"key_file", files.write("tls.key", "x")}};
    });
    CommandResult const result = stack.daemon.command({"serve"});
    EXPECT_NE(result.exit_code, 0);
    EXPECT_NE(result.err.find("tls.pem"), std::string::npos) << result.err;
}

} // namespace
