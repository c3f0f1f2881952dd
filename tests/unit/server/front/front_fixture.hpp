#pragma once

#include "core/json.hpp"
#include "core/text/percent_encoding.hpp"
#include "server/front/http_session.hpp"
#include "support/log_capture.hpp"
#include "support/manual_clock.hpp"
#include "support/run_coro.hpp"
#include "support/scripted_stream.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <charconv>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace front_test {

/// Knows one token for each role: `reader-token`, `user-token`, `administrator-token`.
class KnownTokens final : public server::Authenticator {
public:
    core::Task<core::Result<core::Principal>> authenticate(std::optional<std::string_view> bearer,
                                                           std::string_view /*peer*/,
                                                           core::CallContext const& /*ctx*/) override {
        if (!bearer) {
            co_return core::fail(core::ErrorKind::unauthorized, "This request needs an access token.");
        }
        std::optional<core::Role> const role = core::parse_role(bearer->substr(0, bearer->find('-')));
        if (!role || !bearer->ends_with("-token")) {
            co_return core::fail(core::ErrorKind::unauthorized, "The access token is not known.");
        }
        co_return core::Principal("id-" + std::string(*bearer), "test", *role);
    }
};

/// One answer as it came over the wire.
class WireReply {
public:
    int status = 0;
    core::HttpHeaders headers;
    std::string body;
    core::Json json() const { return core::Json::parse(body, nullptr, false); }
    std::string header(std::string_view name) const { return std::string(headers.get(name).value_or("")); }
};

/// Splits what a session wrote. `head_only`: answers to HEAD, which carry no body.
inline std::vector<WireReply> parse_replies(std::string_view wire, bool head_only = false) {
    std::vector<WireReply> replies;
    while (!wire.empty()) {
        std::size_t const end = wire.find("\r\n\r\n");
        if (end == std::string_view::npos || !wire.starts_with("HTTP/1.1 ")) {
            ADD_FAILURE() << "not an HTTP response: " << wire;
            break;
        }
        std::string_view head = wire.substr(0, end);
        WireReply reply;
        std::from_chars(head.data() + 9, head.data() + 12, reply.status);
        for (std::size_t line = head.find("\r\n"); line != std::string_view::npos; line = head.find("\r\n")) {
            head.remove_prefix(line + 2);
            std::string_view const field = head.substr(0, head.find("\r\n"));
            std::size_t const colon = field.find(':');
            reply.headers.add(std::string(field.substr(0, colon)),
                              std::string(core::trim_ows(field.substr(colon + 1))));
        }
        std::size_t length = 0;
        std::string const text = reply.header("Content-Length");
        std::from_chars(text.data(), text.data() + text.size(), length);
        wire.remove_prefix(end + 4);
        if (!head_only) {
            reply.body = wire.substr(0, length);
            wire.remove_prefix(std::min(length, wire.size()));
        }
        replies.push_back(std::move(reply));
    }
    return replies;
}

inline std::string request(std::string_view method,
                           std::string_view target,
                           std::vector<std::pair<std::string, std::string>> const& headers = {},
                           std::string_view body = {}) {
    std::string text = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\n";
    bool host = false;
    for (auto const& [name, value] : headers) {
        host = host || core::iequals(name, "Host");
        text += name + ": " + value + "\r\n";
    }
    if (!host) {
        text += "Host: localhost:8931\r\n";
    }
    if (!body.empty()) {
        text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    }
    return text + "\r\n" + std::string(body);
}

/// Forwards to a stream that outlives the session, so that what was written can be read afterwards.
class Borrowed final : public core::ByteStream {
public:
    explicit Borrowed(test::ScriptedStream& inner) : inner_(inner) {}
    core::Task<core::Result<std::size_t>> read_some(core::asio::mutable_buffer buffer) override {
        return inner_.read_some(buffer);
    }
    core::Task<core::Result<void>> write(std::span<core::asio::const_buffer const> buffers) override {
        return inner_.write(buffers);
    }
    void set_deadline(core::Deadline deadline) override { inner_.set_deadline(deadline); }
    bool peer_closed() noexcept override { return inner_.peer_closed(); }
    bool is_stale() noexcept override { return inner_.is_stale(); }
    core::Task<void> close() override { return inner_.close(); }
    void abort() noexcept override { inner_.abort(); }
    std::string peer() const override { return inner_.peer(); }

private:
    test::ScriptedStream& inner_;
};

/// A front with three routes: `/open` (anyone), `/echo` (POST, reader) and `/admin` (administrator), and what
/// a test adds.
class Front {
public:
    Front() {
        add("GET", "/open", std::nullopt, [](server::InboundRequest&, core::CallContext const&) {
            return reply_with("open");
        });
        add("POST", "/echo", core::Role::reader, [](server::InboundRequest& asked, core::CallContext const&) {
            return reply_with(asked.body);
        });
        add("GET",
            "/admin",
            core::Role::administrator,
            [](server::InboundRequest&, core::CallContext const&) { return reply_with("admin"); });
    }

    void
    add(std::string method, std::string path, std::optional<core::Role> role, server::HttpHandler handler) {
        routes.add(server::Route(std::move(method), std::move(path), role, std::move(handler)));
    }

    static core::Task<server::HttpReply> reply_with(std::string text) {
        server::HttpReply reply(200, "text/plain", std::move(text));
        co_return reply;
    }

    /// `writers` outlives the connections and runs on their loop.
    server::HttpFront make(core::TaskGroup& writers) const {
        return {routes, hosts, gate, limits, clock, writers};
    }

    /// A whole connection: the peer sends `wire` in pieces of `chunk` bytes and closes its side.
    std::string exchange(std::string wire, std::size_t chunk = std::string::npos) {
        auto stream = std::make_unique<test::ScriptedStream>(std::move(wire), chunk);
        return serve(std::move(stream));
    }

    WireReply ask(std::string wire) {
        std::vector<WireReply> replies = parse_replies(exchange(std::move(wire)));
        EXPECT_EQ(replies.size(), 1U);
        return replies.empty() ? WireReply() : std::move(replies.front());
    }

    server::RouteTable routes;
    server::HostPolicy hosts{{"mcp.internal", "exact.internal:8443"},
                             {"https://inspector.example", "http://localhost:6274"},
                             "https://mcp.example.net",
                             "127.0.0.1"};
    KnownTokens tokens;
    server::InboundGate gate{tokens};
    server::Limits limits;
    mutable test::ManualClock clock;
    server::SessionRegistry registry;

    static std::unique_ptr<core::ByteStream> borrow(test::ScriptedStream& stream) {
        return std::make_unique<Borrowed>(stream);
    }

private:
    std::string serve(std::unique_ptr<test::ScriptedStream> stream) {
        test::Loop loop;
        core::TaskGroup writers(loop.executor());
        server::HttpFront const front = make(writers);
        server::SessionRegistry::Session session(registry);
        loop.run(server::serve_http(front, borrow(*stream), session));
        return stream->written();
    }
};

} // namespace front_test
