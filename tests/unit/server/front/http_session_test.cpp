#include "front_fixture.hpp"

#include <stdexcept>

namespace {

using front_test::Front;
using front_test::parse_replies;
using front_test::request;
using front_test::WireReply;

std::vector<std::pair<std::string, std::string>> const kReader{{"Authorization", "Bearer reader-token"}};

std::vector<std::pair<std::string, std::string>> with_token(std::string name, std::string value) {
    return {{"Authorization", "Bearer reader-token"}, {std::move(name), std::move(value)}};
}

/// A connection that stays open, driven step by step.
class OpenConnection {
public:
    explicit OpenConnection(Front& front)
        : stream({}, std::string::npos, test::ScriptedStream::AtEnd::wait), writers_(loop.executor()),
          front_(front.make(writers_)), session(front.registry),
          running(loop.spawn(server::serve_http(front_, Front::borrow(stream), session))) {
        loop.poll();
    }
    void feed(std::string_view bytes) {
        stream.feed(bytes);
        loop.poll();
    }
    WireReply reply() const {
        std::vector<WireReply> const replies = parse_replies(stream.written());
        return replies.empty() ? WireReply() : replies.back();
    }

    test::Loop loop;
    test::ScriptedStream stream;

private:
    core::TaskGroup writers_;
    server::HttpFront front_;

public:
    server::SessionRegistry::Session session;
    test::Loop::Spawned<void> running;
};

TEST(HttpSession, AnswersOneRequestAfterAnotherHoweverTheBytesCome) {
    std::string const wire = request("GET", "/open") + request("POST", "/echo", kReader, "first") +
                             request("POST", "/echo", kReader, "second");
    for (std::size_t const chunk :
         {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{64}, std::string::npos}) {
        SCOPED_TRACE(chunk);
        Front front;
        std::vector<WireReply> const replies = parse_replies(front.exchange(wire, chunk));
        ASSERT_EQ(replies.size(), 3U);
        EXPECT_EQ(replies[0].body, "open");
        EXPECT_EQ(replies[1].body, "first");
        EXPECT_EQ(replies[2].body, "second");
    }
}

TEST(HttpSession, ReadsChunkedBodies) {
    Front front;
    std::string wire = "POST /echo HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer reader-token\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n";
    EXPECT_EQ(front.ask(wire).body, "hello world");
}

TEST(HttpSession, WritesAnAnswerInOneGatheredWrite) {
    Front front;
    OpenConnection connection(front);
    connection.feed(request("GET", "/open"));
    EXPECT_EQ(connection.stream.writes(), 1U);
    EXPECT_EQ(connection.reply().body, "open");
    connection.stream.close_peer();
    connection.loop.poll();
    EXPECT_TRUE(connection.running.done());
    EXPECT_TRUE(connection.stream.closed());
}

TEST(HttpSession, SendsTheFieldsEveryAnswerHas) {
    Front front;
    WireReply const reply = front.ask(request("GET", "/open", {{"X-Request-Id", "r-77"}}));
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.header("X-Request-Id"), "r-77");
    EXPECT_EQ(reply.header("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(reply.header("Cache-Control"), "no-store");
    EXPECT_EQ(reply.header("Content-Length"), "4");
    EXPECT_EQ(reply.header("Date"), server::format_http_date(front.clock.system_now()));
}

TEST(HttpSession, ClosesWhenThePeerAsksForIt) {
    Front front;
    std::vector<WireReply> const replies = parse_replies(
        front.exchange(request("GET", "/open", {{"Connection", "close"}}) + request("GET", "/open")));
    ASSERT_EQ(replies.size(), 1U);
    EXPECT_EQ(replies[0].header("Connection"), "close");
}

TEST(HttpSession, AnswersHeadWithoutABody) {
    Front front;
    std::string const wire = front.exchange(request("HEAD", "/open") + request("HEAD", "/open"));
    std::vector<WireReply> const replies = parse_replies(wire, true);
    ASSERT_EQ(replies.size(), 2U);
    EXPECT_EQ(replies[1].status, 200);
    EXPECT_EQ(replies[1].header("Content-Length"), "4");
}

TEST(HttpSession, RefusesMalformedRequests) {
    struct Row {
        std::string name;
        std::string wire;
        int status;
    };
    std::string const end = "Host: localhost\r\n\r\n";
    std::vector<Row> const rows{
        {"no version", "GET /open\r\n" + end, 400},
        {"not http", "\x16\x03\x01\x02\x05\x01 hello\r\n\r\n", 400},
        {"space in the name", "GET /open HTTP/1.1\r\nHo st: localhost\r\n\r\n", 400},
        {"two lengths",
         "POST /echo HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n" + end + "ab",
         400},
        {"length and chunked",
         "POST /echo HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n" + end + "0\r\n\r\n",
         400},
        {"negative length", "POST /echo HTTP/1.1\r\nContent-Length: -1\r\n" + end, 400},
        {"head too large", "GET /open HTTP/1.1\r\nX: " + std::string(20'000, 'a') + "\r\n" + end, 431},
        {"no host", "GET /open HTTP/1.1\r\n\r\n", 400},
        {"two hosts", "GET /open HTTP/1.1\r\nHost: localhost\r\n" + end, 400},
        {"foreign absolute target", "GET http://evil.example/open HTTP/1.1\r\n" + end, 400},
        {"odd target", "GET open HTTP/1.1\r\n" + end, 400},
    };
    for (Row const& row : rows) {
        SCOPED_TRACE(row.name);
        Front front;
        std::vector<WireReply> const replies = parse_replies(front.exchange(row.wire));
        ASSERT_FALSE(replies.empty());
        EXPECT_EQ(replies[0].status, row.status);
        EXPECT_EQ(replies[0].header("Content-Type"), "application/problem+json");
        EXPECT_EQ(replies[0].json()["status"], row.status);
    }
}

TEST(HttpSession, RefusesTooManyFields) {
    Front front;
    std::vector<std::pair<std::string, std::string>> fields;
    for (int i = 0; i < 120; ++i) {
        fields.emplace_back("X-" + std::to_string(i), "v");
    }
    EXPECT_EQ(front.ask(request("GET", "/open", fields)).status, 431);
}

TEST(HttpSession, TakesAnAbsoluteTargetOfItsOwn) {
    Front front;
    EXPECT_EQ(front.ask(request("GET", "http://localhost:8931/open?x=1")).body, "open");
}

TEST(HttpSession, RefusesABodyOverTheLimitAndCloses) {
    Front front;
    front.limits.body_bytes = 1000;
    WireReply const declared =
        front.ask(request("POST", "/echo", kReader, std::string(1001, 'x')) + request("GET", "/open"));
    EXPECT_EQ(declared.status, 413);
    EXPECT_EQ(declared.json()["code"], "body_too_large");
    EXPECT_NE(declared.json()["fix"].get<std::string>().find("limits.body_bytes"), std::string::npos);
    EXPECT_EQ(declared.header("Connection"), "close");

    std::string chunked = "POST /echo HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer reader-token\r\n"
                          "Transfer-Encoding: chunked\r\n\r\n";
    for (int i = 0; i < 11; ++i) {
        chunked += "64\r\n" + std::string(100, 'x') + "\r\n";
    }
    EXPECT_EQ(front.ask(chunked + "0\r\n\r\n").status, 413);
    EXPECT_EQ(front.ask(request("POST", "/echo", kReader, std::string(1000, 'x'))).status, 200);
}

TEST(HttpSession, TellsUnknownPathsFromWrongMethods) {
    Front front;
    for (char const* const path : {"/",
                                   "/nothing",
                                   "/.well-known/oauth-protected-resource",
                                   "/mcp/.well-known/openid-configuration"}) {
        WireReply const reply = front.ask(request("GET", path));
        EXPECT_EQ(reply.status, 404) << path;
        EXPECT_EQ(reply.json()["code"], "not_found");
    }
    WireReply const reply = front.ask(request("PUT", "/open", {}, "x"));
    EXPECT_EQ(reply.status, 405);
    EXPECT_EQ(reply.header("Allow"), "GET, HEAD, OPTIONS");
}

TEST(HttpSession, ChallengesAndGoesOnWithTheConnection) {
    Front front;
    std::string const wire = request("POST", "/echo", {}, "not read by anyone") +
                             request("GET", "/admin", kReader) +
                             request("GET", "/admin", {{"Authorization", "Bearer administrator-token"}});
    std::vector<WireReply> const replies = parse_replies(front.exchange(wire));
    ASSERT_EQ(replies.size(), 3U);
    EXPECT_EQ(replies[0].status, 401);
    EXPECT_NE(replies[0].header("WWW-Authenticate").find("Bearer"), std::string::npos);
    EXPECT_EQ(replies[1].status, 403);
    EXPECT_EQ(replies[1].json()["code"], "insufficient_role");
    EXPECT_EQ(replies[2].body, "admin");
}

TEST(HttpSession, DoesNotReadALargeBodyOfARefusedCaller) {
    Front front;
    test::LogCapture const log;
    std::string const wire =
        request("POST", "/echo", {}, std::string(200'000, 'x')) + request("GET", "/open");
    std::vector<WireReply> const replies = parse_replies(front.exchange(wire));
    ASSERT_EQ(replies.size(), 1U);
    EXPECT_EQ(replies[0].status, 401);
    EXPECT_EQ(replies[0].header("Connection"), "close");
}

TEST(HttpSession, ChecksHostAndOriginBeforeAnythingElse) {
    Front front;
    front.routes.add([] {
        server::Route route("POST", "/rpc", core::Role::reader, nullptr);
        route.json_rpc = true;
        return route;
    }());
    struct Row {
        char const* name;
        char const* value;
        int status;
        char const* key;
    };
    std::vector<Row> const rows{{"Host", "evil.example", 403, "allowed_hosts"},
                                {"Host", "localhost.evil.example:8931", 403, "allowed_hosts"},
                                {"Host", "169.254.0.1", 403, "allowed_hosts"},
                                {"Origin", "https://evil.example", 403, "allowed_origins"},
                                {"Origin", "null", 403, "allowed_origins"}};
    for (Row const& row : rows) {
        SCOPED_TRACE(row.value);
        test::LogCapture const log;
        // No token, a body, a path that does not exist: the refusal is the same.
        for (char const* const path : {"/rpc", "/open", "/nothing"}) {
            WireReply const reply = front.ask(request("POST", path, {{row.name, row.value}}, "{}"));
            EXPECT_EQ(reply.status, row.status);
            EXPECT_NE(reply.body.find(row.key), std::string::npos) << reply.body;
            EXPECT_EQ(reply.json().contains("jsonrpc"), std::string(path) == "/rpc");
            EXPECT_EQ(reply.header("Access-Control-Allow-Origin"), "");
        }
        EXPECT_TRUE(log.contains(row.key)) << log.text();
    }
}

TEST(HttpSession, LetsListedOriginsReadItsAnswersRefusalsIncluded) {
    Front front;
    WireReply const refused =
        front.ask(request("POST", "/echo", {{"Origin", "https://inspector.example"}}, "x"));
    EXPECT_EQ(refused.status, 401);
    EXPECT_EQ(refused.header("Access-Control-Allow-Origin"), "https://inspector.example");
    EXPECT_NE(refused.header("Access-Control-Expose-Headers").find("WWW-Authenticate"), std::string::npos);
    EXPECT_NE(refused.header("Access-Control-Expose-Headers").find("Mcp-Session-Id"), std::string::npos);
    EXPECT_EQ(refused.header("Vary"), "Origin");

    WireReply const local = front.ask(request("GET", "/open", {{"Origin", "http://127.0.0.1:5173"}}));
    EXPECT_EQ(local.status, 200);
    EXPECT_EQ(local.header("Access-Control-Allow-Origin"), "");
}

TEST(HttpSession, AnswersPreflightsWithoutATokenAndAllowsEveryMcpHeader) {
    Front front;
    WireReply const reply = front.ask(request(
        "OPTIONS",
        "/echo",
        {{"Origin", "http://localhost:6274"},
         {"Access-Control-Request-Method", "POST"},
         {"Access-Control-Request-Headers", "content-type, Mcp-Param-Region, x-evil, mcp-param-a b"}}));
    EXPECT_EQ(reply.status, 204);
    EXPECT_EQ(reply.headers.count("Content-Length"), 0U);
    EXPECT_EQ(reply.header("Access-Control-Allow-Origin"), "http://localhost:6274");
    EXPECT_EQ(reply.header("Access-Control-Allow-Methods"), "POST");
    std::string const allowed = reply.header("Access-Control-Allow-Headers");
    for (char const* const name : {"content-type",
                                   "accept",
                                   "authorization",
                                   "mcp-protocol-version",
                                   "mcp-method",
                                   "mcp-name",
                                   "mcp-session-id",
                                   "last-event-id",
                                   "mcp-param-region"}) {
        EXPECT_NE(allowed.find(name), std::string::npos) << name;
    }
    EXPECT_EQ(allowed.find("evil"), std::string::npos);
    EXPECT_EQ(allowed.find("mcp-param-a"), std::string::npos);

    WireReply const unlisted = front.ask(request(
        "OPTIONS", "/echo", {{"Origin", "http://localhost:9"}, {"Access-Control-Request-Method", "POST"}}));
    EXPECT_EQ(unlisted.status, 204);
    EXPECT_EQ(unlisted.headers.count("Access-Control-Allow-Methods"), 0U);
    EXPECT_EQ(front.ask(request("OPTIONS", "/echo")).header("Allow"), "POST, OPTIONS");
    EXPECT_EQ(front.ask(request("OPTIONS", "*")).status, 204);
    EXPECT_EQ(front.ask(request("OPTIONS", "/nothing")).status, 404);
}

core::Task<server::HttpReply> throw_up() {
    throw std::logic_error("planted bug");
    co_return server::HttpReply(200);
}

TEST(HttpSession, AnswersABugWith500AndEndsTheConnection) {
    Front front;
    front.add("GET", "/bug", std::nullopt, [](server::InboundRequest&, core::CallContext const&) {
        return throw_up();
    });
    test::LogCapture const log;
    std::vector<WireReply> const replies =
        parse_replies(front.exchange(request("GET", "/bug") + request("GET", "/open")));
    ASSERT_EQ(replies.size(), 1U);
    EXPECT_EQ(replies[0].status, 500);
    EXPECT_EQ(replies[0].body.find("planted"), std::string::npos);
    EXPECT_EQ(replies[0].header("Connection"), "close");
    EXPECT_TRUE(log.contains("planted bug"));
}

TEST(HttpSession, WritesOneAccessLineWithoutQueryHeadersOrBody) {
    Front front;
    test::LogCapture const log;
    front.ask(request("POST",
                      "/echo?code=query-value",
                      {{"Authorization", "Bearer reader-token"},
                       {"X-Secret", "header-value"},
                       {"X-Request-Id", "r-5"},
                       {"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}},
                      "body-value"));
    std::string const& text = log.text();
    core::Json const line = core::Json::parse(text, nullptr, false);
    ASSERT_TRUE(line.is_object()) << text;
    EXPECT_EQ(line["event"], "http.access");
    EXPECT_EQ(line["request_id"], "r-5");
    EXPECT_EQ(line["trace"], "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    EXPECT_EQ(line["method"], "POST");
    EXPECT_EQ(line["path"], "/echo");
    EXPECT_EQ(line["status"], 200);
    EXPECT_EQ(line["principal"], "id-reader-token");
    EXPECT_FALSE(log.contains("query-value") || log.contains("header-value") || log.contains("body-value"));
    EXPECT_FALSE(log.contains("Bearer"));
}

TEST(HttpSession, GivesAnIdleConnectionTheKeepAliveTimeAndAHeadItsOwn) {
    Front front;
    OpenConnection connection(front);
    auto const in = [&](std::chrono::milliseconds span) { return front.clock.now() + span; };
    EXPECT_EQ(connection.stream.deadline().time(), in(front.limits.keep_alive_ms));
    connection.feed("GET /op");
    core::SteadyTime const head_by = in(front.limits.head_ms);
    EXPECT_EQ(connection.stream.deadline().time(), head_by);
    // More bytes do not renew it.
    front.clock.advance(std::chrono::seconds(5));
    connection.feed("en HTTP/1.1\r\n");
    EXPECT_EQ(connection.stream.deadline().time(), head_by);
    connection.feed("Host: localhost\r\n\r\n");
    EXPECT_EQ(connection.reply().status, 200);
    EXPECT_EQ(connection.stream.deadline().time(), in(front.limits.keep_alive_ms));
    connection.feed("POST /echo HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                    "reader-token\r\nContent-Length: 9\r\n\r\n1");
    EXPECT_EQ(connection.stream.deadline().time(), in(front.limits.body_ms));
    connection.stream.close_peer();
    connection.loop.wait(connection.running);
}

TEST(HttpSession, EndsSlowConnections) {
    struct Row {
        char const* name;
        std::string bytes;
    };
    std::vector<Row> const rows{{"idle", ""},
                                {"slow head", "GET /open HTTP/1.1\r\nHost: loc"},
                                {"slow body",
                                 request("POST", "/echo", kReader, "0123456789")
                                     .substr(0, request("POST", "/echo", kReader, "0123456789").size() - 3)}};
    for (Row const& row : rows) {
        SCOPED_TRACE(row.name);
        Front front;
        front.limits.keep_alive_ms = front.limits.head_ms = front.limits.body_ms =
            std::chrono::milliseconds(15);
        OpenConnection connection(front);
        connection.feed(row.bytes);
        connection.loop.wait(connection.running);
        EXPECT_EQ(connection.stream.written(), "");
        EXPECT_TRUE(connection.stream.aborted());
    }
}

TEST(HttpSession, DrainClosesIdleConnectionsAtOnce) {
    Front front;
    OpenConnection connection(front);
    connection.feed(request("GET", "/open"));
    EXPECT_FALSE(connection.running.done());
    front.registry.drain();
    connection.loop.poll();
    EXPECT_TRUE(connection.running.done());
    EXPECT_TRUE(connection.stream.aborted());
}

TEST(HttpSession, DrainLetsABusyConnectionFinishAndSaysClose) {
    Front front;
    OpenConnection connection(front);
    std::string const wire = request("POST", "/echo", kReader, "finished") + request("GET", "/open");
    connection.feed(std::string_view(wire).substr(0, 30));
    front.registry.drain();
    connection.loop.poll();
    EXPECT_FALSE(connection.running.done());
    connection.feed(std::string_view(wire).substr(30));
    ASSERT_TRUE(connection.running.done());
    std::vector<WireReply> const replies = parse_replies(connection.stream.written());
    ASSERT_EQ(replies.size(), 1U);
    EXPECT_EQ(replies[0].body, "finished");
    EXPECT_EQ(replies[0].header("Connection"), "close");
    EXPECT_TRUE(connection.stream.closed());
}

TEST(HttpSession, EndsWhenTheAnswerCannotBeWritten) {
    Front front;
    OpenConnection connection(front);
    connection.stream.fail_writes();
    connection.feed(request("GET", "/open") + request("GET", "/open"));
    EXPECT_TRUE(connection.running.done());
    EXPECT_TRUE(connection.stream.aborted());
}

TEST(HttpSession, AcceptsConditionsOfOlderClients) {
    Front front;
    std::vector<WireReply> const replies = parse_replies(
        front.exchange("GET /open HTTP/1.0\r\nHost: localhost\r\n\r\n" + request("GET", "/open")));
    ASSERT_EQ(replies.size(), 1U);
    EXPECT_EQ(replies[0].body, "open");
    EXPECT_EQ(front.ask(request("POST", "/echo", with_token("Content-Type", "text/plain"), "x")).body, "x");
}

} // namespace
