#include "official_schema/official_schema.hpp"
#include "protocol/mcp_stdio.hpp"
#include "support/endpoint_fixture.hpp"
#include "support/fake_sources.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

// The stdio transport without pipes: both eras in one process, requests side by side, lines in and out.
namespace {

using protocol::Revision;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Json;

class Lines final : public protocol::LineSink {
public:
    void write(std::string line) override {
        EXPECT_EQ(line.find('\n'), std::string::npos) << "a message is one line";
        written.push_back(Json::parse(line));
    }
    std::vector<Json> written;
};

class Stdio : public testing::Test {
protected:
    Stdio()
        : fixture([this](protocol::ServerFeatures& features, protocol::McpLimits&) {
              features.tools.push_back(&ask);
              features.resources = {&source};
              features.resources_change = features.subscriptions = features.logging = true;
          }) {
        fixture.route.hold = true;
        ask.behave([](protocol::ToolCall const& call) {
            auto const answer = protocol::ElicitAnswer::of(call.inputs, "name");
            if (answer) {
                return protocol::ToolResult("hello " + answer->text("name"), Json());
            }
            std::vector<protocol::InputRequest> requests;
            requests.push_back(protocol::ask_form(
                "name", "Who?", Json::parse(R"({"type":"object","properties":{"name":{"type":"string"}}})")));
            return protocol::ToolResult::ask(protocol::InputNeeded(std::move(requests), Json{{"n", 1}}));
        });
        limits.requests = 4;
    }

    void open() {
        endpoint = protocol::make_mcp_stdio_endpoint(*fixture.server, lines, test::caller(), limits);
    }
    void send(Json const& message) { send_text(message.dump()); }
    void send_text(std::string line) {
        if (!endpoint) {
            open();
        }
        endpoint->receive(std::move(line));
        fixture.poll();
    }
    /// Answers the initialize of that revision, and takes the answer off.
    void initialize(Revision revision, Json capabilities = Json::parse(R"({"elicitation":{}})")) {
        Json params = Json::parse(R"({"clientInfo":{"name":"t","version":"1"}})");
        params["protocolVersion"] = std::string(protocol::to_string(revision));
        params["capabilities"] = std::move(capabilities);
        send(test::legacy_request("initialize", std::move(params), "init"));
        Json const answer = take();
        EXPECT_EQ(answer["result"]["protocolVersion"], protocol::to_string(revision));
        send(test::notification("notifications/initialized"));
    }
    /// The oldest line not yet looked at.
    Json take() {
        if (lines.written.empty()) {
            ADD_FAILURE() << "nothing was written";
            return Json::object();
        }
        Json const first = lines.written.front();
        lines.written.erase(lines.written.begin());
        return first;
    }
    bool quiet() const { return lines.written.empty(); }
    static int code(Json const& answer) {
        return answer.contains("error") ? answer["error"]["code"].get<int>() : 0;
    }
    static std::string text(Json const& answer) { return answer["result"]["content"][0].value("text", ""); }
    void finish(milliseconds patience) {
        auto ending =
            fixture.world->loop.spawn(endpoint->finish(core::Deadline::in(fixture.world->clock, patience)));
        fixture.poll();
        for (int i = 0; i < 5 && !ending.done(); ++i) {
            fixture.world->clock.advance(patience);
            fixture.poll();
        }
        fixture.world->loop.wait(ending);
    }
    void TearDown() override {
        fixture.route.release();
        if (endpoint) {
            finish(seconds(1));
        }
    }

    test::FakeTool ask{"ask"};
    test::FakeSource source;
    test::EndpointFixture fixture;
    Lines lines;
    protocol::StdioLimits limits;
    std::unique_ptr<protocol::McpStdioEndpoint> endpoint;
};

TEST_F(Stdio, ServesBothErasInOneProcess) {
    send(test::modern_request("tools/list", Json::object(), "m"));
    Json const modern = take();
    EXPECT_EQ(modern["id"], "m");
    EXPECT_EQ(modern["result"]["resultType"], "complete");
    EXPECT_TRUE(test::official_violations(Revision::v2026_07_28, "tools/list", modern).empty());
    initialize(Revision::v2025_06_18);
    send(test::legacy_request("tools/list", Json::object(), "l"));
    Json const legacy = take();
    EXPECT_FALSE(legacy["result"].contains("resultType"));
    EXPECT_TRUE(test::official_violations(Revision::v2025_06_18, "tools/list", legacy).empty());
    send(test::modern_call("echo", Json::object(), 7));
    EXPECT_EQ(take()["result"]["resultType"], "complete");
}

TEST_F(Stdio, ProbesBeforeInitializeAreAnsweredAtOnce) {
    send(
        test::legacy_request("server/discover", Json::object(), 1)); // without the _meta that makes it modern
    EXPECT_EQ(code(take()), -32601) << "clients fall back to initialize on this";
    send(test::legacy_request("ping", Json::object(), 2));
    EXPECT_EQ(take()["result"], Json::object());
    send(test::legacy_request("tools/list", Json::object(), 3));
    EXPECT_EQ(code(take()), -32600);
    send(test::legacy_call("echo", Json::object(), 4));
    EXPECT_EQ(code(take()), -32600);
    EXPECT_EQ(fixture.echo.calls, 0);
}

TEST_F(Stdio, InitializesOnce) {
    send(test::legacy_request("initialize", Json::object(), 1));
    EXPECT_EQ(code(take()), -32602) << "without a version";
    initialize(Revision::v2025_11_25);
    send(test::legacy_request("initialize", Json{{"protocolVersion", "2025-11-25"}}, 2));
    EXPECT_EQ(code(take()), -32600);
}

TEST_F(Stdio, WhatIsNoMessageIsRefusedAndTheNextOneServed) {
    for (char const* line : {"{", "nul", "\xFF", R"({"jsonrpc":"2.0","id":1,"method":"ping")"}) {
        send_text(line);
        EXPECT_EQ(code(take()), -32700) << line;
    }
    send_text('"' + std::string(fixture.limits.string_bytes + 1, 'x') + '"');
    EXPECT_EQ(code(take()), -32700);
    for (char const* line :
         {"5", "null", R"({"id":1,"method":"ping"})", R"({"jsonrpc":"2.0","id":null,"method":"ping"})"}) {
        send_text(line);
        EXPECT_EQ(code(take()), -32600) << line;
    }
    for (char const* line : {"", "  \t", "\r"}) {
        send_text(line);
        EXPECT_TRUE(quiet());
    }
    endpoint->refuse_long_line(99);
    Json const refused = take();
    EXPECT_EQ(code(refused), -32600);
    EXPECT_NE(refused["error"]["message"].get<std::string>().find("99"), std::string::npos);
    send(test::legacy_request("ping", Json::object(), 9));
    EXPECT_EQ(take()["id"], 9);
}

TEST_F(Stdio, RequestsRunBesideEachOther) {
    initialize(Revision::v2025_11_25);
    send(test::legacy_call("route", Json::object(), "slow"));
    send(test::legacy_call("echo", Json::object(), "quick"));
    EXPECT_EQ(take()["id"], "quick");
    fixture.route.release();
    fixture.poll();
    Json const slow = take();
    EXPECT_EQ(slow["id"], "slow");
    EXPECT_EQ(text(slow), "routed");
}

TEST_F(Stdio, RequestsInFlightAreBounded) {
    initialize(Revision::v2025_11_25);
    for (int i = 0; i < 4; ++i) {
        send(test::legacy_call("route", Json::object(), i));
    }
    send(test::legacy_call("route", Json::object(), 4));
    Json const refused = take();
    EXPECT_EQ(refused["id"], 4);
    EXPECT_EQ(code(refused), protocol::rpc_code::overloaded);
    send(test::legacy_call("route", Json::object(), 3));
    EXPECT_EQ(code(take()), -32600) << "one of this id is under way";
    fixture.route.release();
    fixture.poll();
    EXPECT_EQ(lines.written.size(), 4U);
    lines.written.clear();
    send(test::legacy_call("echo", Json::object(), 3));
    EXPECT_EQ(code(take()), 0) << "an id is free again after its answer";
}

TEST_F(Stdio, ACancelledRequestIsNotAnswered) {
    send(test::modern_call("route", Json::object(), 1));
    send(test::notification("notifications/cancelled", Json{{"requestId", "1"}}));
    EXPECT_EQ(fixture.route.cancelled, 0) << "\"1\" is another id than 1";
    send(test::notification("notifications/cancelled", Json{{"requestId", 1}}));
    EXPECT_EQ(fixture.route.cancelled, 1);
    EXPECT_TRUE(quiet());
    send(test::notification("notifications/cancelled", Json{{"requestId", 1}})); // too late
    send(test::notification("notifications/cancelled"));
    EXPECT_TRUE(quiet());
}

TEST_F(Stdio, ProgressComesBeforeTheAnswer) {
    send(test::with_meta(test::modern_call("route", Json::object(), 1), "progressToken", "p"));
    fixture.route.current->client.progress(1, 2.0, "half");
    Json const progress = take();
    EXPECT_EQ(progress["method"], "notifications/progress");
    EXPECT_EQ(progress["params"]["progressToken"], "p");
    fixture.route.release();
    fixture.poll();
    EXPECT_EQ(take()["id"], 1);
}

TEST_F(Stdio, AsksInTheSessionEraAndIsAnswered) {
    initialize(Revision::v2025_11_25);
    send(test::legacy_call("ask", Json::object(), 1));
    Json const question = take();
    EXPECT_EQ(question["method"], "elicitation/create");
    Json answer = Json::parse(R"({"jsonrpc":"2.0","result":{"action":"accept","content":{"name":"Ada"}}})");
    answer["id"] = "made-up";
    send(answer);
    EXPECT_TRUE(quiet()) << "an answer to nothing";
    answer["id"] = question["id"];
    send(answer);
    EXPECT_EQ(text(take()), "hello Ada");
}

TEST_F(Stdio, NeedsInputOf20260728InRounds) {
    Json const request = test::declaring(test::modern_call("ask", Json::object(), 1),
                                         Json::parse(R"({"elicitation":{"form":{}}})"));
    send(request);
    Json const needed = take();
    EXPECT_EQ(needed["result"]["resultType"], "input_required");
    Json retry = request;
    retry["id"] = 2;
    retry["params"]["requestState"] = needed["result"]["requestState"];
    std::string const key = needed["result"]["inputRequests"].begin().key();
    retry["params"]["inputResponses"][key] = Json::parse(R"({"action":"accept","content":{"name":"Ada"}})");
    send(retry);
    EXPECT_EQ(text(take()), "hello Ada");
}

TEST_F(Stdio, BatchesAreAnsweredTogetherWhereTheRevisionHasThem) {
    initialize(Revision::v2025_03_26);
    Json batch = Json::array();
    batch.push_back(test::legacy_call("route", Json::object(), 1));
    batch.push_back(test::notification("notifications/initialized"));
    batch.push_back(test::legacy_request("ping", Json::object(), 2));
    batch.push_back(test::legacy_call("route", Json::object(), 1)); // again under way
    send(batch);
    EXPECT_TRUE(quiet());
    fixture.route.release();
    fixture.poll();
    Json const answers = take();
    ASSERT_TRUE(answers.is_array());
    ASSERT_EQ(answers.size(), 3U) << answers;
    std::map<std::string, int> codes;
    for (Json const& answer : answers) {
        codes[answer["id"].dump() + (answer.contains("error") ? " refused" : "")] = code(answer);
    }
    EXPECT_EQ(codes, (std::map<std::string, int>{{"1", 0}, {"1 refused", -32600}, {"2", 0}}));
    send(Json::array({test::notification("notifications/initialized")}));
    EXPECT_TRUE(quiet()) << "nothing asked, nothing answered";
    send(Json::array());
    EXPECT_EQ(code(take()), -32600);
}

TEST_F(Stdio, BatchesAreRefusedElsewhere) {
    send(Json::array({test::legacy_request("ping")}));
    EXPECT_EQ(code(take()), -32600);
    initialize(Revision::v2025_06_18);
    send(Json::array({test::legacy_request("ping")}));
    EXPECT_EQ(code(take()), -32600);
}

TEST_F(Stdio, TellsTheSessionOfWhatItSubscribedTo) {
    initialize(Revision::v2025_11_25);
    send(test::legacy_request("resources/subscribe", Json{{"uri", "x://a"}}, 1));
    EXPECT_EQ(take()["result"], Json::object());
    fixture.hub.publish(protocol::ChangeEvent(protocol::ChangeEvent::Kind::resource, "x://b"));
    EXPECT_TRUE(quiet());
    fixture.hub.publish(protocol::ChangeEvent(protocol::ChangeEvent::Kind::resource, "x://a"));
    EXPECT_EQ(take()["method"], "notifications/resources/updated");
}

TEST_F(Stdio, ListensUntilItIsCancelledOrNoMoreComes) {
    Json const wanted = Json::parse(R"({"notifications":{"resourcesListChanged":true}})");
    send(test::modern_request("subscriptions/listen", wanted, 1));
    send(test::modern_request("subscriptions/listen", wanted, 2));
    EXPECT_EQ(take()["method"], "notifications/subscriptions/acknowledged");
    EXPECT_EQ(take()["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 2);
    fixture.hub.publish(protocol::ChangeEvent(protocol::ChangeEvent::Kind::resources));
    EXPECT_EQ(take()["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 1);
    EXPECT_EQ(take()["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 2);
    send(test::notification("notifications/cancelled", Json{{"requestId", 1}}));
    fixture.hub.publish(protocol::ChangeEvent(protocol::ChangeEvent::Kind::resources));
    EXPECT_EQ(take()["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 2);
    EXPECT_TRUE(quiet());
    finish(seconds(1));
    EXPECT_EQ(take()["method"], "notifications/cancelled");
    Json const last = take();
    EXPECT_EQ(last["id"], 2);
    EXPECT_EQ(last["result"]["resultType"], "complete");
    send(test::modern_request("subscriptions/listen", Json::object(), 3));
    EXPECT_EQ(code(take()), -32602);
}

TEST_F(Stdio, AtTheEndRequestsMayFinishInTime) {
    send(test::modern_call("route", Json::object(), 1));
    auto ending =
        fixture.world->loop.spawn(endpoint->finish(core::Deadline::in(fixture.world->clock, seconds(5))));
    fixture.poll();
    EXPECT_FALSE(ending.done());
    fixture.route.release();
    fixture.poll();
    fixture.world->clock.advance(milliseconds(20));
    fixture.world->loop.wait(ending);
    EXPECT_EQ(text(take()), "routed");
}

TEST_F(Stdio, AtTheEndWhatTakesTooLongIsCancelled) {
    send(test::modern_call("route", Json::object(), 1));
    finish(seconds(5));
    EXPECT_EQ(fixture.route.cancelled, 1);
}

} // namespace
