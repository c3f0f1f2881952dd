#include "server/daemon.hpp"

#include "core/log.hpp"
#include "server/inbound.hpp"
#include "server/version.hpp"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>

#include <csignal>
#include <malloc.h>
#include <utility>

namespace server {

Daemon::Daemon(core::asio::io_context& io, App& app)
    : executor_(io.get_executor()), app_(app), writers_(executor_) {}

core::Result<std::unique_ptr<Daemon>> Daemon::make(core::asio::io_context& io, App& app) {
    std::unique_ptr<Daemon> daemon(new Daemon(io, app));
    ADOMCPD_TRY_VOID(daemon->build());
    return daemon;
}

core::Result<void> Daemon::build() {
    Config const& config = app_.config();
    if (config.tls) {
        ADOMCPD_TRY(tls_, core::make_tls_server(config.tls->certificate_file, config.tls->key_file));
    }
    authenticator_ = config.inbound.mode == InboundMode::none
                         ? make_anonymous_authenticator(config.inbound.anonymous_role)
                         : make_token_authenticator(app_.tokens(), how_to_get_a_token(config.inbound));
    if (config.inbound.mode == InboundMode::entra) {
        metadata_.emplace(resource_metadata_settings(config));
        metadata_->add_to(routes_);
    }
    gate_.emplace(*authenticator_, metadata_ ? &*metadata_ : nullptr);
    mcp_ = protocol::make_mcp_http_endpoint(app_.mcp());
    mcp_route_.emplace(*mcp_, config.limits);
    mcp_route_->add_to(routes_);
    credential_routes_.emplace(app_.credentials(), app_.clock());
    credential_routes_->add_to(routes_);
    connector_routes_.emplace(app_.connectors());
    connector_routes_->add_to(routes_);
    source_routes_.emplace(app_.sources());
    source_routes_->add_to(routes_);
    add_openapi_route(routes_);
    audit_routes_.emplace(app_.store().audit(), app_.clock(), config.limits.audit_page_records);
    audit_routes_->add_to(routes_);
    sign_in_routes_.emplace(app_.sign_in());
    sign_in_routes_->add_to(routes_);

    hosts_.emplace(config.allowed_hosts, config.allowed_origins, config.public_url, config.listen.host);
    front_.emplace(routes_, *hosts_, *gate_, config.limits, app_.clock(), writers_);
    ListenerOptions options;
    options.connections = config.limits.connections;
    options.tls_handshake = config.limits.tls_handshake_ms;
    ADOMCPD_TRY(listener_, open_listener(executor_, app_.clock(), config.listen, tls_.get(), options));
    SignInReturn sign_in_return;
    sign_in_return.public_url = config.public_url;
    if (!tls_) {
        sign_in_return.port = listener_->port();
    }
    app_.sign_in().set_return(std::move(sign_in_return));

    auto const readiness = [this] { return this->readiness(); };
    if (!config.health_listen) {
        add_health_routes(routes_, readiness);
        return {};
    }
    add_health_routes(health_routes_, readiness);
    health_hosts_.emplace(
        config.allowed_hosts, config.allowed_origins, config.public_url, config.health_listen->host);
    health_front_.emplace(health_routes_, *health_hosts_, *gate_, config.limits, app_.clock(), writers_);
    options.config_key = "health_listen";
    ADOMCPD_TRY(health_listener_,
                open_listener(executor_, app_.clock(), *config.health_listen, nullptr, options));
    return {};
}

Readiness Daemon::readiness() const {
    Readiness state;
    if (draining_) {
        state.reasons.emplace_back("draining");
    }
    if (!app_.started()) {
        state.reasons.emplace_back("starting");
    }
    state.ready = state.reasons.empty();
    return state;
}

core::Task<core::Result<void>> Daemon::run() {
    CO_TRY_VOID(co_await app_.start());
    app_.tend_inbound();
    // A named local: a capturing lambda must not be a temporary of an expression that awaits.
    HttpFront const& front = *front_;
    listener_->start([&front](std::unique_ptr<core::ByteStream> stream, SessionRegistry::Session& session) {
        return serve_http(front, std::move(stream), session);
    });
    if (health_listener_) {
        HttpFront const& health_front = *health_front_;
        health_listener_->start(
            [&health_front](std::unique_ptr<core::ByteStream> stream, SessionRegistry::Session& session) {
                return serve_http(health_front, std::move(stream), session);
            });
    }
    ListenAddress bound = app_.config().listen;
    bound.port = listener_->port();
    core::log::info(
        "daemon.ready",
        {{"version", kVersion},
         {"listen", bound.to_string()},
         {"tls", tls_ != nullptr},
         {"health_port", static_cast<int>(health_listener_ ? health_listener_->port() : bound.port)},
         {"configuration", app_.config().source},
         {"connectors", app_.config().connectors.size()}});
    // Configuration, certificates and keys were read by way of much that nobody needs again.
    malloc_trim(0);
    co_await wait_for_stop();
    co_await drain();
    co_return core::Result<void>();
}

core::Task<void> Daemon::wait_for_stop() {
    core::asio::signal_set signals(executor_, SIGTERM, SIGINT, SIGHUP);
    for (;;) {
        auto [ec, signal] = co_await signals.async_wait(core::tok);
        if (ec) {
            co_return;
        }
        if (signal != SIGHUP) {
            core::log::info("daemon.stopping", {{"signal", signal}});
            co_return;
        }
        co_await reload_keys();
        if (!tls_) {
            core::log::info("daemon.reload",
                            {{"note", "no certificate to read again; other keys need a restart"}});
            continue;
        }
        auto const reloaded = tls_->reload();
        if (reloaded) {
            core::log::info("daemon.reload", {{"note", "certificate read again; other keys need a restart"}});
        } else {
            core::log::error("daemon.reload_failed", {{"reason", core::describe(reloaded.error())}});
        }
    }
}

core::Task<void> Daemon::reload_keys() {
    auto const changed = co_await app_.store().reload_keys();
    if (!changed) {
        core::log::error("daemon.reload_failed", {{"reason", core::describe(changed.error())}});
    }
}

core::Task<void> Daemon::drain() {
    draining_ = true;
    // The signal set is gone, and with it our handlers: from here on a signal ends the process at once.
    Config const& config = app_.config();
    core::Deadline const deadline = core::Deadline::in(app_.clock(), config.limits.drain_ms);
    mcp_->end_streams();
    co_await listener_->drain(config.limits.drain_ms);
    co_await app_.stop(deadline);
    if (health_listener_) {
        // Last, so that a probe sees "draining" and not a refused connection.
        co_await health_listener_->drain(std::chrono::milliseconds(500));
    }
    core::log::info("daemon.stopped", {});
}

} // namespace server
