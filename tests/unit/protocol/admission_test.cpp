#include "support/endpoint_fixture.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using test::HeaderList;
using test::Json;
using test::legacy_headers;
using test::legacy_request;
using test::modern_headers;
using test::modern_request;
using test::Revision;
using test::with;
using test::with_meta;
using test::without;

struct Row {
    std::string name;
    HeaderList headers;
    std::string body;
    int status;
    int code; ///< 0 = no JSON-RPC error
    std::string method = "POST";
};

Json without_meta(Json request, std::string const& key) {
    request["params"]["_meta"].erase("io.modelcontextprotocol/" + key);
    return request;
}

Json modern_of_version(std::string const& version) {
    return with_meta(modern_request("tools/list"), "io.modelcontextprotocol/protocolVersion", version);
}

Json named(std::string const& name) {
    Json params = Json::object();
    params["name"] = name;
    return params;
}

HeaderList twice(HeaderList headers, std::string const& name, std::string const& value) {
    headers.emplace_back(name, value);
    return headers;
}

void check(std::vector<Row> const& rows) {
    test::EndpointFixture fixture;
    for (Row const& row : rows) {
        SCOPED_TRACE(row.name);
        auto const reply = fixture.exchange(row.headers, row.body, row.method);
        EXPECT_EQ(reply.status, row.status) << reply.body;
        EXPECT_EQ(test::code_of(reply), row.code) << reply.body;
        EXPECT_EQ(reply.failed, row.code != 0);
        if (row.status == 202) {
            EXPECT_TRUE(reply.body.empty());
        } else {
            EXPECT_EQ(reply.headers.get("Content-Type"), "application/json");
        }
        if (row.status == 405) {
            EXPECT_EQ(reply.headers.get("Allow"), "GET, POST, DELETE");
        }
        bool const opens = reply.rpc_method == "initialize" && !reply.failed;
        EXPECT_EQ(reply.headers.count("Mcp-Session-Id"), opens ? 1U : 0U) << "only initialize mints sessions";
    }
}

std::string const kListBody = modern_request("tools/list").dump();
HeaderList const kListHeaders = modern_headers("tools/list");
HeaderList const k2025 = legacy_headers(Revision::v2025_11_25);

TEST(Admission, TransportRulesOfHttp) {
    std::string const ping = legacy_request("ping").dump();
    check({
        {"GET of the modern era", with(k2025, "MCP-Protocol-Version", "2026-07-28"), "", 405, -32000, "GET"},
        {"DELETE of the modern era",
         with(k2025, "MCP-Protocol-Version", "2026-07-28"),
         "",
         405,
         -32000,
         "DELETE"},
        {"PUT", k2025, ping, 405, -32000, "PUT"},
        {"lower-case method name is another method", k2025, ping, 405, -32000, "post"},
        {"text/plain", with(k2025, "Content-Type", "text/plain"), ping, 415, -32000},
        {"no content type", without(k2025, "Content-Type"), ping, 415, -32000},
        {"two content types", twice(k2025, "Content-Type", "text/plain"), ping, 415, -32000},
        {"json suffix type", with(k2025, "Content-Type", "application/jsonrequest"), ping, 415, -32000},
        {"charset parameter", with(k2025, "Content-Type", "Application/JSON; charset=utf-8"), ping, 200, 0},
        {"accept html", with(k2025, "Accept", "text/html"), ping, 406, -32000},
        {"accept excludes both",
         with(k2025, "Accept", "application/json;q=0, text/event-stream; q=0.0"),
         ping,
         406,
         -32000},
        {"no accept", without(k2025, "Accept"), ping, 200, 0},
        {"accept json only", with(k2025, "Accept", "application/json"), ping, 200, 0},
        {"accept anything", with(k2025, "Accept", "*/*"), ping, 200, 0},
        {"accept application/*", with(k2025, "Accept", "application/*;q=0.1"), ping, 200, 0},
        {"accept over two lines",
         twice(with(k2025, "Accept", "text/html"), "Accept", "application/json"),
         ping,
         200,
         0},
        {"content type is judged before accept",
         with(with(k2025, "Accept", "text/html"), "Content-Type", "text/plain"),
         ping,
         415,
         -32000},
    });
}

TEST(Admission, MalformedMessages) {
    std::string const deep = std::string(1000, '[') + std::string(1000, ']');
    std::string const invalid_utf8 = "{\"jsonrpc\":\"2.0\",\"id\":\"\xC3\x28\",\"method\":\"ping\"}";
    std::string const long_string = '"' + std::string(protocol::McpLimits().string_bytes + 1, 'x') + '"';
    check({
        {"a string too long", k2025, long_string, 400, -32700},
        {"empty body", k2025, "", 400, -32700},
        {"not JSON", k2025, "{", 400, -32700},
        {"trailing text", k2025, R"({"jsonrpc":"2.0","id":1,"method":"ping"} x)", 400, -32700},
        {"nested too deep", k2025, deep, 400, -32700},
        {"invalid UTF-8", k2025, invalid_utf8, 400, -32700},
        {"number out of range", k2025, R"({"id":1e999})", 400, -32700},
        {"a number", k2025, "5", 400, -32600},
        {"null", k2025, "null", 400, -32600},
        {"no jsonrpc", k2025, R"({"id":1,"method":"ping"})", 400, -32600},
        {"jsonrpc 1.0", k2025, R"({"jsonrpc":"1.0","id":1,"method":"ping"})", 400, -32600},
        {"jsonrpc as number", k2025, R"({"jsonrpc":2.0,"id":1,"method":"ping"})", 400, -32600},
        {"null id", k2025, R"({"jsonrpc":"2.0","id":null,"method":"ping"})", 400, -32600},
        {"fractional id", k2025, R"({"jsonrpc":"2.0","id":1.5,"method":"ping"})", 400, -32600},
        {"boolean id", k2025, R"({"jsonrpc":"2.0","id":true,"method":"ping"})", 400, -32600},
        {"id of 65 bits",
         k2025,
         R"({"jsonrpc":"2.0","id":18446744073709551615,"method":"ping"})",
         400,
         -32600},
        {"object id", k2025, R"({"jsonrpc":"2.0","id":{},"method":"ping"})", 400, -32600},
        {"method as number", k2025, R"({"jsonrpc":"2.0","id":1,"method":7})", 400, -32600},
        {"params as array", k2025, R"({"jsonrpc":"2.0","id":1,"method":"ping","params":[]})", 400, -32600},
        {"method and result", k2025, R"({"jsonrpc":"2.0","id":1,"method":"ping","result":{}})", 400, -32600},
        {"neither method nor result", k2025, R"({"jsonrpc":"2.0","id":1})", 400, -32600},
        {"result and error", k2025, R"({"jsonrpc":"2.0","id":1,"result":{},"error":{}})", 400, -32600},
        {"result without id", k2025, R"({"jsonrpc":"2.0","result":{}})", 400, -32600},
        {"byte order mark", k2025, "\xEF\xBB\xBF" + legacy_request("ping").dump(), 200, 0},
    });
}

TEST(Admission, EraIsToldByTheBodyAndThenByTheHeader) {
    std::string const plain = legacy_request("tools/list").dump();
    std::string const initialize =
        legacy_request("initialize", Json::parse(R"({"protocolVersion":"2025-11-25"})")).dump();
    HeaderList const no_version = legacy_headers(std::nullopt);
    check({
        {"modern header, no _meta", with(k2025, "MCP-Protocol-Version", "2026-07-28"), plain, 400, -32602},
        {"future header, no _meta", with(k2025, "MCP-Protocol-Version", "2027-01-01"), plain, 400, -32602},
        {"initialize under a modern header",
         with(k2025, "MCP-Protocol-Version", "2026-07-28"),
         initialize,
         400,
         -32602},
        {"modern _meta, no header", without(kListHeaders, "MCP-Protocol-Version"), kListBody, 400, -32020},
        {"modern _meta, legacy header",
         with(kListHeaders, "MCP-Protocol-Version", "2025-11-25"),
         kListBody,
         400,
         -32020},
        {"version key of a wrong type is still modern",
         kListHeaders,
         with_meta(legacy_request("tools/list"), "io.modelcontextprotocol/protocolVersion", 7).dump(),
         400,
         -32602},
        {"no header, no _meta", no_version, plain, 200, 0},
        {"initialize without header", no_version, initialize, 200, 0},
        {"initialize with its version in the header", k2025, initialize, 200, 0},
        {"initialize with an unknown version in the header",
         with(no_version, "MCP-Protocol-Version", "1999-01-01"),
         initialize,
         200,
         0},
        {"unknown version", with(no_version, "MCP-Protocol-Version", "1999-01-01"), plain, 400, -32000},
        {"no date", with(no_version, "MCP-Protocol-Version", "latest"), plain, 400, -32000},
        {"empty version", with(no_version, "MCP-Protocol-Version", ""), plain, 400, -32000},
        {"version twice", twice(k2025, "MCP-Protocol-Version", "2025-11-25"), plain, 400, -32000},
        {"discover without _meta is a method of no legacy revision",
         k2025,
         legacy_request("server/discover").dump(),
         200,
         -32601},
        {"stale session", with(k2025, "Mcp-Session-Id", "gone"), plain, 404, -32001},
        {"stale session on initialize", with(k2025, "Mcp-Session-Id", "gone"), initialize, 200, 0},
        {"bogus session on a modern request", with(kListHeaders, "Mcp-Session-Id", "x"), kListBody, 200, 0},
    });
}

TEST(Admission, EnvelopeOfModernRequests) {
    Json const request = modern_request("tools/list");
    Json meta_of_wrong_type = legacy_request("tools/list");
    meta_of_wrong_type["params"]["_meta"] = "x";
    auto const log_level = [&](Json level) {
        return with_meta(request, "io.modelcontextprotocol/logLevel", std::move(level)).dump();
    };
    auto const client_info = [&](Json info) {
        return with_meta(request, "io.modelcontextprotocol/clientInfo", std::move(info)).dump();
    };
    check({
        {"no protocolVersion", kListHeaders, without_meta(request, "protocolVersion").dump(), 400, -32602},
        {"no clientCapabilities",
         kListHeaders,
         without_meta(request, "clientCapabilities").dump(),
         400,
         -32602},
        {"clientCapabilities of a wrong type",
         kListHeaders,
         with_meta(request, "io.modelcontextprotocol/clientCapabilities", 1).dump(),
         400,
         -32602},
        {"_meta of a wrong type", kListHeaders, meta_of_wrong_type.dump(), 400, -32602},
        {"no clientInfo", kListHeaders, without_meta(request, "clientInfo").dump(), 200, 0},
        {"clientInfo of a wrong type", kListHeaders, client_info("me"), 400, -32602},
        {"clientInfo without version", kListHeaders, client_info(named("me")), 400, -32602},
        {"log level", kListHeaders, log_level("warning"), 200, 0},
        {"bad log level", kListHeaders, log_level("loud"), 400, -32602},
        {"log level of a wrong type", kListHeaders, log_level(3), 400, -32602},
        {"progress token", kListHeaders, with_meta(request, "progressToken", "p").dump(), 200, 0},
        {"bad progress token", kListHeaders, with_meta(request, "progressToken", 1.5).dump(), 400, -32602},
        {"traceparent of a wrong type", kListHeaders, with_meta(request, "traceparent", 1).dump(), 200, 0},
    });
}

TEST(Admission, MirroredHeadersOfModernRequests) {
    Json call_params = named("echo");
    call_params["arguments"] = Json::parse(R"({"query":"x"})");
    std::string const call = modern_request("tools/call", call_params).dump();
    HeaderList const good = modern_headers("tools/call", "echo");
    auto const version = [](std::string const& value) {
        return with(kListHeaders, "MCP-Protocol-Version", value);
    };
    check({
        {"all right", good, call, 200, 0},
        {"unsupported legacy version",
         version("2025-11-25"),
         modern_of_version("2025-11-25").dump(),
         400,
         -32022},
        {"unsupported future version",
         version("2030-01-01"),
         modern_of_version("2030-01-01").dump(),
         400,
         -32022},
        {"unsupported and different",
         version("2030-01-01"),
         modern_of_version("2031-01-01").dump(),
         400,
         -32020},
        {"version twice", twice(kListHeaders, "MCP-Protocol-Version", "2026-07-28"), kListBody, 400, -32020},
        {"no Mcp-Method", without(kListHeaders, "Mcp-Method"), kListBody, 400, -32020},
        {"other Mcp-Method", with(kListHeaders, "Mcp-Method", "tools/call"), kListBody, 400, -32020},
        {"Mcp-Method in other case", with(kListHeaders, "Mcp-Method", "Tools/List"), kListBody, 400, -32020},
        {"Mcp-Method twice", twice(kListHeaders, "Mcp-Method", "tools/list"), kListBody, 400, -32020},
        {"no Mcp-Name", without(good, "Mcp-Name"), call, 400, -32020},
        {"other Mcp-Name", with(good, "Mcp-Name", "fail"), call, 400, -32020},
        {"Mcp-Name in other case", with(good, "Mcp-Name", "Echo"), call, 400, -32020},
        {"Mcp-Name twice", twice(good, "Mcp-Name", "echo"), call, 400, -32020},
        {"Mcp-Name in base64", with(good, "Mcp-Name", "=?base64?ZWNobw==?="), call, 200, 0},
        {"Mcp-Name with bad padding", with(good, "Mcp-Name", "=?base64?ZWNobw=?="), call, 400, -32020},
        {"Mcp-Name with a bad alphabet", with(good, "Mcp-Name", "=?base64?ZWN*bw==?="), call, 400, -32020},
        {"Mcp-Name on a list is not looked at", with(kListHeaders, "Mcp-Name", "x"), kListBody, 200, 0},
        {"wrong version comes before wrong method",
         with(version("2025-11-25"), "Mcp-Method", "x"),
         modern_of_version("2025-11-25").dump(),
         400,
         -32022},
        {"header rules come before unknown methods",
         modern_headers("other"),
         modern_request("no/such").dump(),
         400,
         -32020},
        {"Mcp-Name of a resource",
         modern_headers("resources/read", "b"),
         modern_request("resources/read", Json::parse(R"({"uri":"a"})")).dump(),
         400,
         -32020},
        {"call without a name",
         modern_headers("tools/call"),
         modern_request("tools/call").dump(),
         200,
         -32602},
    });
}

TEST(Admission, MethodsOfEachEra) {
    HeaderList const plain = k2025;
    std::vector<Row> rows;
    for (std::string const method : {"initialize",
                                     "ping",
                                     "logging/setLevel",
                                     "resources/list",
                                     "resources/subscribe",
                                     "prompts/list",
                                     "completion/complete",
                                     "subscriptions/listen",
                                     "tasks/list",
                                     "no/such",
                                     ""}) {
        rows.push_back(
            {"modern " + method, modern_headers(method), modern_request(method).dump(), 404, -32601});
    }
    for (std::string const method :
         {"logging/setLevel", "resources/list", "prompts/get", "no/such", "server/discover"}) {
        rows.push_back({"legacy " + method, plain, legacy_request(method).dump(), 200, -32601});
    }
    rows.push_back({"initialize without a version", plain, legacy_request("initialize").dump(), 200, -32602});
    rows.push_back({"modern unknown tool",
                    modern_headers("tools/call", "nope"),
                    modern_request("tools/call", named("nope")).dump(),
                    200,
                    -32602});
    rows.push_back({"legacy unknown tool", plain, test::legacy_call("nope").dump(), 200, -32602});
    rows.push_back(
        {"arguments as an array", plain, test::legacy_call("echo", Json::array()).dump(), 200, -32602});
    rows.push_back({"arguments null", plain, test::legacy_call("echo", Json()).dump(), 200, -32602});
    rows.push_back({"tool name of a wrong type",
                    plain,
                    legacy_request("tools/call", Json::parse(R"({"name":7})")).dump(),
                    200,
                    -32602});
    rows.push_back({"cursor",
                    plain,
                    legacy_request("tools/list", Json::parse(R"({"cursor":"x"})")).dump(),
                    200,
                    -32602});
    rows.push_back({"modern cursor",
                    kListHeaders,
                    modern_request("tools/list", Json::parse(R"({"cursor":""})")).dump(),
                    200,
                    -32602});
    rows.push_back({"null cursor",
                    plain,
                    legacy_request("tools/list", Json::parse(R"({"cursor":null})")).dump(),
                    200,
                    0});
    check(rows);
}

TEST(Admission, NotificationsAndResponses) {
    std::string const notification = R"({"jsonrpc":"2.0","method":"notifications/initialized"})";
    std::string const modern_notification =
        R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1,
            "_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}})";
    std::string const response = R"({"jsonrpc":"2.0","id":1,"result":{}})";
    std::string const error = R"({"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"m"}})";
    HeaderList const modern = with(k2025, "MCP-Protocol-Version", "2026-07-28");
    check({
        {"legacy notification", k2025, notification, 202, 0},
        {"unknown legacy notification", k2025, R"({"jsonrpc":"2.0","method":"no/such"})", 202, 0},
        {"legacy notification of an unknown version",
         with(k2025, "MCP-Protocol-Version", "1999-01-01"),
         notification,
         400,
         -32000},
        {"modern notification", modern, notification, 202, 0},
        {"modern notification without headers", legacy_headers(std::nullopt), modern_notification, 202, 0},
        {"a request method without id", k2025, R"({"jsonrpc":"2.0","method":"tools/list"})", 202, 0},
        {"legacy response", k2025, response, 202, 0},
        {"legacy error response", k2025, error, 202, 0},
        {"modern response", modern, response, 400, -32600},
    });
}

} // namespace
