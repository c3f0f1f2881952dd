#pragma once

#include "core/http/http_codec.hpp"
#include "core/net/tls.hpp"
#include "core/task_group.hpp"
#include "support/run_coro.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace test {

/// A server on a loopback port of its own, on the loop of the test. What a connection does is the test's
/// script.
class LoopbackServer {
public:
    /// Serves one connection; `number` counts from 0. The stream is dropped when it returns.
    using Script = std::function<core::Task<void>(core::ByteStream& stream, std::size_t number)>;

    LoopbackServer(Loop& loop, Script script, core::TlsServer* tls = nullptr)
        : state_(std::make_shared<State>(loop, std::move(script), tls)), group_(loop.executor()) {
        group_.spawn("accept", accept(state_, &group_));
    }
    ~LoopbackServer() { group_.cancel_all(); }
    LoopbackServer(LoopbackServer const&) = delete;
    LoopbackServer& operator=(LoopbackServer const&) = delete;

    std::uint16_t port() const { return state_->acceptor.local_endpoint().port(); }
    std::string url(std::string const& target, std::string const& host = "127.0.0.1") const {
        return (state_->tls != nullptr ? "https://" : "http://") + host + ":" + std::to_string(port()) +
               target;
    }
    std::size_t connections() const noexcept { return state_->connections; }

private:
    struct State {
        State(Loop& loop, Script script_, core::TlsServer* tls_)
            : acceptor(loop.context(), asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
              script(std::move(script_)), tls(tls_) {}
        asio::ip::tcp::acceptor acceptor;
        Script script;
        core::TlsServer* tls;
        std::size_t connections = 0;
    };

    static core::Task<void> accept(std::shared_ptr<State> state, core::TaskGroup* group) {
        while (true) {
            auto [ec, socket] = co_await state->acceptor.async_accept(core::tok);
            if (ec) {
                co_return;
            }
            group->spawn("connection", serve(state, std::move(socket), state->connections++));
        }
    }

    static core::Task<void>
    serve(std::shared_ptr<State> state, asio::ip::tcp::socket socket, std::size_t number) {
        std::unique_ptr<core::ByteStream> stream;
        if (state->tls != nullptr) {
            core::Result<std::unique_ptr<core::ByteStream>> secured =
                co_await state->tls->handshake(std::move(socket), core::Deadline::never());
            if (!secured) {
                co_return;
            }
            stream = std::move(*secured);
        } else {
            stream = core::make_tcp_stream(std::move(socket));
        }
        co_await state->script(*stream, number);
    }

    std::shared_ptr<State> state_; ///< shared with the connections, which die with the loop
    core::TaskGroup group_;
};

struct ServedRequest {
    std::size_t connection;
    core::HttpRequestHead head;
    std::string body;
};

inline core::Task<void> write_text(core::ByteStream& stream, std::string text) {
    core::asio::const_buffer const buffer = core::asio::buffer(text);
    std::span<core::asio::const_buffer const> const buffers(&buffer, 1);
    core::Result<void> const written = co_await stream.write(buffers);
    static_cast<void>(written);
}

/// A keep-alive HTTP server: notes every request, answers with what `answer` returns (a whole response as
/// bytes; empty ends the connection without one).
class LoopbackHttp {
public:
    using Answer = std::function<std::string(ServedRequest const&)>;

    explicit LoopbackHttp(Loop& loop, Answer answer = ok, core::TlsServer* tls = nullptr)
        : shared_(std::make_shared<Shared>(std::move(answer))), server_(loop, script(shared_), tls) {}

    static std::string ok(ServedRequest const&) { return response("200 OK", "hello"); }
    static std::string
    response(std::string const& status, std::string const& body, std::string const& fields = {}) {
        return "HTTP/1.1 " + status + "\r\n" + fields + "Content-Length: " + std::to_string(body.size()) +
               "\r\n\r\n" + body;
    }

    LoopbackServer& server() noexcept { return server_; }
    std::string url(std::string const& target, std::string const& host = "127.0.0.1") const {
        return server_.url(target, host);
    }
    std::vector<ServedRequest> const& requests() const noexcept { return shared_->requests; }

private:
    struct Shared {
        explicit Shared(Answer answer_) : answer(std::move(answer_)) {}
        Answer answer;
        std::vector<ServedRequest> requests;
    };

    static LoopbackServer::Script script(std::shared_ptr<Shared> shared) {
        return
            [shared](core::ByteStream& stream, std::size_t number) { return serve(shared, stream, number); };
    }

    static core::Task<void>
    serve(std::shared_ptr<Shared> shared, core::ByteStream& stream, std::size_t number) {
        auto const reader = core::make_request_reader(stream, core::HttpParseLimits());
        while (true) {
            core::Result<std::optional<core::HttpRequestHead>> head = co_await reader->read_head();
            if (!head || !*head) {
                co_return;
            }
            core::Result<std::string> body = co_await reader->read_body();
            if (!body) {
                co_return;
            }
            ServedRequest served{number, std::move(**head), std::move(*body)};
            shared->requests.push_back(served);
            std::string answer = shared->answer(served);
            if (answer.empty()) {
                co_return;
            }
            co_await write_text(stream, std::move(answer));
        }
    }

    std::shared_ptr<Shared> shared_; ///< the scripts of connections hold it
    LoopbackServer server_;
};

} // namespace test
