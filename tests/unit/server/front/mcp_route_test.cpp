#include "front_fixture.hpp"
#include "live_connection.hpp"
#include "server/front/mcp_route.hpp"

#include <boost/asio/this_coro.hpp>

namespace {

using front_test::Front;
using front_test::LiveConnection;
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
        bool is_call() const noexcept override { return body != "listen" && body != "answer"; }
        std::string method;
        std::string body;
        bool modern;
    };

    std::unique_ptr<Admitted> admit(std::string const& method,
                                    core::HttpHeaders const& /*headers*/,
                                    std::string body,
                                    core::Principal const& caller) override {
        admitted_for = caller.id;
        return std::make_unique<Message>(method, std::move(body), modern);
    }

    core::Task<protocol::McpHttpReply> run(Admitted& message,
                                           core::Principal const& caller,
                                           core::CallContext const& ctx,
                                           protocol::ReplyChannel& events) override {
        auto const& asked = dynamic_cast<Message const&>(message);
        ++started;
        channel = &events;
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

    void end_streams() override {}
    std::size_t open_streams() const noexcept override { return 0; }
    core::Task<void> wait() override { co_return; }

    bool modern = true;
    protocol::ReplyChannel* channel = nullptr; ///< of the latest call
    std::string admitted_for;
    core::Event go;
    int started = 0;
    int finished = 0;
    bool cancelled = false;
    std::string caller_id;
    core::SteadyTime deadline{};
};

class McpRoute : public testing::Test {
protected:
    void open() {
        route = std::make_unique<server::McpRoute>(endpoint, front.limits);
        route->add_to(front.routes);
        connection = connect();
    }
    std::unique_ptr<LiveConnection> connect() {
        return std::make_unique<LiveConnection>(front, loop, connections, writers);
    }
    void call(std::string const& method = "POST", std::string const& body = "{}") {
        connection->stream.feed(request(method, "/mcp", {{"Authorization", "Bearer reader-token"}}, body));
        loop.poll();
    }
    void answer() {
        endpoint.go.set();
        loop.poll();
    }
    /// What the listener does ten times a second.
    void look_at_peers(std::chrono::milliseconds later = std::chrono::milliseconds(100)) {
        front.clock.advance(later);
        front.registry.tick(front.clock.now());
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
        EXPECT_EQ(connections.size(), 0U);
        EXPECT_EQ(writers.size(), 0U);
    }

    test::Loop loop;
    core::TaskGroup connections{loop.executor()};
    core::TaskGroup writers{loop.executor()};
    Front front;
    FakeEndpoint endpoint;
    std::unique_ptr<server::McpRoute> route;
    std::unique_ptr<LiveConnection> connection;
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
    loop.poll();
    EXPECT_FALSE(connection->done()) << "the peer is looked at now and then";
    look_at_peers();
    EXPECT_TRUE(endpoint.cancelled);
    EXPECT_TRUE(connection->done());
    EXPECT_EQ(connection->stream.written(), "");
    EXPECT_EQ(route->calls_in_flight(), 0U);
    EXPECT_TRUE(log.contains(R"("status":499)")) << log.text();
}

TEST_F(McpRoute, WorksOnForALegacyPeerThatWentAway) {
    endpoint.modern = false;
    open();
    call();
    connection->stream.close_peer();
    look_at_peers();
    look_at_peers();
    EXPECT_EQ(endpoint.finished, 0);
    EXPECT_FALSE(connection->done());
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
        connection->session.cancel();
        loop.poll();
        EXPECT_TRUE(endpoint.cancelled);
        EXPECT_TRUE(connection->done());
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
    std::unique_ptr<LiveConnection> const second = connect();
    second->stream.feed(request("POST", "/mcp", {{"Authorization", "Bearer reader-token"}}, "queued"));
    loop.poll();
    std::unique_ptr<LiveConnection> const third = connect();
    third->stream.feed(request("POST", "/mcp", {{"Authorization", "Bearer reader-token"}}, "too much"));
    loop.poll();
    std::vector<WireReply> const refused = parse_replies(third->stream.written());
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_EQ(refused[0].status, 503);
    EXPECT_EQ(refused[0].header("Retry-After"), "1");
    EXPECT_EQ(refused[0].json()["error"]["code"], -32603);
    EXPECT_EQ(endpoint.started, 1);
    answer();
    EXPECT_EQ(parse_replies(second->stream.written()).at(0).body, "POST:queued");
    for (LiveConnection* const one : {second.get(), third.get()}) {
        one->stream.close_peer();
        loop.poll();
        EXPECT_TRUE(one->done());
    }
}

TEST_F(McpRoute, GivesAPlaceInTheQueueBackWhenItsPeerGoesAway) {
    front.limits.calls = 1;
    front.limits.calls_queue = 1;
    open();
    call();
    for (int i = 0; i < 3; ++i) {
        std::unique_ptr<LiveConnection> const queued = connect();
        queued->stream.feed(request("POST", "/mcp", {{"Authorization", "Bearer reader-token"}}, "queued"));
        loop.poll();
        queued->stream.close_peer();
        look_at_peers();
        EXPECT_TRUE(queued->done());
        EXPECT_EQ(queued->stream.written(), "");
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
    EXPECT_EQ(reply().header("Allow"), "POST, GET, DELETE, OPTIONS");
    EXPECT_EQ(endpoint.started, 0);
}

TEST_F(McpRoute, HasNoHeadOfAStream) {
    open();
    call("HEAD", "");
    EXPECT_EQ(endpoint.started, 0) << "a stream cannot be answered without its body";
    EXPECT_NE(connection->stream.written().find(" 405 "), std::string::npos);
}

TEST_F(McpRoute, ListenersTakeNoPlaceOfCalls) {
    front.limits.calls = 1;
    front.limits.calls_queue = 0;
    open();
    call("POST", "listen");
    EXPECT_EQ(endpoint.started, 1);
    EXPECT_EQ(route->calls_in_flight(), 0U);
    std::unique_ptr<LiveConnection> const second = connect();
    second->stream.feed(request("POST", "/mcp", {{"Authorization", "Bearer reader-token"}}, "call"));
    loop.poll();
    EXPECT_EQ(endpoint.started, 2);
    EXPECT_EQ(route->calls_in_flight(), 1U);
    answer();
    second->stream.close_peer();
    loop.poll();
}

TEST_F(McpRoute, WhatCallsWaitForTakesNoPlaceOfCalls) {
    front.limits.calls = 1;
    front.limits.calls_queue = 0;
    open();
    call();
    EXPECT_EQ(route->calls_in_flight(), 1U);
    std::unique_ptr<LiveConnection> const second = connect();
    second->stream.feed(request("POST", "/mcp", {{"Authorization", "Bearer reader-token"}}, "answer"));
    loop.poll();
    EXPECT_EQ(endpoint.started, 2) << "the call in flight may be asking for just this";
    answer();
    EXPECT_EQ(parse_replies(second->stream.written()).at(0).status, 200);
    second->stream.close_peer();
    loop.poll();
}

TEST_F(McpRoute, AdmitsForTheCallerOfTheToken) {
    open();
    call();
    EXPECT_EQ(endpoint.admitted_for, "id-reader-token");
}

TEST_F(McpRoute, AnAnswerOnTheStreamReplacesTheReply) {
    open();
    call();
    EXPECT_TRUE(endpoint.channel->write("event: message\ndata: {}\n\n"));
    answer();
    std::string const& wire = connection->stream.written();
    EXPECT_NE(wire.find("Content-Type: text/event-stream"), std::string::npos) << wire;
    EXPECT_EQ(wire.find("POST:"), std::string::npos) << "the plain body is not sent";
    EXPECT_TRUE(wire.ends_with("0\r\n\r\n"));
}

} // namespace
