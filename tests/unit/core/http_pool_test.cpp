#include "core/http/http_client.hpp"
#include "core/http/idle_connections.hpp"
#include "support/loopback_server.hpp"
#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"
#include "support/test_ca.hpp"

#include <gtest/gtest.h>

namespace {

using core::CallContext;
using core::Deadline;
using core::ErrorKind;
using core::HttpRequest;
using core::HttpResponse;
using core::Result;
using core::Url;
using test::LoopbackHttp;
using test::ServedRequest;

Deadline in_ms(int count) {
    return Deadline::at(std::chrono::steady_clock::now() + std::chrono::milliseconds(count));
}

class HttpPoolTest : public testing::Test {
protected:
    HttpPoolTest() { make_client(); }
    ~HttpPoolTest() override {
        client.reset();
        loop.poll();
    }

    void make_client(core::HttpPoolLimits limits = {},
                     std::optional<core::ProxySettings> proxy = std::nullopt) {
        client = core::make_pooled_client(loop.executor(), *tls, *resolver, clock, limits, std::move(proxy));
    }
    static HttpRequest get(std::string const& url) {
        HttpRequest req("GET", *Url::parse(url));
        req.idempotent = true;
        return req;
    }
    static HttpRequest post(std::string const& url) {
        HttpRequest req("POST", *Url::parse(url));
        req.body = "{}";
        return req;
    }
    Result<HttpResponse> send(HttpRequest const& req) { return loop.run(client->send(req, ctx)); }

    test::TestCa ca;
    test::ManualClock clock;
    test::Loop loop;
    core::BlockingPool threads{1};
    std::unique_ptr<core::Resolver> resolver = core::make_resolver(loop.executor(), threads, clock);
    std::unique_ptr<core::TlsClient> tls = std::move(*core::make_tls_client(ca.ca_file()));
    CallContext ctx{"test", Deadline::never()};
    std::unique_ptr<core::PooledHttpClient> client;
};

TEST_F(HttpPoolTest, SendsWhatWasAskedAndReusesTheConnection) {
    LoopbackHttp http(loop);
    HttpRequest req = post(http.url("/a/b?c=d"));
    req.headers.add("Content-Type", "application/json");
    Result<HttpResponse> const first = send(req);
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(first->status, 200);
    EXPECT_EQ(first->body, "hello");
    EXPECT_FALSE(first->reused_connection);
    EXPECT_TRUE(send(req).value().reused_connection);
    EXPECT_EQ(http.server().connections(), 1U);
    EXPECT_EQ(client->idle_connections(), 1U);
    EXPECT_EQ(client->open_connections(), 1U);

    ServedRequest const& seen = http.requests().at(0);
    EXPECT_EQ(seen.head.method, "POST");
    EXPECT_EQ(seen.head.target, "/a/b?c=d");
    EXPECT_EQ(seen.head.headers.get("Host"), req.url.origin.authority());
    EXPECT_EQ(seen.head.headers.get("Content-Type"), "application/json");
    EXPECT_EQ(seen.head.headers.count("Authorization"), 0U);
    EXPECT_EQ(seen.head.headers.count("Accept-Encoding"), 0U);
    EXPECT_EQ(seen.body, "{}");
    EXPECT_EQ(ctx.trace->upstream_requests, 2U);
}

TEST_F(HttpPoolTest, WritesCredentialsAndSecretBodies) {
    LoopbackHttp http(loop);
    HttpRequest req = post(http.url("/"));
    req.credential = core::Secret("token-value");
    req.secret_body = core::Secret("client_secret=s3cret");
    ASSERT_TRUE(send(req).has_value());
    req.auth_scheme = core::AuthScheme::basic;
    ASSERT_TRUE(send(req).has_value());
    EXPECT_EQ(http.requests().at(0).head.headers.get("Authorization"), "Bearer token-value");
    EXPECT_EQ(http.requests().at(0).body, "client_secret=s3cret");
    EXPECT_EQ(http.requests().at(1).head.headers.get("Authorization"),
              "Basic OnRva2VuLXZhbHVl"); // ":token-value"
}

TEST_F(HttpPoolTest, RefusesWhatWouldBreakTheFraming) {
    LoopbackHttp http(loop);
    std::vector<HttpRequest> bad;
    bad.push_back(get(http.url("/")));
    bad.back().headers.add("X", "a\r\nY: b");
    bad.push_back(get(http.url("/")));
    bad.back().headers.add("X Y", "a");
    bad.push_back(get(http.url("/")));
    bad.back().url.target = "/a b";
    bad.push_back(get(http.url("/")));
    bad.back().url.target = "/a\r\nX: y";
    bad.push_back(get(http.url("/")));
    bad.back().credential = core::Secret("a\nb");
    bad.push_back(get(http.url("/")));
    bad.back().method = "GET /";
    for (HttpRequest const& req : bad) {
        Result<HttpResponse> const result = send(req);
        ASSERT_FALSE(result.has_value());
        EXPECT_EQ(result.error().kind(), ErrorKind::invalid_argument);
        EXPECT_TRUE(result.error().not_sent());
    }
    EXPECT_EQ(http.server().connections(), 0U);
}

TEST_F(HttpPoolTest, EveryStatusIsASuccessAndRedirectsAreNotFollowed) {
    auto answer = [](ServedRequest const& req) {
        return LoopbackHttp::response(req.head.target.substr(1) + " X", "", "Location: /elsewhere\r\n");
    };
    LoopbackHttp http(loop, answer);
    for (int const status : {200, 203, 302, 401, 404, 500}) {
        EXPECT_EQ(send(get(http.url("/" + std::to_string(status)))).value().status, status);
    }
    EXPECT_EQ(http.requests().size(), 6U);
}

TEST_F(HttpPoolTest, SpeaksTlsVerifiedWithThePrivateAuthority) {
    auto const leaf = ca.issue("server", "DNS:localhost");
    auto const server_tls = std::move(*core::make_tls_server(leaf.certificate_file, leaf.key_file));
    LoopbackHttp http(loop, LoopbackHttp::ok, server_tls.get());
    EXPECT_EQ(send(get(http.url("/", "localhost"))).value().body, "hello");
    EXPECT_TRUE(send(get(http.url("/", "localhost"))).value().reused_connection);
    // The certificate is not for the address.
    Result<HttpResponse> const refused = send(get(http.url("/", "127.0.0.1")));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().kind(), ErrorKind::tls);
    EXPECT_TRUE(refused.error().not_sent());
    EXPECT_EQ(http.requests().size(), 2U);
}

TEST_F(HttpPoolTest, ANewConnectionAfterOneWasDroppedResumesItsTlsSession) {
    auto const leaf = ca.issue("server", "DNS:localhost");
    auto const server_tls = std::move(*core::make_tls_server(leaf.certificate_file, leaf.key_file));
    LoopbackHttp http(loop, LoopbackHttp::ok, server_tls.get());
    ASSERT_TRUE(send(get(http.url("/", "localhost"))).has_value());
    clock.advance(std::chrono::minutes(2));
    ASSERT_TRUE(send(get(http.url("/", "localhost"))).has_value());
    EXPECT_EQ(http.server().connections(), 2U);
    EXPECT_EQ(tls->handshakes(), 2U);
    EXPECT_EQ(tls->resumed(), 1U);
}

TEST_F(HttpPoolTest, IdleConnectionsExpire) {
    LoopbackHttp http(loop);
    ASSERT_TRUE(send(get(http.url("/"))).has_value());
    loop.poll();
    EXPECT_EQ(client->idle_connections(), 1U);
    EXPECT_EQ(clock.sleeping(), 1U);
    clock.advance(std::chrono::seconds(50));
    loop.poll();
    EXPECT_EQ(client->idle_connections(), 0U);
    EXPECT_EQ(client->open_connections(), 0U);
    EXPECT_EQ(clock.sleeping(), 0U); // nothing to reap, nothing runs
    EXPECT_FALSE(send(get(http.url("/"))).value().reused_connection);
}

TEST_F(HttpPoolTest, ShutdownClosesIdleConnectionsAndStopsTheReaper) {
    LoopbackHttp http(loop);
    ASSERT_TRUE(send(get(http.url("/"))).has_value());
    loop.poll();
    client->shutdown();
    loop.poll();
    EXPECT_EQ(client->open_connections(), 0U);
    EXPECT_EQ(clock.sleeping(), 0U);
    EXPECT_TRUE(send(get(http.url("/"))).has_value()); // what drains may still send
    EXPECT_EQ(client->idle_connections(), 0U);
}

/// Answers the first request of a connection and goes away at the second, without an answer.
std::string die_at_second(std::map<std::size_t, int>& served, ServedRequest const& req) {
    return ++served[req.connection] == 1 ? LoopbackHttp::ok(req) : std::string();
}

TEST_F(HttpPoolTest, AGetLostOnAStaleConnectionIsSentAgainOnce) {
    std::map<std::size_t, int> served;
    LoopbackHttp http(loop, [&](ServedRequest const& req) { return die_at_second(served, req); });
    ASSERT_TRUE(send(get(http.url("/1"))).has_value());
    Result<HttpResponse> const second = send(get(http.url("/2")));
    ASSERT_TRUE(second.has_value());
    EXPECT_FALSE(second->reused_connection);
    ASSERT_EQ(http.requests().size(), 3U);
    EXPECT_EQ(http.requests().at(1).head.target, "/2");
    EXPECT_EQ(http.requests().at(2).head.target, "/2");
}

TEST_F(HttpPoolTest, APostLostOnAStaleConnectionIsNotRepeated) {
    std::map<std::size_t, int> served;
    LoopbackHttp http(loop, [&](ServedRequest const& req) { return die_at_second(served, req); });
    ASSERT_TRUE(send(get(http.url("/1"))).has_value());
    Result<HttpResponse> const second = send(post(http.url("/2")));
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().kind(), ErrorKind::network);
    EXPECT_FALSE(second.error().not_sent());
    EXPECT_EQ(http.requests().size(), 2U);
    EXPECT_EQ(client->open_connections(), 0U);
}

TEST_F(HttpPoolTest, AFreshConnectionThatDiesIsNotTriedAgain) {
    LoopbackHttp http(loop, [](ServedRequest const&) { return std::string(); });
    Result<HttpResponse> const result = send(get(http.url("/")));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().kind(), ErrorKind::network);
    EXPECT_FALSE(result.error().not_sent());
    EXPECT_EQ(http.requests().size(), 1U);
}

TEST_F(HttpPoolTest, NonsenseIsToldWithWhatToDoAndNotAskedForAgain) {
    LoopbackHttp http(loop, [](ServedRequest const&) { return std::string("HTTP/9 what?\r\n\r\n"); });
    Result<HttpResponse> const result = send(get(http.url("/")));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().kind(), ErrorKind::protocol);
    EXPECT_EQ(result.error().code(), "malformed_answer");
    EXPECT_FALSE(result.error().fix().empty());
    EXPECT_EQ(http.requests().size(), 1U);
}

TEST_F(HttpPoolTest, AConnectionThePeerClosedWhileIdleIsNotUsed) {
    LoopbackHttp http(loop, [](ServedRequest const& req) {
        return LoopbackHttp::response("200 OK", req.head.target, "Connection: keep-alive\r\n");
    });
    test::LoopbackServer closing(loop, [](core::ByteStream& stream, std::size_t) {
        return test::write_text(stream, LoopbackHttp::response("200 OK", "bye"));
    });
    ASSERT_TRUE(send(post(closing.url("/"))).has_value());
    loop.poll();
    // A POST too: nothing of it was written to the dead connection.
    Result<HttpResponse> const second = send(post(closing.url("/")));
    ASSERT_TRUE(second.has_value());
    EXPECT_FALSE(second->reused_connection);
    EXPECT_EQ(closing.connections(), 2U);
}

TEST_F(HttpPoolTest, ConnectionCloseIsHonoured) {
    LoopbackHttp http(loop, [](ServedRequest const&) {
        return LoopbackHttp::response("200 OK", "x", "Connection: close\r\n");
    });
    ASSERT_TRUE(send(get(http.url("/"))).has_value());
    EXPECT_EQ(client->open_connections(), 0U);
}

TEST_F(HttpPoolTest, ARefusedConnectionSurelySentNothing) {
    std::string url;
    {
        LoopbackHttp http(loop);
        url = http.url("/");
    }
    loop.poll();
    Result<HttpResponse> const result = send(post(url));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().kind(), ErrorKind::network);
    EXPECT_TRUE(result.error().not_sent());
    EXPECT_NE(result.error().message().find("127.0.0.1"), std::string::npos);
}

core::Task<void> mute(core::ByteStream& stream, std::size_t) {
    std::array<char, 1024> scratch{};
    while (true) {
        Result<std::size_t> const count = co_await stream.read_some(core::asio::buffer(scratch));
        if (!count || *count == 0) {
            co_return;
        }
    }
}

TEST_F(HttpPoolTest, TheDeadlineEndsARequestToAMutePeer) {
    test::LoopbackServer server(loop, mute);
    CallContext const hurried("test", in_ms(20));
    HttpRequest const req = get(server.url("/"));
    Result<HttpResponse> const result = loop.run(client->send(req, hurried));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().kind(), ErrorKind::timeout);
    EXPECT_FALSE(result.error().not_sent());
    EXPECT_EQ(client->open_connections(), 0U);
}

TEST_F(HttpPoolTest, TheRequestLimitHoldsWithoutADeadline) {
    core::HttpPoolLimits limits;
    limits.request = std::chrono::seconds(0);
    make_client(limits);
    test::LoopbackServer server(loop, mute);
    Result<HttpResponse> const result = send(get(server.url("/")));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().kind(), ErrorKind::timeout);
}

TEST_F(HttpPoolTest, CancellingARequestClosesItsConnectionAndFreesItsPlace) {
    core::HttpPoolLimits limits;
    limits.connections_per_origin = 1;
    make_client(limits);
    test::LoopbackServer server(loop, mute);
    HttpRequest const req = get(server.url("/"));
    auto first = loop.spawn(client->send(req, ctx));
    loop.run_until([&] { return server.connections() == 1; });
    auto second = loop.spawn(client->send(req, ctx));
    loop.poll();
    first.cancel();
    loop.wait(first);
    Result<HttpResponse> const result = first.take();
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().kind(), ErrorKind::cancelled);
    // The one that waited has the place now.
    loop.run_until([&] { return server.connections() == 2; });
    EXPECT_LE(client->open_connections(), 1U);
    second.cancel();
    loop.wait(second);
    EXPECT_EQ(client->open_connections(), 0U);
}

TEST_F(HttpPoolTest, TheCapHoldsAndWaitersAreServedInOrder) {
    core::HttpPoolLimits limits;
    limits.connections_per_origin = 2;
    limits.queue_per_origin = 6;
    make_client(limits);
    LoopbackHttp http(loop);
    std::vector<HttpRequest> requests;
    for (int i = 0; i < 8; ++i) {
        requests.push_back(get(http.url("/" + std::to_string(i))));
    }
    std::vector<test::Loop::Spawned<Result<HttpResponse>>> running;
    for (HttpRequest const& req : requests) {
        running.push_back(loop.spawn(client->send(req, ctx)));
    }
    HttpRequest const extra = get(http.url("/extra"));
    auto refused = loop.spawn(client->send(extra, ctx));
    loop.wait(refused);
    Result<HttpResponse> const overloaded = refused.take();
    ASSERT_FALSE(overloaded.has_value());
    EXPECT_EQ(overloaded.error().kind(), ErrorKind::overloaded);
    EXPECT_TRUE(overloaded.error().not_sent());
    for (auto& one : running) {
        loop.wait(one);
        EXPECT_TRUE(one.take().has_value());
    }
    EXPECT_EQ(http.server().connections(), 2U);
    std::vector<std::string> order;
    for (ServedRequest const& req : http.requests()) {
        order.push_back(req.head.target);
    }
    EXPECT_TRUE(std::is_sorted(order.begin() + 2, order.end())); // the first two went out side by side
}

TEST_F(HttpPoolTest, AnAnswerLargerThanAllowedIsRefused) {
    LoopbackHttp http(
        loop, [](ServedRequest const&) { return LoopbackHttp::response("200 OK", std::string(5000, 'x')); });
    HttpRequest req = get(http.url("/"));
    req.max_response_bytes = 4999;
    Result<HttpResponse> const result = send(req);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().kind(), ErrorKind::protocol);
    req.max_response_bytes = 5000;
    EXPECT_TRUE(send(req).has_value());
}

TEST_F(HttpPoolTest, RequestsInFlightMayOutliveTheClient) {
    test::LoopbackServer server(loop, mute);
    HttpRequest const req = get(server.url("/"));
    CallContext const hurried("test", in_ms(30));
    auto running = loop.spawn(client->send(req, hurried));
    loop.run_until([&] { return server.connections() == 1; });
    client.reset();
    loop.wait(running);
    EXPECT_EQ(running.take().error().kind(), ErrorKind::timeout);
}

struct FakeConnection {
    explicit FakeConnection(int name_, bool stale_ = false) : name(name_), stale(stale_) {}
    bool is_stale() const noexcept { return stale; }
    int name;
    bool stale;
};

TEST(IdleConnections, GiveOutTheYoungestAndExpireTheOldest) {
    core::IdleConnections<FakeConnection> idle(std::chrono::seconds(10));
    core::SteadyTime const start{};
    idle.put(std::make_unique<FakeConnection>(1), start);
    idle.put(std::make_unique<FakeConnection>(2), start + std::chrono::seconds(5));
    idle.put(std::make_unique<FakeConnection>(3), start + std::chrono::seconds(6));
    EXPECT_EQ(idle.next_expiry(), start + std::chrono::seconds(10));
    EXPECT_EQ(idle.take(start + std::chrono::seconds(7))->name, 3);
    idle.expire(start + std::chrono::seconds(10));
    EXPECT_EQ(idle.size(), 1U);
    EXPECT_EQ(idle.take(start + std::chrono::seconds(15)), nullptr); // expired in the moment it was asked for
    EXPECT_EQ(idle.next_expiry(), std::nullopt);
}

TEST(IdleConnections, PassOverStaleOnes) {
    core::IdleConnections<FakeConnection> idle(std::chrono::seconds(10));
    core::SteadyTime const now{};
    idle.put(std::make_unique<FakeConnection>(1), now);
    idle.put(std::make_unique<FakeConnection>(2, true), now);
    EXPECT_EQ(idle.take(now)->name, 1);
    EXPECT_EQ(idle.size(), 0U);
    idle.put(std::make_unique<FakeConnection>(3, true), now);
    idle.put(std::make_unique<FakeConnection>(4), now);
    idle.drop_stale();
    EXPECT_EQ(idle.size(), 1U);
}

} // namespace
