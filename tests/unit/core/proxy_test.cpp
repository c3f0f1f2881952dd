#include "core/http/connector.hpp"
#include "core/http/http_client.hpp"
#include "support/loopback_server.hpp"
#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"
#include "support/test_ca.hpp"

#include <gtest/gtest.h>

namespace {

using core::ByteStream;
using core::HttpRequest;
using core::HttpResponse;
using core::Origin;
using core::ProxySettings;
using core::Result;
using core::Task;

TEST(Proxy, IsBypassedForLoopbackAndListedHosts) {
    std::vector<std::string> const rules{"example.com", ".corp.test", "exact.test"};
    for (std::string const host : {"localhost",
                                   "a.localhost",
                                   "127.0.0.1",
                                   "127.9.9.9",
                                   "::1",
                                   "example.com",
                                   "a.example.com",
                                   "corp.test",
                                   "a.corp.test",
                                   "EXACT.test"}) {
        EXPECT_TRUE(core::bypasses_proxy(host, rules)) << host;
    }
    for (std::string const host : {"dev.azure.com", "notexample.com", "10.0.0.1", "example.com.evil.test"}) {
        EXPECT_FALSE(core::bypasses_proxy(host, rules)) << host;
    }
    EXPECT_TRUE(core::bypasses_proxy("dev.azure.com", {"*"}));
    EXPECT_FALSE(core::bypasses_proxy("dev.azure.com", {}));
}

/// Plays a proxy in front of `target`: notes what it is asked, tunnels CONNECT, answers plain requests
/// itself.
struct FakeProxy {
    std::vector<core::HttpRequestHead> asked;
    std::uint16_t target_port = 0;
    bool refuse = false;
};

Task<void> pump(ByteStream& from, ByteStream& to) {
    std::array<char, 16'384> buffer{};
    while (true) {
        Result<std::size_t> const count = co_await from.read_some(core::asio::buffer(buffer));
        if (!count || *count == 0) {
            to.abort();
            co_return;
        }
        std::string part(buffer.data(), *count);
        co_await test::write_text(to, std::move(part));
    }
}

Task<void> serve_proxy(FakeProxy& proxy, core::TaskGroup& group, ByteStream& client) {
    auto const reader = core::make_request_reader(client, core::HttpParseLimits());
    Result<std::optional<core::HttpRequestHead>> const head = co_await reader->read_head();
    if (!head || !*head) {
        co_return;
    }
    proxy.asked.push_back(**head);
    if (proxy.refuse) {
        co_await test::write_text(client,
                                  test::LoopbackHttp::response("407 Proxy Authentication Required", "who?"));
        co_return;
    }
    if ((*head)->method != "CONNECT") {
        co_await test::write_text(client, test::LoopbackHttp::response("200 OK", "from the proxy"));
        co_return;
    }
    auto const executor = co_await core::asio::this_coro::executor;
    core::asio::ip::tcp::socket socket(executor);
    core::asio::ip::tcp::endpoint const endpoint(core::asio::ip::address_v4::loopback(), proxy.target_port);
    auto [ec] = co_await socket.async_connect(endpoint, core::tok);
    EXPECT_FALSE(ec);
    auto const upstream = core::make_tcp_stream(std::move(socket));
    co_await test::write_text(client, "HTTP/1.1 200 Connection established\r\n\r\n");
    group.spawn("pump", pump(*upstream, client));
    co_await pump(client, *upstream);
    // Both ends are aborted by now; the other pump ends before its streams do.
    while (group.size() > 0) {
        co_await group.wait();
    }
}

class ProxyTest : public testing::Test {
protected:
    std::unique_ptr<core::PooledHttpClient> client_through(test::LoopbackServer& server) {
        ProxySettings settings(
            Origin("http", "127.0.0.1", server.port()), core::Secret("Basic dXNlcjpwdw=="), {});
        return core::make_pooled_client(
            loop.executor(), *tls, *resolver, clock, core::HttpPoolLimits(), std::move(settings));
    }
    test::LoopbackServer::Script script() {
        return [this](ByteStream& stream, std::size_t) { return serve_proxy(proxy, group, stream); };
    }

    test::TestCa ca;
    test::ManualClock clock;
    test::Loop loop;
    core::BlockingPool threads{1};
    std::unique_ptr<core::Resolver> resolver = core::make_resolver(loop.executor(), threads, clock);
    std::unique_ptr<core::TlsClient> tls = std::move(*core::make_tls_client(ca.ca_file()));
    core::TaskGroup group{loop.executor()};
    FakeProxy proxy;
    core::CallContext ctx{"test",
                          core::Deadline::at(std::chrono::steady_clock::now() + std::chrono::seconds(4))};
};

TEST_F(ProxyTest, TlsGoesThroughATunnelAndEndsAtTheOrigin) {
    auto const leaf = ca.issue("server", "DNS:dev.example.test");
    auto const server_tls = std::move(*core::make_tls_server(leaf.certificate_file, leaf.key_file));
    test::LoopbackHttp origin(loop, test::LoopbackHttp::ok, server_tls.get());
    proxy.target_port = origin.server().port();
    test::LoopbackServer proxy_server(loop, script());
    auto const client = client_through(proxy_server);
    HttpRequest const req("GET", *core::Url::parse("https://dev.example.test/x"));
    Result<HttpResponse> const first = loop.run(client->send(req, ctx));
    ASSERT_TRUE(first.has_value()) << first.error().message();
    EXPECT_EQ(first->body, "hello");
    Result<HttpResponse> const second = loop.run(client->send(req, ctx));
    EXPECT_TRUE(second.value().reused_connection);
    ASSERT_EQ(proxy.asked.size(), 1U);
    EXPECT_EQ(proxy.asked[0].method, "CONNECT");
    EXPECT_EQ(proxy.asked[0].target, "dev.example.test:443");
    EXPECT_EQ(proxy.asked[0].headers.get("Proxy-Authorization"), "Basic dXNlcjpwdw==");
    ASSERT_EQ(origin.requests().size(), 2U);
    EXPECT_EQ(origin.requests()[0].head.target, "/x");
    EXPECT_EQ(origin.requests()[0].head.headers.count("Proxy-Authorization"), 0U);
    client->shutdown();
    loop.run(group.wait());
}

TEST_F(ProxyTest, PlainRequestsNameTheirTargetInFull) {
    test::LoopbackServer proxy_server(loop, script());
    auto const client = client_through(proxy_server);
    HttpRequest const req("GET", *core::Url::parse("http://plain.example.test:8080/x?y"));
    Result<HttpResponse> const result = loop.run(client->send(req, ctx));
    EXPECT_EQ(result.value().body, "from the proxy");
    EXPECT_EQ(proxy.asked.at(0).target, "http://plain.example.test:8080/x?y");
    EXPECT_EQ(proxy.asked.at(0).headers.get("Host"), "plain.example.test:8080");
    EXPECT_EQ(proxy.asked.at(0).headers.get("Proxy-Authorization"), "Basic dXNlcjpwdw==");
}

TEST_F(ProxyTest, ARefusalIsToldAndSurelySentNothing) {
    proxy.refuse = true;
    test::LoopbackServer proxy_server(loop, script());
    auto const client = client_through(proxy_server);
    HttpRequest const req("POST", *core::Url::parse("https://dev.example.test/x"));
    Result<HttpResponse> const result = loop.run(client->send(req, ctx));
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code(), "proxy_authentication_required");
    EXPECT_NE(result.error().fix().find("does not take the user and password"), std::string::npos);
    EXPECT_TRUE(result.error().not_sent());
    EXPECT_NE(result.error().message().find("407"), std::string::npos);
}

TEST_F(ProxyTest, LoopbackNeverGoesThroughIt) {
    test::LoopbackHttp origin(loop);
    test::LoopbackServer proxy_server(loop, script());
    auto const client = client_through(proxy_server);
    HttpRequest const req("GET", *core::Url::parse(origin.url("/")));
    EXPECT_EQ(loop.run(client->send(req, ctx)).value().body, "hello");
    EXPECT_TRUE(proxy.asked.empty());
}

} // namespace
