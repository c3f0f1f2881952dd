#include "support/endpoint_fixture.hpp"
#include "support/log_capture.hpp"
#include "support/run_coro.hpp"

#include <boost/system/system_error.hpp>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace {

using protocol::Revision;
using test::Json;
using test::legacy_call;
using test::legacy_headers;

class ToolCall : public testing::Test {
protected:
    protocol::McpHttpReply call(std::string const& tool, char const* arguments) {
        return fixture.call_modern(tool, Json::parse(arguments));
    }
    test::EndpointFixture fixture;
};

TEST_F(ToolCall, HandsArgumentsAndCallerToTheTool) {
    auto const reply = call("echo", R"({"query":"x","top":5.0})");
    EXPECT_EQ(fixture.echo.calls, 1);
    EXPECT_EQ(fixture.echo.last_caller, "agent-1");
    EXPECT_EQ(fixture.echo.last_arguments.dump(), R"({"query":"x","top":5})");
    EXPECT_EQ(reply.rpc_method, "tools/call");
    EXPECT_EQ(reply.tool, "echo");
    EXPECT_FALSE(reply.failed);
}

TEST_F(ToolCall, WithoutArgumentsIsACallWithNone) {
    auto const reply =
        fixture.exchange(legacy_headers(Revision::v2025_11_25),
                         test::legacy_request("tools/call", Json::parse(R"({"name":"route"})")));
    EXPECT_EQ(test::text_of(reply), "routed");
    EXPECT_EQ(fixture.route.last_arguments, Json::object());
}

TEST_F(ToolCall, BadArgumentsAreAResultThatSaysWhatToSend) {
    auto const reply = call("echo", R"({"qurey":"x","top":500})");
    EXPECT_EQ(reply.status, 200);
    EXPECT_TRUE(reply.failed);
    Json const result = test::result_of(reply);
    EXPECT_EQ(result["isError"], true);
    EXPECT_FALSE(result.contains("structuredContent"));
    EXPECT_EQ(
        test::text_of(reply),
        "The arguments of echo do not fit its schema:\n"
        "- `/query`: found nothing, expected a string of 1 to 20 characters (required); What to look for.\n"
        "- `/qurey`: found an unknown property, expected no such property; did you mean `query`?\n"
        "- `/top`: found 500, expected an integer from 1 to 50\n"
        "Nothing was done. Correct this and call the tool again.");
    EXPECT_EQ(fixture.echo.calls, 0);
}

TEST_F(ToolCall, FloodsOfBadArgumentsGetABoundedAnswer) {
    Json arguments = Json::object();
    for (int i = 0; i < 2000; ++i) {
        arguments[std::string(300, 'x') + std::to_string(i)] = i;
    }
    EXPECT_LT(fixture.call_modern("echo", arguments).body.size(), 16U * 1024);
}

TEST_F(ToolCall, AnUnknownToolIsAnErrorThatNamesTheNearest) {
    auto const reply = call("ecco", "{}");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(test::code_of(reply), -32602);
    EXPECT_EQ(test::json_of(reply)["error"]["message"], "Unknown tool: \"ecco\"; did you mean \"echo\"?");
    EXPECT_EQ(reply.tool, "") << "names nobody registered are no log labels";
}

TEST_F(ToolCall, AnExceptionIsLoggedAndAnsweredWithoutInternals) {
    test::LogCapture log;
    auto const reply = call("crash", "{}");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(test::code_of(reply), -32603);
    EXPECT_TRUE(reply.failed);
    EXPECT_EQ(reply.body.find("10.0.0.7"), std::string::npos);
    EXPECT_EQ(test::json_of(reply)["error"]["data"]["requestId"], "req-1");
    EXPECT_TRUE(log.contains("tool.exception"));
    EXPECT_TRUE(log.contains("db at 10.0.0.7"));
    EXPECT_TRUE(log.contains("req-1"));
}

TEST_F(ToolCall, TextIsMadeFromStructuredContentWhereTheToolGaveNone) {
    test::FakeTool silent(
        protocol::ToolDescriptor("silent", "", "d", Json::parse(R"({"type":"object"})"), Json(), {}),
        [](Json const&) { return protocol::ToolResult("", Json::parse(R"({"a":[1]})")); });
    protocol::ServerIdentity identity;
    auto endpoint = protocol::make_mcp_http_endpoint(identity, {&silent});
    auto admitted = endpoint->admit(
        "POST", test::to_headers(legacy_headers(Revision::v2025_11_25)), legacy_call("silent").dump());
    auto const ctx = test::call_context();
    auto const reply = test::run_coro(endpoint->run(*admitted, test::caller(), ctx));
    EXPECT_EQ(test::text_of(reply), R"({"a":[1]})");
}

TEST_F(ToolCall, StructuredContentOtherThanAnObjectIsModernOnly) {
    test::FakeTool list(
        protocol::ToolDescriptor(
            "list", "", "d", Json::parse(R"({"type":"object"})"), Json::parse(R"({"type":"array"})"), {}),
        [](Json const&) { return protocol::ToolResult("t", Json::array({1})); });
    protocol::ServerIdentity identity;
    auto endpoint = protocol::make_mcp_http_endpoint(identity, {&list});
    auto const ctx = test::call_context();
    auto const ask = [&](test::HeaderList const& headers, Json const& request) {
        auto admitted = endpoint->admit("POST", test::to_headers(headers), request.dump());
        return test::result_of(test::run_coro(endpoint->run(*admitted, test::caller(), ctx)));
    };
    auto const old = legacy_headers(Revision::v2025_11_25);
    EXPECT_FALSE(ask(old, legacy_call("list")).contains("structuredContent"));
    EXPECT_FALSE(ask(old, test::legacy_request("tools/list"))["tools"][0].contains("outputSchema"));
    Json params = Json::parse(R"({"name":"list"})");
    EXPECT_EQ(ask(test::modern_headers("tools/call", "list"),
                  test::modern_request("tools/call", params))["structuredContent"],
              Json::array({1}));
    EXPECT_TRUE(
        ask(test::modern_headers("tools/list"), test::modern_request("tools/list"))["tools"][0].contains(
            "outputSchema"));
}

TEST_F(ToolCall, TraceParentOfTheEnvelopeReplacesThatOfTheConnection) {
    std::string const own = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    Json params = Json::parse(R"({"name":"route"})");
    Json request = test::modern_request("tools/call", params);
    auto const headers = test::modern_headers("tools/call", "route");
    fixture.exchange(headers, request);
    EXPECT_EQ(fixture.route.last_traceparent, test::call_context().traceparent);
    request["params"]["_meta"]["traceparent"] = own;
    fixture.exchange(headers, request);
    EXPECT_EQ(fixture.route.last_traceparent, own);
    request["params"]["_meta"]["traceparent"] = own + "\r\nX-Evil: 1";
    fixture.exchange(headers, request);
    EXPECT_EQ(fixture.route.last_traceparent, test::call_context().traceparent);
}

TEST_F(ToolCall, CancellationReachesTheToolAndIsNoFaultOfIt) {
    test::LogCapture log;
    fixture.route.hang = true;
    auto admitted = fixture.endpoint->admit(
        "POST", test::to_headers(legacy_headers(Revision::v2025_11_25)), legacy_call("route").dump());
    auto const ctx = test::call_context();
    test::Loop loop;
    auto running = loop.spawn(fixture.endpoint->run(*admitted, test::caller(), ctx));
    loop.poll();
    EXPECT_EQ(fixture.route.calls, 1);
    EXPECT_FALSE(running.done());
    running.cancel();
    loop.poll();
    ASSERT_TRUE(running.done());
    EXPECT_THROW(running.take(), boost::system::system_error);
    EXPECT_FALSE(log.contains("tool.exception"));
}

TEST_F(ToolCall, CallsRunSideBySide) {
    fixture.route.hang = true;
    auto const headers = test::to_headers(legacy_headers(Revision::v2025_11_25));
    auto slow = fixture.endpoint->admit("POST", headers, legacy_call("route").dump());
    auto quick =
        fixture.endpoint->admit("POST", headers, legacy_call("echo", Json::parse(R"({"query":"q"})")).dump());
    auto const ctx = test::call_context();
    test::Loop loop;
    auto first = loop.spawn(fixture.endpoint->run(*slow, test::caller(), ctx));
    auto second = loop.spawn(fixture.endpoint->run(*quick, test::caller(), ctx));
    loop.poll();
    EXPECT_FALSE(first.done());
    EXPECT_TRUE(second.done());
    first.cancel();
    loop.poll();
}

} // namespace
