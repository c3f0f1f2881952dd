#include "support/endpoint_fixture.hpp"
#include "support/log_capture.hpp"

#include <gtest/gtest.h>

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
    EXPECT_TRUE(log.contains("handler.exception"));
    EXPECT_TRUE(log.contains("db at 10.0.0.7"));
    EXPECT_TRUE(log.contains("req-1"));
}

protocol::ToolDescriptor described(char const* name, char const* output_schema) {
    return protocol::ToolDescriptor(
        name, "", "d", Json::parse(R"({"type":"object"})"), Json::parse(output_schema), {});
}

test::EndpointFixture::Setup only(test::FakeTool& tool) {
    return [&tool](protocol::ServerFeatures& features, protocol::McpLimits&) { features.tools = {&tool}; };
}

TEST(ToolResults, TextIsMadeFromStructuredContentWhereTheToolGaveNone) {
    test::FakeTool silent(described("silent", "null"), [](protocol::ToolCall const&) {
        return protocol::ToolResult("", Json::parse(R"({"a":[1]})"));
    });
    test::EndpointFixture fixture(only(silent));
    auto const reply = fixture.exchange(legacy_headers(Revision::v2025_11_25), legacy_call("silent"));
    EXPECT_EQ(test::text_of(reply), R"({"a":[1]})");
}

TEST(ToolResults, StructuredContentOtherThanAnObjectIsModernOnly) {
    test::FakeTool list(described("list", R"({"type":"array"})"), [](protocol::ToolCall const&) {
        return protocol::ToolResult("t", Json::array({1}));
    });
    test::EndpointFixture fixture(only(list));
    auto const old = legacy_headers(Revision::v2025_11_25);
    EXPECT_FALSE(test::result_of(fixture.exchange(old, legacy_call("list"))).contains("structuredContent"));
    Json const tools = test::result_of(fixture.exchange(old, test::legacy_request("tools/list")))["tools"];
    EXPECT_FALSE(tools[0].contains("outputSchema"));
    EXPECT_EQ(test::result_of(fixture.ask_modern(test::modern_call("list")))["structuredContent"],
              Json::array({1}));
    Json const modern = test::result_of(fixture.ask_modern(test::modern_request("tools/list")))["tools"];
    EXPECT_TRUE(modern[0].contains("outputSchema"));
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
    fixture.route.hold = true;
    auto const modern = fixture.start_modern(test::modern_call("route"));
    EXPECT_EQ(fixture.route.calls, 1);
    EXPECT_FALSE(modern->done());
    modern->hang_up();
    ASSERT_TRUE(modern->done());
    EXPECT_TRUE(modern->threw_cancelled());
    EXPECT_EQ(fixture.route.cancelled, 1);
    EXPECT_FALSE(log.contains("handler.exception"));
}

TEST_F(ToolCall, CallsRunSideBySide) {
    fixture.route.hold = true;
    auto const headers = legacy_headers(Revision::v2025_11_25);
    auto const slow = fixture.start(headers, legacy_call("route"));
    auto const quick = fixture.start(headers, legacy_call("echo", Json::parse(R"({"query":"q"})"), 2));
    EXPECT_FALSE(slow->done());
    EXPECT_TRUE(quick->done());
    fixture.route.release();
    EXPECT_EQ(test::text_of(slow->reply()), "routed");
}

} // namespace
