#include "support/endpoint_fixture.hpp"
#include "support/log_capture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

// Mistakes that servers are known to make, each with a test of its own.
namespace {

using protocol::Revision;
using test::HeaderList;
using test::Json;
using test::legacy_headers;
using test::legacy_request;
using test::modern_headers;
using test::modern_request;
using test::with;
using test::without;

class Traps : public testing::Test {
protected:
    test::EndpointFixture fixture;
};

TEST_F(Traps, EveryModernResultCarriesResultType) {
    std::vector<protocol::McpHttpReply> const replies{
        fixture.exchange(modern_headers("server/discover"), modern_request("server/discover")),
        fixture.exchange(modern_headers("tools/list"), modern_request("tools/list")),
        fixture.call_modern("echo", Json::parse(R"({"query":"x"})")),
        fixture.call_modern("fail", Json::object()),
        fixture.call_modern("echo", Json::object()),
    };
    for (auto const& reply : replies) {
        Json const result = test::result_of(reply);
        EXPECT_EQ(result["resultType"], "complete") << reply.body;
        EXPECT_EQ(result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "ado-mcpd");
    }
}

TEST_F(Traps, UnsupportedVersionEchoesWhatWasRequested) {
    Json request = modern_request("tools/list", Json::object(), "v");
    request["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = "2025-11-25";
    auto const reply =
        fixture.exchange(with(modern_headers("tools/list"), "MCP-Protocol-Version", "2025-11-25"), request);
    EXPECT_EQ(test::json_of(reply), Json::parse(R"({"jsonrpc":"2.0","id":"v","error":{"code":-32022,
        "message":"Unsupported protocol version","data":{"supported":["2026-07-28"],"requested":"2025-11-25"}}})"));
}

TEST_F(Traps, UnsupportedVersionsAreTheOnesDiscoverNames) {
    Json const discovered = test::result_of(
        fixture.exchange(modern_headers("server/discover"), modern_request("server/discover")));
    Json request = modern_request("tools/list");
    request["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = "1900-01-01";
    auto const reply =
        fixture.exchange(with(modern_headers("tools/list"), "MCP-Protocol-Version", "1900-01-01"), request);
    EXPECT_EQ(test::json_of(reply)["error"]["data"]["supported"], discovered["supportedVersions"]);
}

TEST_F(Traps, IdIsEchoedWithItsTypeOnEveryError) {
    struct Case {
        char const* what;
        HeaderList headers;
        std::string method;
        std::string tool;
    };
    test::LogCapture quiet;
    HeaderList const good = modern_headers("tools/call", "echo");
    std::vector<Case> const cases{
        {"header mismatch", without(good, "Mcp-Name"), "tools/call", "echo"},
        {"version mismatch", with(good, "MCP-Protocol-Version", "2025-11-25"), "tools/call", "echo"},
        {"unknown method", modern_headers("no/such"), "no/such", "echo"},
        {"unknown tool", modern_headers("tools/call", "nope"), "tools/call", "nope"},
        {"tool exception", modern_headers("tools/call", "crash"), "tools/call", "crash"},
    };
    for (Case const& one : cases) {
        for (char const* id : {"\"7\"", "7", "\"\"", "0", "-3", "9007199254740993", "\"listen:0\""}) {
            SCOPED_TRACE(std::string(one.what) + " " + id);
            Json params = Json::object();
            params["name"] = one.tool;
            auto const reply =
                fixture.exchange(one.headers, modern_request(one.method, params, Json::parse(id)));
            EXPECT_NE(test::code_of(reply), 0);
            EXPECT_EQ(test::json_of(reply)["id"].dump(), id);
        }
    }
}

TEST_F(Traps, MissingClientInfoPasses) {
    Json request = modern_request("tools/list");
    request["params"]["_meta"].erase("io.modelcontextprotocol/clientInfo");
    EXPECT_EQ(test::code_of(fixture.exchange(modern_headers("tools/list"), request)), 0);
}

TEST_F(Traps, EmptyClientCapabilitiesArePresent) {
    Json request = modern_request("tools/list");
    request["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"] = Json::object();
    EXPECT_EQ(test::code_of(fixture.exchange(modern_headers("tools/list"), request)), 0);
}

TEST_F(Traps, HeaderNamesIgnoreCaseAndValuesAreTrimmed) {
    HeaderList const headers{{"content-TYPE", " application/json ; charset=UTF-8\t"},
                             {"ACCEPT", "application/json"},
                             {"mcp-protocol-version", "\t 2026-07-28 "},
                             {"MCP-METHOD", "  tools/call"},
                             {"mcp-NAME", "echo \t"}};
    Json params = Json::parse(R"({"name":"echo","arguments":{"query":"x"}})");
    EXPECT_EQ(fixture.exchange(headers, modern_request("tools/call", params)).status, 200);
    EXPECT_EQ(fixture.echo.calls, 1);
}

TEST_F(Traps, McpNameMayBeBase64) {
    Json params = Json::parse(R"({"name":"werkzeug ü","arguments":{}})");
    auto const headers = modern_headers("tools/call", "=?base64?d2Vya3pldWcgw7w=?=");
    EXPECT_EQ(test::code_of(fixture.exchange(headers, modern_request("tools/call", params))), -32602)
        << "the header is good, the tool unknown";
}

TEST_F(Traps, InitializeWithModernMetaIs404) {
    Json params = Json::parse(R"({"protocolVersion":"2025-11-25"})");
    auto const reply = fixture.exchange(modern_headers("initialize"), modern_request("initialize", params));
    EXPECT_EQ(reply.status, 404);
    EXPECT_EQ(test::code_of(reply), -32601);
}

TEST_F(Traps, CacheHintsAreOnDiscoverAndList) {
    for (char const* method : {"server/discover", "tools/list"}) {
        Json const result = test::result_of(fixture.exchange(modern_headers(method), modern_request(method)));
        EXPECT_EQ(result["ttlMs"], 300'000);
        EXPECT_TRUE(result["ttlMs"].is_number_integer());
        EXPECT_EQ(result["cacheScope"], "public");
    }
    EXPECT_FALSE(test::result_of(fixture.call_modern("route", Json::object())).contains("ttlMs"));
}

TEST_F(Traps, DisconnectCancelsModernCallsOnly) {
    fixture.route.hold = true;
    auto const legacy = fixture.start(legacy_headers(Revision::v2025_11_25), test::legacy_call("route"));
    auto const modern = fixture.start_modern(test::modern_call("route"));
    EXPECT_EQ(fixture.route.calls, 2);
    EXPECT_FALSE(legacy->cancels_on_disconnect());
    EXPECT_TRUE(modern->cancels_on_disconnect());
    legacy->hang_up();
    modern->hang_up();
    EXPECT_TRUE(modern->done());
    EXPECT_FALSE(legacy->done());
    EXPECT_EQ(fixture.route.cancelled, 1);
}

TEST_F(Traps, ListOrderIsThatOfRegistrationEveryTime) {
    auto const names = [&] {
        std::vector<std::string> list;
        auto const reply = fixture.exchange(modern_headers("tools/list"), modern_request("tools/list"));
        Json const result = test::result_of(reply);
        for (Json const& tool : result["tools"]) {
            list.push_back(tool["name"].get<std::string>());
        }
        return list;
    };
    std::vector<std::string> const registered{"echo", "fail", "crash", "route"};
    EXPECT_EQ(names(), registered);
    EXPECT_EQ(names(), registered);
}

TEST_F(Traps, IntegersBeyondADoubleAreKept) {
    auto const reply =
        fixture.exchange(legacy_headers(Revision::v2025_11_25),
                         std::string(R"({"jsonrpc":"2.0","id":9007199254740993,"method":"tools/call",
            "params":{"name":"echo","arguments":{"query":"x","top":9007199254740993}}})"));
    EXPECT_NE(reply.body.find(R"("id":9007199254740993,)"), std::string::npos);
    EXPECT_NE(test::text_of(reply).find("found 9007199254740993"), std::string::npos);
}

TEST_F(Traps, DuplicateKeysMeanTheSameToHeaderRulesAndHandlers) {
    Json params = Json::parse(R"({"name":"fail","arguments":{}})");
    std::string body = modern_request("tools/call", params).dump();
    std::string const one = R"("name":"fail")";
    body.replace(body.find(one), one.size(), R"("name":"echo","name":"fail")");
    EXPECT_EQ(fixture.exchange(modern_headers("tools/call", "echo"), body).status, 400);
    EXPECT_EQ(fixture.exchange(modern_headers("tools/call", "fail"), body).status, 200);
    EXPECT_EQ(fixture.fail.calls, 1);
    EXPECT_EQ(fixture.echo.calls, 0);
}

TEST_F(Traps, AnEventIsOneDataLine) {
    auto const headers = with(modern_headers("tools/call", "echo"), "Accept", "text/event-stream");
    Json params = Json::object();
    params["name"] = "echo";
    params["arguments"]["query"] = "a\nb\r\nc";
    auto const reply = fixture.exchange(headers, modern_request("tools/call", params));
    EXPECT_EQ(reply.headers.get("Content-Type"), "text/event-stream");
    EXPECT_EQ(reply.headers.get("Cache-Control"), "no-cache, no-transform");
    EXPECT_EQ(reply.headers.get("X-Accel-Buffering"), "no");
    std::string const& body = reply.body;
    EXPECT_TRUE(body.starts_with("event: message\ndata: {"));
    EXPECT_TRUE(body.ends_with("}\n\n"));
    EXPECT_EQ(std::count(body.begin(), body.end(), '\n'), 3);
    EXPECT_EQ(std::count(body.begin(), body.end(), '\r'), 0);
}

TEST_F(Traps, RefusalsAreJsonEvenForClientsThatTakeOnlyEvents) {
    auto const headers = with(modern_headers("no/such"), "Accept", "text/event-stream");
    auto const unknown = fixture.exchange(headers, modern_request("no/such"));
    EXPECT_EQ(unknown.status, 404);
    EXPECT_EQ(unknown.headers.get("Content-Type"), "application/json");
    auto const mismatch = fixture.exchange(without(headers, "Mcp-Method"), modern_request("no/such"));
    EXPECT_EQ(mismatch.status, 400);
    EXPECT_EQ(mismatch.headers.get("Content-Type"), "application/json");
}

TEST_F(Traps, RefusedProbesNameTheRightIdForEraFallback) {
    auto const reply = fixture.exchange(without(modern_headers("server/discover"), "MCP-Protocol-Version"),
                                        modern_request("server/discover", Json::object(), "d1"));
    EXPECT_EQ(reply.status, 400);
    EXPECT_EQ(test::json_of(reply)["id"], "d1");
    EXPECT_EQ(test::code_of(reply), -32020);
}

TEST_F(Traps, LogLabelsAreNamesTheServerKnows) {
    auto const unknown = fixture.exchange(legacy_headers(Revision::v2025_11_25), legacy_request("a\nb"));
    EXPECT_EQ(unknown.rpc_method, "");
    auto const refused =
        fixture.exchange(without(modern_headers("tools/list"), "Mcp-Method"), modern_request("tools/list"));
    EXPECT_EQ(refused.rpc_method, "tools/list");
    auto const parse = fixture.exchange(legacy_headers(std::nullopt), std::string("{"));
    EXPECT_EQ(parse.rpc_method, "");
}

} // namespace
