#include "integration/support/client_stack.hpp"
#include "integration/support/message.hpp"
#include "integration/support/official.hpp"
#include "integration/support/raw_connection.hpp"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace test; // NOLINT: the harness is what these tests are written in

Json search_params(Json arguments) {
    return tool_params("search_code", std::move(arguments));
}

Json initialize_params(std::string const& version) {
    return Json{{"protocolVersion", version},
                {"capabilities", Json::object()},
                {"clientInfo", {{"name", "a client"}, {"version", "1"}}}};
}

/// One request and what must come back. `code` is JSON-RPC's, 0 where the answer is no JSON-RPC error;
/// `words` stand in the body.
struct Row {
    char const* name;
    Message message;
    int status;
    int code = 0;
    std::vector<std::string> words = {};
};

class FrontTest : public testing::Test {
protected:
    void start(std::function<void(Json&)> const& change = {}) {
        stack = std::make_unique<ClientStack>(change);
        stack->start();
        authorization = "Bearer " + stack->daemon.admin_token();
    }

    RawResponse exchange(Message const& message) {
        RawConnection connection(stack->daemon.url());
        connection.send(message.bytes());
        auto response = connection.read_response();
        EXPECT_TRUE(response) << message.bytes().substr(0, 400);
        if (response) {
            expect_official(message.body, message.field("MCP-Protocol-Version"), response->body);
        }
        return response.value_or(RawResponse());
    }

    /// With the administrator's token, unless the row speaks for itself.
    RawResponse ask(Message message) {
        if (!message.has("Authorization")) {
            message.set("Authorization", authorization);
        }
        join_session(message);
        return exchange(message);
    }

    /// A message of the initialize era goes into a session of the revision its header names, as a client's
    /// would.
    void join_session(Message& message) {
        Json const json = Json::parse(message.body, nullptr, false);
        Json const first = json.is_array() && !json.empty() ? json.front() : json;
        if (!first.is_object() || message.method != "POST" || message.has("Mcp-Session-Id") ||
            message.body.find("clientCapabilities") != std::string::npos ||
            first.value("method", Json()) == "initialize") {
            return;
        }
        std::string version = "2025-03-26";
        for (auto const& [name, value] : message.headers) {
            version = core::iequals(name, "MCP-Protocol-Version") ? value : version;
        }
        std::string& id = sessions[version];
        if (id.empty()) {
            RawResponse const opened = exchange(
                legacy("initialize", initialize_params(version)).with("Authorization", authorization));
            id = std::string(opened.headers.get("Mcp-Session-Id").value_or(""));
            EXPECT_FALSE(id.empty()) << opened.body;
        }
        message.set("Mcp-Session-Id", id);
    }

    void check(Row const& row, RawResponse const& response) {
        SCOPED_TRACE(row.name);
        SCOPED_TRACE(response.body);
        EXPECT_EQ(response.status, row.status);
        for (std::string const& words : row.words) {
            EXPECT_NE(response.body.find(words), std::string::npos) << words;
        }
        EXPECT_TRUE(response.headers.get("X-Request-Id"));
        if (row.code != 0) {
            EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
            Json const body = Json::parse(response.body, nullptr, false);
            ASSERT_TRUE(body.is_object());
            EXPECT_EQ(body.value("jsonrpc", ""), "2.0");
            EXPECT_FALSE(body.contains("result"));
            EXPECT_EQ(body.value("error", Json::object()).value("code", 0), row.code);
        }
    }

    void check_all(std::vector<Row> const& rows) {
        for (Row const& row : rows) {
            check(row, ask(row.message));
        }
        EXPECT_TRUE(stack->call("list_organizations", Json::object()).ok()) << "the daemon answers no more";
        EXPECT_EQ(stack->daemon.log().find("\"http.exception\""), std::string::npos);
    }

    std::unique_ptr<ClientStack> stack;
    std::string authorization;
    std::map<std::string, std::string> sessions; ///< by revision
};

TEST_F(FrontTest, MalformedMessagesGetTheCodeTheSpecificationNames) {
    start();
    std::string const ping = R"({"jsonrpc":"2.0","id":1,"method":"ping"})";
    std::string const deep = std::string(200, '[') + std::string(200, ']');
    std::string const split = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xFF\xFE\"}";
    check_all({
        {"cut short", Message(R"({"jsonrpc":)"), 400, -32700, {R"("id":null)"}},
        {"no body", Message(), 400, -32700},
        {"two messages", Message(ping + ping), 400, -32700},
        {"not UTF-8", Message(split), 400, -32700},
        {"nested beyond the limit", Message(R"({"a":)" + deep + "}"), 400, -32700},
        {"a string", Message(R"("ping")"), 400, -32600},
        {"a number", Message("5"), 400, -32600},
        {"no method", Message(R"({"jsonrpc":"2.0","id":1})"), 400, -32600},
        {"method is a number",
         Message(R"({"jsonrpc":"2.0","id":"x","method":5})"),
         400,
         -32600,
         {R"("id":"x")"}},
        {"another jsonrpc", Message(R"({"jsonrpc":"1.0","id":1,"method":"ping"})"), 400, -32600},
        {"id is null",
         Message(R"({"jsonrpc":"2.0","id":null,"method":"ping"})"),
         400,
         -32600,
         {R"("id":null)"}},
        {"id is a fraction", Message(R"({"jsonrpc":"2.0","id":1.5,"method":"ping"})"), 400, -32600},
        {"id is an object", Message(R"({"jsonrpc":"2.0","id":{},"method":"ping"})"), 400, -32600},
        {"params is an array",
         Message(R"({"jsonrpc":"2.0","id":1,"method":"ping","params":[1]})"),
         400,
         -32600},
        {"an empty batch", Message("[]"), 400, -32600},
        {"a batch without a version is 2025-03-26's", Message("[" + ping + "]"), 200, 0, {R"([{"jsonrpc")"}},
        {"a batch of 2025-06-18",
         Message("[" + ping + "]").with("MCP-Protocol-Version", "2025-06-18"),
         400,
         -32600,
         {R"("id":null)"}},
        {"a batch with a modern request",
         Message("[" + modern("tools/list").body + "]"),
         400,
         -32600,
         {R"("id":null)"}},
        {"a notification", Message(R"({"jsonrpc":"2.0","method":"notifications/initialized"})"), 202},
        {"unknown method, legacy", legacy("tools/nothing"), 200, -32601},
        {"unknown method, modern", modern("tools/nothing"), 404, -32601, {R"("id":7)"}},
        {"a removed method, modern", modern("ping"), 404, -32601},
        {"initialize with the modern envelope", modern("initialize"), 404, -32601},
        {"a method that is not served, modern", modern("roots/list"), 404, -32601},
    });
}

TEST_F(FrontTest, HeadersOfTheModernEraMustRepeatTheBody) {
    start();
    Json const params = search_params({{"query", "x"}});
    Json no_capabilities = Json::parse(modern("tools/list").body);
    no_capabilities["params"]["_meta"].erase("io.modelcontextprotocol/clientCapabilities");
    Message without_capabilities = modern("tools/list");
    without_capabilities.body = core::dump_json(no_capabilities);
    check_all({
        {"version header missing", modern("tools/list").with("MCP-Protocol-Version", ""), 400, -32020},
        {"version header of another revision",
         modern("tools/list").with("MCP-Protocol-Version", "2025-11-25"),
         400,
         -32020},
        {"method header missing", modern("tools/list").with("Mcp-Method", ""), 400, -32020},
        {"method header differs", modern("tools/list").with("Mcp-Method", "tools/call"), 400, -32020},
        {"method header in another case", modern("tools/list").with("Mcp-Method", "Tools/List"), 400, -32020},
        {"name header missing", modern("tools/call", params).with("Mcp-Name", ""), 400, -32020},
        {"name header differs", modern("tools/call", params).with("Mcp-Name", "read_file"), 400, -32020},
        {"name header is broken base64",
         modern("tools/call", params).with("Mcp-Name", "=?base64?***?="),
         400,
         -32020},
        {"unsupported version",
         modern("tools/list", Json::object(), "2027-01-01"),
         400,
         -32022,
         {R"("requested":"2027-01-01")", R"("supported":["2026-07-28"])", R"("id":7)"}},
        {"a legacy version in the envelope",
         modern("tools/list", Json::object(), "2025-11-25"),
         400,
         -32022,
         {R"("requested":"2025-11-25")"}},
        {"modern header, no envelope",
         legacy("tools/list").with("MCP-Protocol-Version", "2026-07-28"),
         400,
         -32602,
         {"io.modelcontextprotocol/protocolVersion"}},
        {"no capabilities", without_capabilities, 400, -32602, {"clientCapabilities"}},
        {"a legacy header nobody knows",
         legacy("tools/list").with("MCP-Protocol-Version", "1999-01-01"),
         400,
         -32000},
        {"a stray session id is ignored", modern("tools/list").with("Mcp-Session-Id", "gone"), 200},
        {"header values may be padded", modern("tools/list").with("Mcp-Method", "  tools/list  "), 200},
    });
}

TEST_F(FrontTest, CallsThatCannotBeMadeSayWhatIsWrongWithThem) {
    start();
    Json const wrong = {{"query", 5}, {"quary", "x"}};
    std::vector<std::string> const failed = {R"("isError":true)"};
    auto const with = [&failed](std::vector<std::string> words) {
        words.insert(words.end(), failed.begin(), failed.end());
        return words;
    };
    check_all({
        {"unknown tool",
         modern("tools/call", tool_params("serch_code", Json::object())),
         200,
         -32602,
         {"Unknown tool", "search_code"}},
        {"unknown tool, legacy", legacy("tools/call", tool_params("nope", Json::object())), 200, -32602},
        {"no tool", legacy("tools/call"), 200, -32602},
        {"arguments are an array", modern("tools/call", search_params(Json::array())), 200, -32602},
        {"wrong arguments",
         modern("tools/call", search_params(wrong)),
         200,
         0,
         with({"`/query`", "`/quary`", "Nothing was done", R"("resultType":"complete")"})},
        {"wrong arguments, legacy", legacy("tools/call", search_params(wrong)), 200, 0, with({"`/query`"})},
        {"required argument missing",
         modern("tools/call", search_params(Json::object())),
         200,
         0,
         with({"query"})},
        {"number out of range",
         modern("tools/call", search_params({{"query", "x"}, {"top", 51}})),
         200,
         0,
         with({"`/top`"})},
        {"unknown organization lists what there is",
         modern("tools/call", search_params({{"query", "x"}, {"organization", "nowhere"}})),
         200,
         0,
         with({"nowhere", "contoso, fabrikam, northwind"})},
        {"an organization that is not connected yet",
         modern("tools/call", search_params({{"query", "x"}, {"organization", "contoso"}})),
         200,
         0,
         with({"not configured"})},
    });
}

TEST_F(FrontTest, EveryLegacyRevisionIsSpoken) {
    start();
    struct Case {
        char const* asked;
        char const* answered;
    };
    for (auto const& [asked, answered] : {Case{"2024-11-05", "2024-11-05"},
                                          Case{"2025-03-26", "2025-03-26"},
                                          Case{"2025-06-18", "2025-06-18"},
                                          Case{"2025-11-25", "2025-11-25"},
                                          Case{"1999-01-01", "2025-11-25"},
                                          Case{"2026-07-28", "2025-11-25"}}) {
        SCOPED_TRACE(asked);
        RawResponse const response = ask(legacy("initialize", initialize_params(asked)));
        EXPECT_EQ(response.status, 200);
        EXPECT_TRUE(response.headers.get("Mcp-Session-Id"));
        Json const result = Json::parse(response.body).at("result");
        EXPECT_EQ(result.at("protocolVersion"), answered);
        EXPECT_EQ(result.at("serverInfo").at("name"), "ado-mcpd");
        EXPECT_FALSE(result.contains("resultType"));

        Message list = legacy("tools/list").with("MCP-Protocol-Version", answered);
        Json const tools = Json::parse(ask(list).body).at("result").at("tools");
        EXPECT_EQ(tools.size(), 15U);
        bool const structured = std::string(answered) >= "2025-06-18";
        EXPECT_EQ(tools.front().contains("outputSchema"), structured);
    }
    EXPECT_EQ(ask(legacy("initialize", Json::object())).status, 200);
}

TEST_F(FrontTest, RequestsThatAreNotForTheEndpointAreRefused) {
    start([](Json& config) { config["limits"] = Json{{"body_bytes", 20'000}}; });
    std::string const large =
        R"({"jsonrpc":"2.0","id":1,"method":"ping","pad":")" + std::string(30'000, 'x') + "\"}";
    auto const get = [](std::string const& target) {
        return Message().method_is("GET").target_is(target).with("Content-Type", "");
    };
    check_all({
        {"body too large", Message(large), 413, 0, {"limits.body_bytes"}},
        {"declared too large",
         Message("{").with("Content-Length", "99999999"),
         413,
         0,
         {"limits.body_bytes"}},
        {"plain text", Message("{}").with("Content-Type", "text/plain"), 415, -32000},
        {"no content type", Message("{}").with("Content-Type", ""), 415, -32000},
        {"nothing acceptable", legacy("ping").with("Accept", "text/html"), 406, -32000},
        {"only event streams accepted",
         legacy("ping").with("Accept", "text/event-stream"),
         200,
         0,
         {"event: message\ndata: {"}},
        {"a host of somebody else",
         legacy("ping").with("Host", "evil.example"),
         403,
         -32600,
         {"allowed_hosts"}},
        {"a host that looks like ours",
         legacy("ping").with("Host", "127.0.0.1.evil.example"),
         403,
         -32600,
         {"allowed_hosts"}},
        {"no host", legacy("ping").with("Host", ""), 400},
        {"a page of somebody else",
         legacy("ping").with("Origin", "https://evil.example"),
         403,
         -32600,
         {"allowed_origins"}},
        {"a page without an origin", legacy("ping").with("Origin", "null"), 403, -32600},
        {"a page of this machine", legacy("ping").with("Origin", "http://localhost:5173"), 200},
        {"GET without a session", get("/mcp"), 400, -32000},
        {"GET of an unknown session", get("/mcp").with("Mcp-Session-Id", "gone"), 404, -32001},
        {"GET that takes no events", get("/mcp").with("Accept", "application/json"), 406, -32000},
        {"GET of 2026-07-28", get("/mcp").with("MCP-Protocol-Version", "2026-07-28"), 405, -32000},
        {"DELETE without a session", get("/mcp").method_is("DELETE"), 400, -32000},
        {"a session nobody knows", legacy("ping").with("Mcp-Session-Id", "gone"), 404, -32001},
        {"PUT", legacy("ping").method_is("PUT"), 405},
        {"resource metadata, OAuth is off",
         get("/.well-known/oauth-protected-resource"),
         404,
         0,
         {"not_found"}},
        {"resource metadata of the endpoint", get("/.well-known/oauth-protected-resource/mcp"), 404},
        {"what other clients look for", get("/.well-known/openid-configuration"), 404},
        {"below the endpoint", get("/mcp/.well-known/oauth-authorization-server"), 404},
        {"outside", get("/../../etc/passwd"), 404},
        {"case does not matter", legacy("ping").target_is("/MCP"), 200},
    });
    EXPECT_EQ(ask(get("/mcp").with("MCP-Protocol-Version", "2026-07-28")).headers.get("Allow"),
              "GET, POST, DELETE");
    EXPECT_EQ(ask(get("/.well-known/oauth-protected-resource")).headers.get("Content-Type"),
              "application/problem+json");
}

TEST_F(FrontTest, BytesThatAreNoRequestAreAnsweredAndClosed) {
    start();
    for (std::string const& bytes :
         std::vector<std::string>{"hello\r\n\r\n",
                                  "GET /mcp\r\n\r\n",
                                  "POST /mcp HTTP/1.1\r\nHost: a\r\nHost 127.0.0.1\r\n\r\n",
                                  "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: x\r\n\r\n",
                                  "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: "
                                  "4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                                  "GET /" + std::string(40'000, 'a') + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
                                  std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 15)}) {
        SCOPED_TRACE(bytes.substr(0, 60));
        RawConnection connection(stack->daemon.url());
        connection.send(bytes);
        auto const response = connection.read_response();
        ASSERT_TRUE(response);
        EXPECT_GE(response->status, 400);
        EXPECT_LT(response->status, 500);
        EXPECT_TRUE(connection.wait_closed());
    }
    EXPECT_EQ(ask(legacy("ping")).status, 200);
}

TEST_F(FrontTest, CallersWithoutATokenAreChallenged) {
    start();
    for (auto const& [name, value] : std::vector<std::pair<std::string, std::string>>{
             {"Content-Length", ""},
             {"Authorization", "Bearer adoc_000000000000_nobodyknowsthistoken"},
             {"Authorization", "Bearer x"},
             {"Authorization", "Basic dXNlcjpwYXNz"}}) {
        SCOPED_TRACE(value);
        RawResponse const response = exchange(legacy("ping").with(name, value));
        EXPECT_EQ(response.status, 401);
        std::string const challenge(response.headers.get("WWW-Authenticate").value_or(""));
        EXPECT_TRUE(challenge.starts_with("Bearer")) << challenge;
        EXPECT_EQ(challenge.find("invalid_token") != std::string::npos, value.starts_with("Bearer"));
        EXPECT_EQ(Json::parse(response.body).at("id"), Json());
    }
    Message const in_url = legacy("ping").target_is("/mcp?access_token=" + stack->daemon.admin_token());
    EXPECT_EQ(exchange(in_url).status, 401);
    EXPECT_EQ(exchange(legacy("ping").with("Authorization", "Bearer a b")).status, 400);
    EXPECT_EQ(stack->daemon.log().find(stack->daemon.admin_token()), std::string::npos);
}

TEST_F(FrontTest, AReaderMayReadAndNothingElse) {
    start();
    stack->attach_pat();
    McpClient reader(stack->daemon.url(), stack->make_token("reader"));

    EXPECT_TRUE(reader.call("list_organizations", Json::object()).ok());
    EXPECT_TRUE(reader
                    .call("read_file",
                          {{"organization", "contoso"},
                           {"project", "Game Engine"},
                           {"repository", "engine"},
                           {"path", "/README.md"}})
                    .ok());
    ToolAnswer const create =
        reader.call("create_work_item",
                    {{"organization", "contoso"}, {"project", "Game Engine"}, {"title", "Not by a reader"}});
    EXPECT_TRUE(create.failed()) << create.describe();
    EXPECT_NE(create.text().find("role_insufficient"), std::string::npos) << create.text();
    EXPECT_EQ(stack->simulator.work_items("Not by a reader"), 0);

    auto const pat = reader.attach_pat("contoso", stack->simulator.pat("contoso", "full"));
    ASSERT_TRUE(pat);
    EXPECT_EQ(pat->status, 403);
    EXPECT_NE(pat->headers.get("WWW-Authenticate").value_or("").find("insufficient_scope"),
              std::string::npos);
    EXPECT_EQ(Json::parse(pat->body).at("code"), "insufficient_role");

    McpClient user(stack->daemon.url(), stack->make_token("user"));
    ToolAnswer const made =
        user.call("create_work_item",
                  {{"organization", "contoso"}, {"project", "Game Engine"}, {"title", "By a user"}});
    EXPECT_TRUE(made.ok()) << made.describe();
    auto const refused = user.attach_pat("contoso", stack->simulator.pat("contoso", "full"));
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 403);
}

TEST_F(FrontTest, SlowClientsHoldNobodyUp) {
    start([](Json& config) { config["limits"] = Json{{"head_ms", 3000}, {"body_ms", 3000}}; });
    std::vector<std::unique_ptr<RawConnection>> slow_heads;
    std::vector<std::unique_ptr<RawConnection>> slow_bodies;
    std::string const head = "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                             "Authorization: " +
                             authorization + "\r\nContent-Length: 1000\r\n\r\n{";
    for (int i = 0; i < 50; ++i) {
        slow_heads.push_back(std::make_unique<RawConnection>(stack->daemon.url()));
        slow_heads.back()->send("POST /mcp HTTP/1.1\r\nHost: 127.0");
        slow_bodies.push_back(std::make_unique<RawConnection>(stack->daemon.url()));
        slow_bodies.back()->send(head);
    }
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(ask(legacy("ping")).status, 200);
    }
    for (auto const& connection : slow_heads) {
        EXPECT_TRUE(connection->wait_closed());
    }
    for (auto const& connection : slow_bodies) {
        EXPECT_TRUE(connection->wait_closed());
    }
    EXPECT_EQ(ask(legacy("ping")).status, 200);
}

TEST_F(FrontTest, SixtyFourClientsAreServedWithoutAnError) {
    start();
    stack->attach_pat();
    constexpr std::size_t kClients = 64;
    constexpr std::size_t kCalls = 20;
    Json const file = {{"organization", "contoso"},
                       {"project", "Game Engine"},
                       {"repository", "engine"},
                       {"path", "/README.md"}};
    Json const search = {{"organization", "contoso"}, {"query", "reconnect_backoff"}, {"top", 1}};
    McpClient client(stack->daemon, kClients);
    std::vector<core::HttpRequest> requests;
    for (std::size_t i = 0; i < kClients * kCalls; ++i) {
        requests.push_back(i % 8 == 0   ? client.request("search_code", search)
                           : i % 2 == 0 ? client.request("read_file", file)
                                        : client.request("list_organizations", Json::object()));
    }
    Http http(std::nullopt, kClients);
    std::size_t good = 0;
    for (auto const& response : http.send_all(requests)) {
        ASSERT_TRUE(response) << core::describe(response.error());
        bool const ok = response->status == 200 &&
                        response->body.find("\"isError\":true") == std::string::npos &&
                        response->body.find("\"structuredContent\"") != std::string::npos;
        EXPECT_TRUE(ok) << response->body;
        good += ok ? 1 : 0;
    }
    EXPECT_EQ(good, kClients * kCalls);
    EXPECT_EQ(stack->simulator.requests("codesearchresults"),
              static_cast<std::int64_t>(kClients * kCalls / 8));
}

} // namespace
