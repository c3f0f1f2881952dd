#include "server/front/listener.hpp"

#include "core/async.hpp"
#include "core/log.hpp"
#include "core/task_group.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>

#include <cerrno>
#include <utility>

namespace server {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

/// How long accepting pauses when the process is out of descriptors: only a connection's end brings one back.
constexpr std::chrono::milliseconds kExhaustedPause{100};

/// How soon a peer that went away under a call is noticed.
constexpr std::chrono::milliseconds kTick{100};

bool is_exhaustion(boost::system::error_code const& ec) noexcept {
    int const code = ec.value();
    return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM;
}

class TcpListener final : public Listener {
public:
    TcpListener(tcp::acceptor acceptor,
                core::Clock& clock,
                std::shared_ptr<core::TlsServer> tls,
                ListenerOptions options)
        : acceptor_(std::move(acceptor)), clock_(clock), tls_(std::move(tls)), options_(std::move(options)),
          port_(acceptor_.local_endpoint().port()), places_(options_.connections, 1),
          sessions_(acceptor_.get_executor()), helpers_(acceptor_.get_executor()),
          ticker_(acceptor_.get_executor()) {}

    std::uint16_t port() const noexcept override { return port_; }
    std::size_t connections() const noexcept override { return registry_.size(); }
    void use_tls(std::shared_ptr<core::TlsServer> tls) override { tls_ = std::move(tls); }

    void start(ConnectionHandler handler) override {
        handler_ = std::move(handler);
        helpers_.spawn("listener.accept", accept_loop());
        ticker_.spawn("listener.tick", tick_loop());
    }

    core::Task<void> drain(std::chrono::milliseconds grace) override {
        draining_ = true;
        boost::system::error_code ignored;
        acceptor_.close(ignored);
        helpers_.cancel_all();
        co_await helpers_.wait();
        registry_.drain();
        if (sessions_.size() != 0) {
            helpers_.spawn("listener.grace", end_after(grace));
            co_await sessions_.wait();
            helpers_.cancel_all();
            co_await helpers_.wait();
        }
        ticker_.cancel_all();
        co_await ticker_.wait();
    }

private:
    core::Task<void> accept_loop() {
        bool exhausted = false;
        while (!draining_) {
            core::Result<core::Semaphore::Permit> place = co_await places_.acquire(core::Deadline::never());
            if (!place) {
                co_return;
            }
            auto [ec, socket] = co_await acceptor_.async_accept(core::tok);
            if (draining_ || ec == asio::error::operation_aborted) {
                co_return;
            }
            if (ec && is_exhaustion(ec)) {
                if (!std::exchange(exhausted, true)) {
                    core::log::error("listener.exhausted",
                                     {{"error", ec.message()},
                                      {"connections", registry_.size()},
                                      {"fix", "raise the limit of open files, or lower limits.connections"}});
                }
                co_await clock_.sleep_for(kExhaustedPause);
                continue;
            }
            exhausted = false;
            if (ec) {
                // The peer gave up in the queue (ECONNABORTED and its like).
                core::log::debug("listener.accept", {{"error", ec.message()}});
                continue;
            }
            socket.set_option(tcp::no_delay(true), ec);
            auto task = std::make_shared<core::TaskGroup::Handle>();
            *task = sessions_.spawn("http.session", session(std::move(socket), std::move(*place), task));
        }
    }

    core::Task<void> session(tcp::socket socket,
                             core::Semaphore::Permit place,
                             std::shared_ptr<core::TaskGroup::Handle const> task) {
        SessionRegistry::Session entry(registry_, std::move(task));
        core::Semaphore::Permit const held = std::move(place);
        std::unique_ptr<core::ByteStream> stream;
        if (std::shared_ptr<core::TlsServer> const tls = tls_) {
            core::Deadline const deadline = core::Deadline::in(clock_, options_.tls_handshake);
            core::Result<std::unique_ptr<core::ByteStream>> secured =
                co_await tls->handshake(std::move(socket), deadline);
            if (!secured) {
                core::log::info("listener.handshake", {{"error", core::describe(secured.error())}});
                co_return;
            }
            stream = std::move(*secured);
        } else {
            stream = core::make_tcp_stream(std::move(socket));
        }
        co_await handler_(std::move(stream), entry);
    }

    core::Task<void> tick_loop() {
        co_await asio::this_coro::throw_if_cancelled(false);
        asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
        while (state.cancelled() == asio::cancellation_type::none) {
            co_await clock_.sleep_for(kTick);
            registry_.tick(clock_.now());
            state = co_await asio::this_coro::cancellation_state;
        }
    }

    core::Task<void> end_after(std::chrono::milliseconds grace) {
        co_await clock_.sleep_for(grace);
        if (sessions_.size() != 0) {
            core::log::warn("listener.drain", {{"cancelled", sessions_.size()}});
        }
        // The socket alone is not enough: a handler that waits on an upstream would not notice.
        sessions_.cancel_all();
        registry_.abort_all();
    }

    tcp::acceptor acceptor_;
    core::Clock& clock_;
    std::shared_ptr<core::TlsServer> tls_; ///< shared with handshakes under way
    ListenerOptions options_;
    std::uint16_t port_;
    ConnectionHandler handler_;
    SessionRegistry registry_;
    core::Semaphore places_;
    core::TaskGroup sessions_;
    core::TaskGroup helpers_;
    core::TaskGroup ticker_; ///< apart: it goes on while the drain waits for what runs
    bool draining_ = false;
};

core::Error
bind_error(std::string const& key, ListenAddress const& address, boost::system::error_code const& ec) {
    core::Error error(core::ErrorKind::network,
                      "cannot listen on " + address.to_string() + ": " + ec.message());
    std::string fix = "Change " + key + " in the configuration.";
    if (ec == asio::error::address_in_use) {
        fix = "Another process has this port; stop it or change " + key + " in the configuration.";
    } else if (ec == asio::error::access_denied) {
        fix = "Ports below 1024 need CAP_NET_BIND_SERVICE; or change " + key + " in the configuration.";
    }
    return std::move(error).with_fix(std::move(fix)).with_code("cannot_listen");
}

} // namespace

core::Result<std::unique_ptr<Listener>> open_listener(core::asio::any_io_executor executor,
                                                      core::Clock& clock,
                                                      ListenAddress const& address,
                                                      std::shared_ptr<core::TlsServer> tls,
                                                      ListenerOptions options) {
    boost::system::error_code ec;
    auto const ip = asio::ip::make_address(address.host, ec);
    if (ec) {
        return core::fail(
            core::Error(core::ErrorKind::invalid_argument, "'" + address.host + "' is not an IP address")
                .with_fix("Give " + options.config_key + " as ADDRESS:PORT, for example 127.0.0.1:8931."));
    }
    tcp::endpoint const endpoint(ip, address.port);
    tcp::acceptor acceptor(executor);
    acceptor.open(endpoint.protocol(), ec);
    if (!ec) {
        acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
    }
    if (!ec) {
        acceptor.bind(endpoint, ec);
    }
    if (!ec) {
        acceptor.listen(asio::socket_base::max_listen_connections, ec);
    }
    if (ec) {
        return core::fail(bind_error(options.config_key, address, ec));
    }
    return std::make_unique<TcpListener>(std::move(acceptor), clock, std::move(tls), std::move(options));
}

} // namespace server
