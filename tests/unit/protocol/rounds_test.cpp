#include "protocol/rounds.hpp"

#include "support/endpoint_fixture.hpp"
#include "support/log_capture.hpp"

#include <gtest/gtest.h>

#include <string>

// input_required and retry (2026-07-28), and the same handlers in the initialize era.
namespace {

using protocol::Revision;
using protocol::ToolCall;
using protocol::ToolResult;
using test::declaring;
using test::Json;
using test::modern_call;

Json const kSchema =
    Json::parse(R"({"type":"object","properties":{"value":{"type":"string"}},"required":["value"]})");
Json const kForm = Json::parse(R"({"elicitation":{"form":{}}})");

protocol::InputNeeded question(std::string key, Json state) {
    std::vector<protocol::InputRequest> requests;
    requests.push_back(protocol::ask_form(key, "What is " + key + "?", kSchema));
    return protocol::InputNeeded(std::move(requests), std::move(state));
}

/// Asks for `a`, then for `b`; what it knows of the first round is in the state.
ToolResult two_rounds(ToolCall const& call) {
    std::string const a = call.state.is_object() ? call.state.value("a", "") : "";
    auto const first = protocol::ElicitAnswer::of(call.inputs, "a");
    auto const second = protocol::ElicitAnswer::of(call.inputs, "b");
    if (a.empty() && !first) {
        return ToolResult::ask(question("a", Json{{"round", 1}}));
    }
    if (a.empty() || !second) {
        return ToolResult::ask(question("b", Json{{"a", a.empty() ? first->text("value") : a}}));
    }
    return ToolResult(a + " and " + second->text("value"), Json());
}

Json accepted(std::string const& key, std::string const& value) {
    Json responses = Json::object();
    responses[key] = Json{{"action", "accept"}, {"content", {{"value", value}}}};
    return responses;
}

class Rounds : public testing::Test {
protected:
    Rounds() : fixture(with_ask()) { ask.behave(two_rounds); }
    test::EndpointFixture::Setup with_ask() {
        return [this](protocol::ServerFeatures& features, protocol::McpLimits& limits) {
            ask.about.input_schema = Json::parse(R"({"type":"object"})");
            features.tools.push_back(&ask);
            limits.request_state = std::chrono::minutes(10);
        };
    }
    static Json call(Json arguments = Json::object()) {
        return declaring(modern_call("ask", std::move(arguments), "r"), kForm);
    }
    static Json retry(Json request, Json responses, Json state = Json()) {
        if (!responses.is_null()) {
            request["params"]["inputResponses"] = std::move(responses);
        }
        if (!state.is_null()) {
            request["params"]["requestState"] = std::move(state);
        }
        return request;
    }
    Json result(Json const& request) { return test::result_of(fixture.ask_modern(request)); }
    int code(Json const& request) { return test::code_of(fixture.ask_modern(request)); }

    test::FakeTool ask{"ask"};
    test::EndpointFixture fixture;
};

TEST_F(Rounds, AQuestionIsAResultOfItsOwnType) {
    auto const reply = fixture.ask_modern(call());
    EXPECT_EQ(reply.status, 200);
    EXPECT_FALSE(reply.failed);
    Json const asked = test::result_of(reply);
    EXPECT_EQ(asked["resultType"], "input_required");
    EXPECT_EQ(asked["inputRequests"]["a"]["method"], "elicitation/create");
    EXPECT_EQ(asked["inputRequests"]["a"]["params"]["mode"], "form");
    EXPECT_EQ(asked["inputRequests"]["a"]["params"]["requestedSchema"], kSchema);
    EXPECT_FALSE(asked["inputRequests"]["a"].contains("id"));
    EXPECT_FALSE(asked["inputRequests"]["a"].contains("jsonrpc"));
    EXPECT_TRUE(asked["requestState"].is_string());
    EXPECT_FALSE(asked.contains("content"));
    EXPECT_EQ(asked["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "ado-mcpd");
}

TEST_F(Rounds, RetriesGoOnWhereTheStateSays) {
    Json const first = result(call());
    Json const second = result(retry(call(), accepted("a", "one"), first["requestState"]));
    EXPECT_TRUE(second["inputRequests"].contains("b"));
    EXPECT_FALSE(second["inputRequests"].contains("a"));
    Json const last = result(retry(call(), accepted("b", "two"), second["requestState"]));
    EXPECT_EQ(last["resultType"], "complete");
    EXPECT_EQ(last["content"][0]["text"], "one and two");
}

TEST_F(Rounds, AnyProcessWithTheKeyGoesOn) {
    Json const first = result(call());
    test::FakeTool other_ask("ask");
    other_ask.about.input_schema = Json::parse(R"({"type":"object"})");
    other_ask.behave(two_rounds);
    test::EndpointFixture other(fixture.world, [&](protocol::ServerFeatures& features, protocol::McpLimits&) {
        features.tools = {&other_ask};
    });
    Json const request = retry(call(), accepted("a", "one"), first["requestState"]);
    EXPECT_TRUE(test::result_of(other.ask_modern(request))["inputRequests"].contains("b"));
}

TEST_F(Rounds, TheStateIsSealed) {
    std::string const state = result(retry(call(), accepted("a", "planted")))["requestState"];
    EXPECT_EQ(state.find("planted"), std::string::npos);
    for (std::size_t i = 0; i < state.size(); i += 7) {
        std::string changed = state;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        EXPECT_EQ(code(retry(call(), accepted("b", "x"), changed)), -32602) << i;
    }
    for (Json const& bad : {Json(""), Json("x"), Json(7), Json::object()}) {
        EXPECT_EQ(code(retry(call(), accepted("b", "x"), bad)), -32602) << bad;
    }
    EXPECT_EQ(ask.calls, 1) << "none of them reached the tool";
}

TEST_F(Rounds, TheStateBelongsToTheCallerTheMethodTheToolAndTheArguments) {
    Json const arguments = Json::parse(R"({"x":1,"y":[2]})");
    Json const state = result(call(arguments))["requestState"];
    auto const other =
        fixture.start_modern(retry(call(arguments), accepted("a", "1"), state), test::other_caller());
    EXPECT_EQ(test::code_of(other->reply()), -32602);
    EXPECT_EQ(code(retry(call(), accepted("a", "1"), state)), -32602);
    EXPECT_EQ(code(retry(call(Json::parse(R"({"x":1,"y":[3]})")), accepted("a", "1"), state)), -32602);
    Json const echo = declaring(modern_call("echo", Json::parse(R"({"query":"x"})")), kForm);
    EXPECT_EQ(code(retry(echo, accepted("a", "1"), state)), -32602);
    Json const reordered = Json::parse(R"({"y":[2],"x":1})");
    EXPECT_EQ(code(retry(call(reordered), accepted("a", "1"), state)), 0) << "order is no difference";
}

TEST_F(Rounds, TheStateEndsWithTime) {
    Json const state = result(call())["requestState"];
    fixture.world->clock.advance(std::chrono::minutes(10));
    EXPECT_EQ(code(retry(call(), accepted("a", "1"), state)), 0);
    fixture.world->clock.advance(std::chrono::milliseconds(1));
    auto const late = fixture.ask_modern(retry(call(), accepted("a", "1"), state));
    EXPECT_EQ(test::code_of(late), -32602);
    EXPECT_NE(late.body.find("expired"), std::string::npos);
}

TEST_F(Rounds, AMissingAnswerIsAskedForAgain) {
    Json const first = result(call());
    for (Json const& responses : {Json(), Json::object(), accepted("unknown", "x")}) {
        Json const again = result(retry(call(), responses, first["requestState"]));
        EXPECT_EQ(again["resultType"], "input_required");
        EXPECT_TRUE(again["inputRequests"].contains("a"));
    }
}

TEST_F(Rounds, MalformedAnswersAreRefused) {
    Json const state = result(call())["requestState"];
    for (char const* text : {"[]", "7", R"("a")", R"({"a":7})", R"({"a":[]})", R"({"a":null})"}) {
        EXPECT_EQ(code(retry(call(), Json::parse(text), state)), -32602) << text;
    }
    EXPECT_EQ(ask.calls, 1);
}

TEST_F(Rounds, WhatTheClientCannotAnswerIsMinus32021WithAnObject) {
    for (Json const& declared : {Json::object(), Json::parse(R"({"elicitation":{"url":{}}})")}) {
        auto const reply = fixture.ask_modern(declaring(call(), declared));
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(test::code_of(reply), -32021);
        EXPECT_EQ(test::json_of(reply)["id"], "r");
        EXPECT_EQ(test::json_of(reply)["error"]["data"]["requiredCapabilities"], kForm);
    }
    EXPECT_EQ(code(declaring(call(), Json::parse(R"({"elicitation":{}})"))), 0) << "{} means form";
}

TEST_F(Rounds, AllThatIsMissingIsNamedAtOnce) {
    ask.behave([](ToolCall const&) {
        std::vector<protocol::InputRequest> requests;
        requests.push_back(protocol::ask_url("u", "Go.", "https://example.test/"));
        requests.push_back(protocol::ask_form("f", "Say.", kSchema));
        requests.emplace_back("r", "roots/list", Json::object());
        return ToolResult::ask(protocol::InputNeeded(std::move(requests), Json()));
    });
    auto const reply = fixture.ask_modern(declaring(call(), Json::object()));
    EXPECT_EQ(test::json_of(reply)["error"]["data"]["requiredCapabilities"],
              Json::parse(R"({"elicitation":{"url":{},"form":{}},"roots":{}})"));
}

TEST_F(Rounds, AToolThatNeedsACapabilityIsNotCalledWithoutIt) {
    ask.about.required_capabilities = Json::parse(R"({"sampling":{}})");
    auto const reply = fixture.ask_modern(call());
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(test::code_of(reply), -32021);
    EXPECT_EQ(test::json_of(reply)["error"]["data"]["requiredCapabilities"], ask.about.required_capabilities);
    EXPECT_EQ(ask.calls, 0);
    EXPECT_EQ(code(declaring(call(), Json::parse(R"({"sampling":{},"elicitation":{}})"))), 0);
}

TEST_F(Rounds, AStateAloneMeansComeBackLater) {
    ask.behave([](ToolCall const& call) {
        return call.state.is_null() ? ToolResult::ask(protocol::InputNeeded({}, Json{{"ticket", 5}}))
                                    : ToolResult("ticket " + call.state["ticket"].dump(), Json());
    });
    Json const first = result(declaring(call(), Json::object()));
    EXPECT_EQ(first["resultType"], "input_required");
    EXPECT_FALSE(first.contains("inputRequests"));
    EXPECT_EQ(result(retry(call(), Json(), first["requestState"]))["content"][0]["text"], "ticket 5");
}

TEST_F(Rounds, BadArgumentsAreToldBeforeTheStateIsLookedAt) {
    Json const told = result(retry(modern_call("echo"), accepted("a", "1"), Json("junk")));
    EXPECT_EQ(told["isError"], true);
    EXPECT_EQ(code(retry(modern_call("echo", Json{{"query", "x"}}), accepted("a", "1"), Json("junk"))),
              -32602);
}

TEST_F(Rounds, OneHandlerServesBothEras) {
    std::string const session =
        fixture.open_session(Revision::v2025_11_25, Json::parse(R"({"elicitation":{}})"));
    auto const exchange = fixture.start(fixture.in_session(session), test::legacy_call("ask"));
    for (auto const& [key, value] :
         {std::pair<std::string, std::string>("a", "one"), std::pair<std::string, std::string>("b", "two")}) {
        Json const asked = exchange->messages().back();
        EXPECT_EQ(asked["params"]["message"], "What is " + key + "?");
        Json response = Json::object();
        response["jsonrpc"] = "2.0";
        response["id"] = asked["id"];
        response["result"] = accepted(key, value)[key];
        EXPECT_EQ(fixture.exchange(fixture.in_session(session), response).status, 202);
    }
    EXPECT_EQ(exchange->answer()["result"]["content"][0]["text"], "one and two");
    EXPECT_FALSE(exchange->answer()["result"].contains("resultType"));
}

TEST_F(Rounds, ABugInALaterRoundIsAnInternalError) {
    ask.behave([](ToolCall const& call) -> ToolResult {
        if (call.inputs.empty()) {
            return ToolResult::ask(question("a", Json()));
        }
        throw std::runtime_error("planted bug");
    });
    test::LogCapture const log;
    Json const first = result(call());
    EXPECT_FALSE(first.contains("requestState")) << "there is none to keep";
    auto const reply = fixture.ask_modern(retry(call(), accepted("a", "1")));
    EXPECT_EQ(test::code_of(reply), -32603);
    EXPECT_EQ(reply.body.find("planted"), std::string::npos);
    EXPECT_TRUE(log.contains("planted bug"));
}

TEST_F(Rounds, ARefusalIsAnErrorOfItsOwn) {
    ask.behave([](ToolCall const&) {
        return ToolResult::refuse(protocol::RpcError(-32602, "No.", Json{{"why", "because"}}));
    });
    auto const reply = fixture.ask_modern(call());
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(test::json_of(reply)["error"],
              Json::parse(R"({"code":-32602,"message":"No.","data":{"why":"because"}})"));
}

TEST(RoundBinding, DiffersInEachOfItsParts) {
    protocol::RoundBinding const one(test::caller(), "tools/call", "t", Json{{"a", 1}});
    EXPECT_EQ(one.text(), protocol::RoundBinding(test::caller(), "tools/call", "t", Json{{"a", 1}}).text());
    for (auto const& other : {protocol::RoundBinding(test::other_caller(), "tools/call", "t", Json{{"a", 1}}),
                              protocol::RoundBinding(test::caller(), "prompts/get", "t", Json{{"a", 1}}),
                              protocol::RoundBinding(test::caller(), "tools/call", "u", Json{{"a", 1}}),
                              protocol::RoundBinding(test::caller(), "tools/call", "t", Json{{"a", 2}}),
                              protocol::RoundBinding(test::caller(), "tools/call", "t", Json())}) {
        EXPECT_NE(one.text(), other.text());
    }
}

} // namespace
