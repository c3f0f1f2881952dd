#include "front_fixture.hpp"
#include "server/front/mcp_route.hpp"

#include <boost/asio/this_coro.hpp>

namespace {

using front_test::Front;
using front_test::parse_replies;
using front_test::request;
using front_test::WireReply;

/// Answers once told to, and notes what happened to the call.
class FakeEndpoint final : public protocol::McpHttpEndpoint {
public:
    class Message final : public Admitted {
    public:
        Message(std::string method_, std::string body_, bool modern_)
            : method(std::move(method_)), body(std::move(body_)), modern(modern_) {}
        bool cancel_on_disconnect() const noexcept override { return modern; }
        std::string method;
        std::string body;
        bool modern;
    };

    std::unique_ptr<Admitted>
    admit(std::string const& method, core::HttpHeaders const& /*headers*/, std::string body) override {
        return std::make_unique<Message>(method, std::move(body), modern);
    }

    core::Task<protocol::McpHttpReply>
    run(Admitted& message, core::Principal const& caller, core::CallContext const& ctx) override {
        auto const& asked = dynamic_cast<Message const&>(message);
        ++started;
        caller_id = caller.id;
        deadline = ctx.deadline.time();
        bool const told = co_await go.wait(core::Deadline::never());
        cancelled = !told;
        protocol::McpHttpReply reply;
        reply.headers.add("Content-Type", "application/json");
        reply.body = asked.method + ":" + asked.body;
        reply.rpc_method = "tools/call";
        reply.tool = "search_code";
        ++finished;
        co_return reply;
    }

    bool modern = true;
    core::Event go;
    int started = 0;
    int finished = 0;
    bool cancelled = false;
    std::string caller_id;
    core::SteadyTime deadline{};
};

class McpRoute : public testing::Test {
protected:
    class Connection {
    public:
        explicit Connection(McpRoute& test)
            : stream({}, std::string::npos, test::ScriptedStream::AtEnd::wait), front(test.front.make()),
              session(test.front.registry),
              running(test.loop.spawn(server::serve_http(front, Front::borrow(stream), session))) {}
        test::ScriptedStream stream;
        server::HttpFront front;
        server::SessionRegistry::Session session;
        test::Loop::Spawned<void> running;
    };

    void open() {
        route = std::make_unique<server::McpRoute>(endpoint, front.limits);
        route->add_to(front.routes);
        connection = std::make_unique<Connection>(*this);
    }
    void call(std::string const& method = "POST", std::string const& body = "{}") {
        connection->stream.feed(request(method, "/mcp", {{"Authorization", "Bearer reader-token"}}, body));
        loop.poll();
    }
    void answer() {
        endpoint.go.set();
        loop.poll();
    }
    WireReply reply() const {
        std::vector<WireReply> const replies = parse_replies(connection->stream.written());
        return replies.empty() ? WireReply() : replies.back();
    }
    void TearDown() override {
        answer();
        connection->stream.close_peer();
        loop.poll();
    }

    test::Loop loop;
    Front front;
    FakeEndpoint endpoint;
    std::unique_ptr<server::McpRoute> route;
    std::unique_ptr<Connection> connection;
};

TEST_F(McpRoute, HandsMessagesToTheProtocolAndItsReplyBack) {
    open();
    test::LogCapture const log;
    call("POST", R"({"a":1})");
    EXPECT_EQ(endpoint.started, 1);
    EXPECT_EQ(endpoint.caller_id, "id-reader-token");
    EXPECT_EQ(endpoint.deadline, front.clock.now() + front.limits.call_ms);
    answer();
    EXPECT_EQ(reply().status, 200);
    EXPECT_EQ(reply().body, R"(POST:{"a":1})");
    EXPECT_EQ(reply().header("Content-Type"), "application/json");
    EXPECT_TRUE(log.contains(R"("rpc_method":"tools/call")"));
    EXPECT_TRUE(log.contains(R"("tool":"search_code")"));
    call("GET", "");
    EXPECT_EQ(reply().body, "GET:");
    call("DELETE", "");
    EXPECT_EQ(reply().body, "DELETE:");
}

TEST_F(McpRoute, CancelsAModernCallWhenThePeerGoesAway) {
    open();
    test::LogCapture const log;
    call();
    connection->stream.close_peer();
    loop.run_until([this] { return connection->running.done(); });
    EXPECT_TRUE(endpoint.cancelled);
    EXPECT_TRUE(connection->running.done());
    EXPECT_EQ(connection->stream.written(), "");
    EXPECT_EQ(route->calls_in_flight(), 0U);
    EXPECT_TRUE(log.contains(R"("status":499)")) << log.text();
}

TEST_F(McpRoute, WorksOnForALegacyPeerThatWentAway) {
    endpoint.modern = false;
    open();
    call();
    connection->stream.close_peer();
    loop.poll();
    EXPECT_EQ(endpoint.finished, 0);
    EXPECT_FALSE(connection->running.done());
    answer();
    EXPECT_EQ(endpoint.finished, 1);
    EXPECT_FALSE(endpoint.cancelled);
    EXPECT_EQ(reply().status, 200);
}

TEST_F(McpRoute, GoesOnWhenThePeerSendsItsNextRequestEarly) {
    open();
    call("POST", "first");
    connection->stream.feed(request("POST", "/mcp", {{"Authorization", "Bearer reader-token"}}, "second"));
    loop.poll();
    EXPECT_EQ(endpoint.started, 1);
    answer();
    std::vector<WireReply> const replies = parse_replies(connection->stream.written());
    ASSERT_EQ(replies.size(), 2U);
    EXPECT_EQ(replies[0].body, "POST:first");
    EXPECT_EQ(replies[1].body, "POST:second");
    EXPECT_FALSE(endpoint.cancelled);
}

TEST_F(McpRoute, StopsTheHandlerWhenTheConnectionIsCancelled) {
    for (bool const modern : {true, false}) {
        SCOPED_TRACE(modern);
        endpoint.modern = modern;
        endpoint.cancelled = false;
        test::LogCapture const log;
        front.routes = server::RouteTable();
        open();
        call();
        connection->running.cancel();
        loop.poll();
        EXPECT_TRUE(endpoint.cancelled);
        EXPECT_TRUE(connection->running.done());
        EXPECT_EQ(connection->stream.written(), "");
        EXPECT_EQ(route->calls_in_flight(), 0U);
        EXPECT_TRUE(log.contains(R"("status":499)")) << log.text();
    }
}

TEST_F(McpRoute, RefusesCallsBeyondItsLimitAndQueue) {
    front.limits.calls = 1;
    front.limits.calls_queue = 1;
    open();
    call();
    Connection second(*this);
    second.stream.feed(request("POST", "/mcp", {{"Authorization", "Bearer reader-token"}}, "queued"));
    loop.poll();
    Connection third(*this);
    third.stream.feed(request("POST", "/mcp", {{"Authorization", "Bearer reader-token"}}, "too much"));
    loop.poll();
    std::vector<WireReply> const refused = parse_replies(third.stream.written());
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_EQ(refused[0].status, 503);
    EXPECT_EQ(refused[0].header("Retry-After"), "1");
    EXPECT_EQ(refused[0].json()["error"]["code"], -32603);
    EXPECT_EQ(endpoint.started, 1);
    answer();
    EXPECT_EQ(parse_replies(second.stream.written()).at(0).body, "POST:queued");
    for (Connection* const one : {&second, &third}) {
        one->stream.close_peer();
        loop.wait(one->running);
    }
}

TEST_F(McpRoute, GivesAPlaceInTheQueueBackWhenItsPeerGoesAway) {
    front.limits.calls = 1;
    front.limits.calls_queue = 1;
    open();
    call();
    for (int i = 0; i < 3; ++i) {
        Connection queued(*this);
        queued.stream.feed(request("POST", "/mcp", {{"Authorization", "Bearer reader-token"}}, "queued"));
        loop.poll();
        queued.stream.close_peer();
        loop.wait(queued.running);
        EXPECT_EQ(queued.stream.written(), "");
    }
    EXPECT_EQ(endpoint.started, 1);
}

TEST_F(McpRoute, AnswersRefusalsAsJsonRpc) {
    open();
    connection->stream.feed(request("POST", "/mcp", {}, "{}"));
    loop.poll();
    EXPECT_EQ(reply().status, 401);
    EXPECT_NE(reply().header("WWW-Authenticate").find("Bearer"), std::string::npos);
    EXPECT_EQ(reply().header("Content-Type"), "application/json");
    EXPECT_EQ(reply().json()["error"]["data"]["status"], 401);
    connection->stream.feed(request("PUT", "/mcp", {}, "{}"));
    loop.poll();
    EXPECT_EQ(reply().status, 405);
    EXPECT_EQ(reply().header("Allow"), "POST, GET, DELETE, HEAD, OPTIONS");
    EXPECT_EQ(endpoint.started, 0);
}

} // namespace
