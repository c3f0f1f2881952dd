#include "simulator/server.hpp"

#include "simulator/http_head.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <array>
#include <iostream>

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace simulator {
namespace {

constexpr auto tok = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kReadSize = 16 * 1024;
constexpr std::uint64_t kMaxBody = 16 * 1024 * 1024;
constexpr std::size_t kSlowPieces = 8;

using TlsStream = asio::ssl::stream<tcp::socket>;

tcp::socket& socket_of(tcp::socket& socket) {
    return socket;
}
tcp::socket& socket_of(TlsStream& stream) {
    return stream.next_layer();
}

Request to_request(http::request<http::string_body>& message) {
    Request request;
    request.method = std::string(message.method_string());
    request.set_target({message.target().data(), message.target().size()});
    for (auto const& field : message) {
        request.headers.emplace_back(lower({field.name_string().data(), field.name_string().size()}),
                                     std::string(field.value()));
    }
    request.host = lower(request.header("host"));
    request.body = std::move(message.body());
    return request;
}

/// Reads and answers the requests of one connection, in order. Owned by its own coroutine; one thread.
template <class Stream>
class Connection final {
public:
    Connection(Stream stream, Simulator& simulator) : stream_(std::move(stream)), simulator_(simulator) {}

    Stream& stream() { return stream_; }
    State& state() { return simulator_.state(); }

    asio::awaitable<void> serve() {
        while (true) {
            http::request_parser<http::string_body> parser;
            parser.body_limit(kMaxBody);
            bool const complete = co_await read(parser);
            if (!complete) {
                co_return;
            }
            auto message = parser.release();
            bool const keep_alive = message.keep_alive();
            Request const request = to_request(message);
            bool const counted = request.segments.empty() || request.segments.front() != "__sim";
            auto& counters = simulator_.state().counters;
            counters.in_flight += counted ? 1 : 0;
            counters.peak_in_flight = std::max(counters.peak_in_flight, counters.in_flight);
            Reply reply = simulator_.handle(request);
            bool const answered = co_await answer(request, std::move(reply), keep_alive);
            simulator_.state().counters.in_flight -= counted ? 1 : 0;
            if (!answered || !keep_alive) {
                co_return;
            }
        }
    }

private:
    asio::awaitable<bool> read(http::request_parser<http::string_body>& parser) {
        boost::system::error_code ec;
        parser.eager(true);
        while (!parser.is_done()) {
            if (!pending_.empty()) {
                std::size_t const used = parser.put(asio::buffer(pending_), ec);
                pending_.erase(0, used);
                if (ec && ec != http::error::need_more) {
                    co_return false;
                }
                if (parser.is_done()) {
                    break;
                }
                if (used > 0 && !ec) {
                    continue;
                }
            }
            auto const [failure, length] = co_await stream_.async_read_some(asio::buffer(buffer_), tok);
            if (failure) {
                co_return false;
            }
            pending_.append(buffer_.data(), length);
        }
        co_return true;
    }

    /// False when the connection is over.
    asio::awaitable<bool> answer(Request const& request, Reply reply, bool keep_alive) {
        if (reply.delay.count() > 0) {
            co_await pause(reply.delay);
        }
        if (reply.delivery == Delivery::reset) {
            boost::system::error_code ignored;
            socket_of(stream_).set_option(tcp::socket::linger(true, 0), ignored);
            socket_of(stream_).close(ignored);
            co_return false;
        }
        if (reply.delivery == Delivery::drop) {
            co_return false;
        }
        if (reply.delivery == Delivery::hang) {
            // Until the peer gives up: the next read ends when it closes.
            co_await stream_.async_read_some(asio::buffer(buffer_), tok);
            co_return false;
        }
        std::string out = response_head(reply, keep_alive);
        bool const with_body = request.method != "HEAD" && reply.status != 204;
        if (reply.delivery == Delivery::slow) {
            bool const sent = co_await trickle(std::move(out), reply);
            co_return sent;
        }
        if (with_body) {
            bool const half = reply.delivery == Delivery::partial_body || reply.delivery == Delivery::stall;
            out.append(reply.body, 0, half ? reply.body.size() / 2 : reply.body.size());
        }
        auto const [failure, length] = co_await asio::async_write(stream_, asio::buffer(out), tok);
        if (!failure && reply.delivery == Delivery::stall) {
            // As with hang.
            co_await stream_.async_read_some(asio::buffer(buffer_), tok);
            co_return false;
        }
        co_return !failure && reply.delivery != Delivery::partial_body;
    }

    asio::awaitable<bool> trickle(std::string head, Reply const& reply) {
        std::string const& body = reply.body;
        auto const [failure, length] = co_await asio::async_write(stream_, asio::buffer(head), tok);
        if (failure) {
            co_return false;
        }
        std::size_t const piece = body.size() / kSlowPieces + 1;
        for (std::size_t at = 0; at < body.size(); at += piece) {
            co_await pause(reply.piece_pause);
            std::size_t const size = std::min(piece, body.size() - at);
            auto const [broken, count] =
                co_await asio::async_write(stream_, asio::buffer(body.data() + at, size), tok);
            if (broken) {
                co_return false;
            }
        }
        co_return true;
    }

    asio::awaitable<void> pause(std::chrono::milliseconds time) {
        asio::steady_timer timer(socket_of(stream_).get_executor(), time);
        co_await timer.async_wait(tok);
    }

    Stream stream_;
    Simulator& simulator_;
    std::array<char, kReadSize> buffer_{};
    std::string pending_;
};

asio::awaitable<void> serve_tls(std::unique_ptr<Connection<TlsStream>> connection) {
    auto& stream = connection->stream();
    auto const [failure] = co_await stream.async_handshake(asio::ssl::stream_base::server, tok);
    if (failure) {
        co_return;
    }
    if (SSL_session_reused(stream.native_handle()) == 1) {
        ++connection->state().counters.tls_resumed;
    }
    co_await connection->serve();
}

asio::awaitable<void> serve_plain(std::unique_ptr<Connection<tcp::socket>> connection) {
    co_await connection->serve();
}

tcp::acceptor open(asio::io_context& io, std::uint16_t port) {
    tcp::endpoint const endpoint(asio::ip::address_v4::loopback(), port);
    tcp::acceptor acceptor(io);
    acceptor.open(endpoint.protocol());
    acceptor.set_option(tcp::acceptor::reuse_address(true));
    acceptor.bind(endpoint);
    acceptor.listen(1024);
    return acceptor;
}

class LoopbackServer final : public Server {
public:
    LoopbackServer(Simulator& simulator, TlsIdentity const& identity, ServerOptions const& options)
        : simulator_(simulator), io_(1), tls_(asio::ssl::context::tls_server),
          acceptor_(open(io_, options.port)), plain_(io_), signals_(io_, SIGTERM, SIGINT) {
        tls_.set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
        tls_.use_certificate_chain(asio::buffer(identity.certificate_pem));
        tls_.use_private_key(asio::buffer(identity.key_pem), asio::ssl::context::pem);
        std::array<unsigned char, 3> const id = {'s', 'i', 'm'};
        SSL_CTX_set_session_id_context(tls_.native_handle(), id.data(), static_cast<unsigned>(id.size()));
        if (options.with_plain_port) {
            plain_ = open(io_, options.plain_port);
        }
    }

    std::uint16_t port() const override { return acceptor_.local_endpoint().port(); }
    std::uint16_t plain_port() const override {
        return plain_.is_open() ? plain_.local_endpoint().port() : std::uint16_t{0};
    }

    void run() override {
        asio::co_spawn(io_, accept(acceptor_, true), asio::detached);
        if (plain_.is_open()) {
            asio::co_spawn(io_, accept(plain_, false), asio::detached);
        }
        signals_.async_wait([this](boost::system::error_code ec, int) {
            if (!ec) {
                io_.stop();
            }
        });
        io_.run();
    }

private:
    asio::awaitable<void> accept(tcp::acceptor& acceptor, bool tls) {
        while (true) {
            auto [failure, socket] = co_await acceptor.async_accept(tok);
            if (failure) {
                if (failure == asio::error::operation_aborted) {
                    co_return;
                }
                continue;
            }
            boost::system::error_code ignored;
            socket.set_option(tcp::no_delay(true), ignored);
            ++simulator_.state().counters.connections;
            if (tls) {
                TlsStream stream(std::move(socket), tls_);
                auto connection = std::make_unique<Connection<TlsStream>>(std::move(stream), simulator_);
                asio::co_spawn(io_, serve_tls(std::move(connection)), report);
            } else {
                auto connection = std::make_unique<Connection<tcp::socket>>(std::move(socket), simulator_);
                asio::co_spawn(io_, serve_plain(std::move(connection)), report);
            }
        }
    }

    /// An exception out of a handler is a bug of the simulator: say so, go on serving.
    static void report(std::exception_ptr const& failure) {
        if (failure == nullptr) {
            return;
        }
        try {
            std::rethrow_exception(failure);
        } catch (std::exception const& error) {
            std::cerr << "ado-simulator: " << error.what() << "\n";
        }
    }

    Simulator& simulator_;
    asio::io_context io_;
    asio::ssl::context tls_;
    tcp::acceptor acceptor_;
    tcp::acceptor plain_;
    asio::signal_set signals_;
};

} // namespace

std::unique_ptr<Server>
make_server(Simulator& simulator, TlsIdentity const& identity, ServerOptions const& options) {
    return std::make_unique<LoopbackServer>(simulator, identity, options);
}

} // namespace simulator
