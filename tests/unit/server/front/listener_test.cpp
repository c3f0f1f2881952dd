#include "front_fixture.hpp"
#include "server/front/listener.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <fcntl.h>
#include <sys/resource.h>

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using front_test::Front;
using front_test::parse_replies;
using front_test::request;
using front_test::WireReply;

core::Task<void> write_all(tcp::socket& socket, std::string text) {
    auto [ec, count] = co_await asio::async_write(socket, asio::buffer(text), core::tok);
    EXPECT_FALSE(ec);
    EXPECT_EQ(count, text.size());
}

/// Reads until `part` has come, or the peer closed.
core::Task<std::string> read_until(tcp::socket& socket, std::string part) {
    std::string text;
    std::array<char, 4096> piece{};
    while (part.empty() || text.find(part) == std::string::npos) {
        auto [ec, count] = co_await socket.async_read_some(asio::buffer(piece), core::tok);
        text.append(piece.data(), count);
        if (ec) {
            break;
        }
    }
    co_return text;
}

core::Task<void> connect_to(tcp::socket& socket, std::uint16_t port) {
    auto [ec] =
        co_await socket.async_connect(tcp::endpoint(asio::ip::address_v4::loopback(), port), core::tok);
    EXPECT_FALSE(ec) << ec.message();
}

/// Takes the socket as it is, or refuses it, as a handshake would.
class FakeTls final : public core::TlsServer {
public:
    core::Task<core::Result<std::unique_ptr<core::ByteStream>>> handshake(tcp::socket socket,
                                                                          core::Deadline deadline) override {
        deadlines.push_back(deadline.time());
        if (refuse) {
            socket.close();
            co_return core::fail(core::ErrorKind::tls, "no shared cipher");
        }
        co_return core::make_tcp_stream(std::move(socket));
    }
    core::Result<void> reload() override { return {}; }
    bool refuse = false;
    std::vector<core::SteadyTime> deadlines;
};

class Listener : public testing::Test {
protected:
    void open(std::size_t connections = 16, std::shared_ptr<core::TlsServer> tls = nullptr) {
        server::ListenAddress address;
        address.port = 0;
        server::ListenerOptions options;
        options.connections = connections;
        auto opened = server::open_listener(loop.executor(), front.clock, address, tls, options);
        ASSERT_TRUE(opened) << core::describe(opened.error());
        listener = std::move(*opened);
        front.add("GET", "/slow", std::nullopt, [this](server::InboundRequest&, core::CallContext const&) {
            return slow(*this);
        });
        listener->start(
            [this](std::unique_ptr<core::ByteStream> stream, server::SessionRegistry::Session& session) {
                return server::serve_http(*shared, std::move(stream), session);
            });
    }

    static core::Task<server::HttpReply> slow(Listener& self) {
        ++self.slow_started;
        bool const told = co_await self.go.wait(core::Deadline::never());
        self.slow_cancelled = !told;
        server::HttpReply reply(200, "text/plain", "at last");
        co_return reply;
    }

    tcp::socket connect() {
        tcp::socket socket(loop.executor());
        loop.run(connect_to(socket, listener->port()));
        return socket;
    }
    WireReply ask(tcp::socket& socket, std::string wire, std::string const& until) {
        loop.run(write_all(socket, std::move(wire)));
        std::string const text = loop.run(read_until(socket, until));
        std::vector<WireReply> replies = parse_replies(text);
        EXPECT_EQ(replies.size(), 1U) << text;
        return replies.empty() ? WireReply() : replies.front();
    }
    void drain(std::chrono::milliseconds grace = std::chrono::seconds(20)) {
        loop.run(listener->drain(grace));
    }

    test::Loop loop;
    Front front;
    core::TaskGroup writers{loop.executor()};
    std::unique_ptr<server::HttpFront> shared = std::make_unique<server::HttpFront>(front.make(writers));
    std::unique_ptr<server::Listener> listener;
    core::Event go;
    int slow_started = 0;
    bool slow_cancelled = false;
};

TEST_F(Listener, ServesOverARealSocket) {
    open();
    ASSERT_NE(listener->port(), 0);
    tcp::socket client = connect();
    EXPECT_EQ(ask(client, request("GET", "/open"), "open").status, 200);
    EXPECT_EQ(ask(client, request("GET", "/open"), "open").body, "open");
    EXPECT_EQ(listener->connections(), 1U);
    client.close();
    loop.run_until([&] { return listener->connections() == 0; });
    drain();
}

TEST_F(Listener, KnowsItsPeerAsLoopback) {
    std::unique_ptr<server::Authenticator> const anonymous =
        server::make_anonymous_authenticator(core::Role::user);
    server::InboundGate const gate(*anonymous);
    shared = std::make_unique<server::HttpFront>(
        front.routes, front.hosts, gate, front.limits, front.clock, writers);
    open();
    tcp::socket client = connect();
    EXPECT_EQ(ask(client, request("POST", "/echo", {}, "hello"), "hello").status, 200);
    client.close();
    drain();
}

TEST_F(Listener, AFailedHandshakeEndsOnlyItsOwnConnection) {
    auto const fake = std::make_shared<FakeTls>();
    FakeTls& tls = *fake;
    open(16, fake);
    test::LogCapture const log;
    tls.refuse = true;
    tcp::socket refused = connect();
    EXPECT_EQ(loop.run(read_until(refused, "")), "");
    EXPECT_TRUE(log.contains("no shared cipher"));
    tls.refuse = false;
    tcp::socket client = connect();
    EXPECT_EQ(ask(client, request("GET", "/open"), "open").status, 200);
    server::ListenerOptions const defaults;
    EXPECT_EQ(tls.deadlines, std::vector<core::SteadyTime>(2, front.clock.now() + defaults.tls_handshake));
    client.close();
    drain();
}

TEST_F(Listener, SaysWhyItCannotListen) {
    open();
    server::ListenAddress address;
    address.port = listener->port();
    server::ListenerOptions options;
    options.config_key = "health_listen";
    auto const taken = server::open_listener(loop.executor(), front.clock, address, nullptr, options);
    ASSERT_FALSE(taken);
    EXPECT_NE(taken.error().message().find("127.0.0.1:" + std::to_string(address.port)), std::string::npos);
    EXPECT_NE(taken.error().message().find("in use"), std::string::npos);
    EXPECT_NE(taken.error().fix().find("health_listen"), std::string::npos);

    address.host = "192.0.2.1";
    auto const foreign = server::open_listener(loop.executor(), front.clock, address, nullptr, options);
    ASSERT_FALSE(foreign);
    EXPECT_EQ(foreign.error().code(), "cannot_listen");
    address.host = "localhost";
    auto const name = server::open_listener(loop.executor(), front.clock, address, nullptr, options);
    ASSERT_FALSE(name);
    EXPECT_EQ(name.error().kind(), core::ErrorKind::invalid_argument);
    drain();
}

TEST_F(Listener, DrainClosesIdleAndFinishesBusyConnections) {
    open();
    tcp::socket idle = connect();
    EXPECT_EQ(ask(idle, request("GET", "/open"), "open").status, 200);
    tcp::socket fresh = connect();
    tcp::socket busy = connect();
    loop.run(write_all(busy, request("GET", "/slow")));
    loop.run_until([&] { return slow_started == 1 && listener->connections() == 3; });

    auto draining = loop.spawn(listener->drain(std::chrono::seconds(20)));
    EXPECT_EQ(loop.run(read_until(idle, "")), "");
    EXPECT_EQ(loop.run(read_until(fresh, "")), "");
    loop.run_until([&] { return listener->connections() == 1; });
    EXPECT_FALSE(draining.done());
    tcp::socket late(loop.executor());
    boost::system::error_code refused;
    late.connect(tcp::endpoint(asio::ip::address_v4::loopback(), listener->port()), refused);
    EXPECT_TRUE(refused);

    go.set();
    std::string const text = loop.run(read_until(busy, "at last"));
    std::vector<WireReply> const replies = parse_replies(text);
    ASSERT_EQ(replies.size(), 1U);
    EXPECT_EQ(replies[0].body, "at last");
    EXPECT_EQ(replies[0].header("Connection"), "close");
    busy.close();
    loop.wait(draining);
    EXPECT_FALSE(slow_cancelled);
    EXPECT_EQ(listener->connections(), 0U);
}

TEST_F(Listener, DrainCancelsWhatOutlastsTheGrace) {
    open();
    tcp::socket busy = connect();
    loop.run(write_all(busy, request("GET", "/slow")));
    loop.run_until([&] { return slow_started == 1; });
    auto draining = loop.spawn(listener->drain(std::chrono::seconds(20)));
    loop.poll();
    front.clock.advance(std::chrono::seconds(19));
    loop.poll();
    EXPECT_FALSE(draining.done());
    front.clock.advance(std::chrono::seconds(1));
    loop.wait(draining);
    EXPECT_TRUE(slow_cancelled);
    EXPECT_EQ(loop.run(read_until(busy, "")), "");
}

TEST_F(Listener, StopsAcceptingAtItsCap) {
    open(1);
    tcp::socket first = connect();
    EXPECT_EQ(ask(first, request("GET", "/open"), "open").status, 200);
    // The kernel completes this one; we do not take it yet.
    tcp::socket second = connect();
    loop.run(write_all(second, request("GET", "/open")));
    loop.poll();
    EXPECT_EQ(listener->connections(), 1U);
    first.close();
    EXPECT_NE(loop.run(read_until(second, "open")).find("200"), std::string::npos);
    EXPECT_EQ(listener->connections(), 1U);
    second.close();
    drain();
}

/// The process may open no further descriptor while it lives.
class NoDescriptors {
public:
    NoDescriptors() {
        getrlimit(RLIMIT_NOFILE, &before_);
        rlimit none = before_;
        int const next = dup(0);
        none.rlim_cur = static_cast<rlim_t>(next);
        close(next);
        setrlimit(RLIMIT_NOFILE, &none);
    }
    ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }
    NoDescriptors(NoDescriptors const&) = delete;
    NoDescriptors& operator=(NoDescriptors const&) = delete;

private:
    rlimit before_{};
};

TEST_F(Listener, WaitsOutTheLackOfDescriptors) {
    open();
    test::LogCapture const log;
    tcp::socket client(loop.executor(), tcp::v4());
    {
        NoDescriptors const none;
        client.connect(tcp::endpoint(asio::ip::address_v4::loopback(), listener->port()));
        loop.run_until([&] { return log.contains("listener.exhausted"); });
        loop.poll();
        EXPECT_EQ(front.clock.sleeping(), 2U) << "the pause, and the look at peers";
        EXPECT_EQ(listener->connections(), 0U);
    }
    front.clock.advance(std::chrono::milliseconds(100));
    EXPECT_EQ(ask(client, request("GET", "/open"), "open").status, 200);
    client.close();
    drain();
}

} // namespace
