#include "server/daemon.hpp"

#include "core/log.hpp"
#include "server/config/effective_config.hpp"
#include "server/version.hpp"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <csignal>
#include <malloc.h>
#include <utility>

namespace server {
namespace {

/// Between looks whether a service that was replaced still has requests.
constexpr std::chrono::milliseconds kLeavingPoll{20};

/// Top-level keys that differ, as `ado-mcpd check` shows them: what is secret is not among it.
std::string changed_keys(Config const& before, Config const& after) {
    core::Json const old_keys = effective_config_json(before);
    core::Json const new_keys = effective_config_json(after);
    std::string changed;
    for (auto const& [key, value] : new_keys.items()) {
        auto const old = old_keys.find(key);
        if (old == old_keys.end() || *old != value) {
            changed.append(changed.empty() ? "" : ", ").append(key);
        }
    }
    return changed;
}

bool same_place(ListenAddress const& a, ListenAddress const& b) {
    return a.host == b.host && a.port == b.port;
}

/// Where the browser comes back to after a sign-in.
void tell_sign_in(Service& service, Listener const& listener) {
    Config const& config = service.config();
    SignInReturn sign_in_return;
    sign_in_return.public_url = config.public_url;
    if (!config.tls) {
        sign_in_return.port = listener.port();
    }
    service.app().sign_in().set_return(std::move(sign_in_return));
}

bool cancelled(core::asio::cancellation_state const& state) noexcept {
    return state.cancelled() != core::asio::cancellation_type::none;
}

} // namespace

/// What of a new configuration is made on the pool.
class Daemon::Built {
public:
    Built(std::unique_ptr<App> app_, std::shared_ptr<LiveCertificate> certificate_)
        : app(std::move(app_)), certificate(std::move(certificate_)) {}
    std::unique_ptr<App> app;
    std::shared_ptr<LiveCertificate> certificate;
};

/// What the service in force answers on one of the listeners.
class Daemon::Front final : public FrontSource {
public:
    Front(Daemon const& daemon, bool health) : daemon_(daemon), health_(health) {}
    std::shared_ptr<HttpFront const> current() const override {
        std::shared_ptr<Service> const& service = daemon_.service_;
        return {service, health_ ? &service->health_front() : &service->front()};
    }

private:
    Daemon const& daemon_;
    bool health_;
};

Daemon::Daemon(std::shared_ptr<ProcessParts> process, ReadConfig read_config)
    : process_(std::move(process)), read_config_(std::move(read_config)), writers_(process_->executor),
      background_(process_->executor), closing_(process_->executor), retiring_(process_->executor) {}

Daemon::~Daemon() = default;

core::Result<std::unique_ptr<Daemon>> Daemon::make(std::unique_ptr<App> app, ReadConfig read_config) {
    std::unique_ptr<Daemon> daemon(new Daemon(app->process(), std::move(read_config)));
    daemon->service_ = daemon->make_service(std::move(app));
    Config const& config = daemon->service_->config();
    ADOMCPD_TRY(std::shared_ptr<LiveCertificate> certificate, daemon->load_certificate(config));
    ADOMCPD_TRY(daemon->door_.listener, daemon->open(config.listen, "listen", config, certificate.get()));
    if (config.health_listen) {
        ADOMCPD_TRY(daemon->health_door_.listener,
                    daemon->open(*config.health_listen, "health_listen", config, nullptr));
    }
    daemon->certificate_.live = std::move(certificate);
    return daemon;
}

std::shared_ptr<Service> Daemon::make_service(std::unique_ptr<App> app) {
    return std::make_shared<Service>(std::move(app), writers_, [this] { return readiness(); });
}

core::Result<std::shared_ptr<LiveCertificate>> Daemon::load_certificate(Config const& config) {
    if (!config.tls) {
        return std::shared_ptr<LiveCertificate>();
    }
    ADOMCPD_TRY(std::shared_ptr<LiveCertificate> live,
                LiveCertificate::load(process_->executor, process_->clock, process_->pool, *config.tls));
    return live;
}

core::Result<std::unique_ptr<Listener>> Daemon::open(ListenAddress const& address,
                                                     std::string key,
                                                     Config const& config,
                                                     LiveCertificate const* certificate) {
    ListenerOptions options;
    options.config_key = std::move(key);
    options.connections = config.limits.connections;
    options.tls_handshake = config.limits.tls_handshake_ms;
    return open_listener(process_->executor,
                         process_->clock,
                         address,
                         certificate != nullptr ? certificate->tls() : nullptr,
                         std::move(options));
}

void Daemon::use_certificate(std::shared_ptr<LiveCertificate> certificate) {
    certificate_.task.cancel();
    certificate_ = Certificate();
    certificate_.live = std::move(certificate);
    if (certificate_.live) {
        auto const follow = [](std::shared_ptr<LiveCertificate> live) -> core::Task<void> {
            co_await live->follow();
        };
        certificate_.task = background_.spawn("certificate.follow", follow(certificate_.live));
    }
}

void Daemon::open_door(Door& door, bool health) {
    door.front = std::make_shared<Front>(*this, health);
    Front const& front = *door.front;
    door.listener->start(
        [&front](std::unique_ptr<core::ByteStream> stream, SessionRegistry::Session& session) {
            return serve_http(front, std::move(stream), session);
        });
}

Readiness Daemon::readiness() const {
    Readiness state;
    if (draining_) {
        state.reasons.emplace_back("draining");
    }
    if (!service_->app().started()) {
        state.reasons.emplace_back("starting");
    }
    state.ready = state.reasons.empty();
    return state;
}

core::Task<core::Result<void>> Daemon::run() {
    tell_sign_in(*service_, *door_.listener);
    CO_TRY_VOID(co_await service_->start());
    use_certificate(certificate_.live);
    open_door(door_, false);
    if (health_door_.listener) {
        open_door(health_door_, true);
    }
    Config const& config = service_->config();
    ListenAddress bound = config.listen;
    bound.port = door_.listener->port();
    core::log::info("daemon.ready",
                    {{"version", kVersion},
                     {"listen", bound.to_string()},
                     {"tls", certificate_.live != nullptr},
                     {"health_port",
                      static_cast<int>(health_door_.listener ? health_door_.listener->port() : bound.port)},
                     {"configuration", config.source},
                     {"connectors", config.connectors.size()}});
    // Configuration, certificates and keys were read by way of much that nobody needs again.
    malloc_trim(0);
    co_await wait_for_stop();
    co_await drain();
    co_return core::Result<void>();
}

core::Task<void> Daemon::wait_for_stop() {
    core::asio::signal_set signals(process_->executor, SIGTERM, SIGINT, SIGHUP);
    for (;;) {
        auto [ec, signal] = co_await signals.async_wait(core::tok);
        if (ec) {
            co_return;
        }
        if (signal != SIGHUP) {
            core::log::info("daemon.stopping", {{"signal", signal}});
            co_return;
        }
        co_await reload();
    }
}

core::Task<void> Daemon::reload() {
    auto const keys = co_await process_->store->reload_keys();
    if (!keys) {
        core::log::error("daemon.reload_failed", {{"reason", core::describe(keys.error())}});
    }
    core::Result<Prepared> prepared = co_await prepare();
    if (!prepared) {
        core::log::error("daemon.reload_failed",
                         {{"reason", core::describe(prepared.error())},
                          {"note", "the configuration that was in force stays in force"}});
        co_return;
    }
    put_in_force(std::move(*prepared));
}

core::Result<Daemon::Built> Daemon::build_again(Config const& current) {
    ADOMCPD_TRY(Config config, read_config_());
    if (config.store.path != current.store.path || config.store.key_file != current.store.key_file ||
        config.core_dumps != current.core_dumps) {
        core::log::warn("daemon.reload_partly",
                        {{"note", "a change of store or core_dumps needs a restart"}});
        config.store = current.store;
        config.core_dumps = current.core_dumps;
    }
    ADOMCPD_TRY(auto certificate, load_certificate(config));
    ADOMCPD_TRY(auto app, App::make(process_, std::move(config)));
    return Built(std::move(app), std::move(certificate));
}

core::Task<core::Result<Daemon::Prepared>> Daemon::prepare() {
    std::shared_ptr<Service> const current = service_;
    auto job = [this, current] { return build_again(current->config()); };
    CO_TRY(Built built, co_await core::run_blocking(process_->pool, std::move(job)));
    Prepared prepared(make_service(std::move(built.app)));
    prepared.certificate = std::move(built.certificate);

    Config const& before = current->config();
    Config const& config = prepared.service->config();
    if (!same_place(config.listen, before.listen)) {
        CO_TRY(prepared.listener, open(config.listen, "listen", config, prepared.certificate.get()));
    }
    if (config.health_listen &&
        (!before.health_listen || !same_place(*config.health_listen, *before.health_listen))) {
        CO_TRY(prepared.health_listener, open(*config.health_listen, "health_listen", config, nullptr));
    }
    tell_sign_in(*prepared.service, prepared.listener ? *prepared.listener : *door_.listener);
    auto const started = co_await prepared.service->start();
    if (!started) {
        retiring_.spawn("service.retire", retire(this, std::move(prepared.service)));
        co_return core::fail(started.error());
    }
    co_return std::move(prepared);
}

void Daemon::put_in_force(Prepared prepared) {
    std::shared_ptr<Service> old = std::exchange(service_, std::move(prepared.service));
    Config const& config = service_->config();
    std::chrono::milliseconds const grace = old->config().limits.drain_ms;
    core::log::configure(config.log.level, config.log.format);
    use_certificate(std::move(prepared.certificate));
    door_.listener->use_tls(certificate_.live ? certificate_.live->tls() : nullptr);
    if (prepared.listener) {
        replace_door(door_, std::move(prepared.listener), grace);
        open_door(door_, false);
    }
    if (prepared.health_listener || (health_door_.listener && !config.health_listen)) {
        replace_door(health_door_, std::move(prepared.health_listener), grace);
        if (health_door_.listener) {
            open_door(health_door_, true);
        }
    }
    core::log::info("daemon.reload",
                    {{"configuration", config.source},
                     {"changed", changed_keys(old->config(), config)},
                     {"connectors", config.connectors.size()}});
    retiring_.spawn("service.retire", retire(this, std::move(old)));
}

void Daemon::replace_door(Door& door, std::unique_ptr<Listener> listener, std::chrono::milliseconds grace) {
    auto old = std::make_shared<Door>(std::exchange(door, Door()));
    door.listener = std::move(listener);
    if (old->listener) {
        closing_.spawn("listener.close", close_door(std::move(old), grace));
    }
}

core::Task<void> Daemon::close_door(std::shared_ptr<Door> door, std::chrono::milliseconds grace) {
    co_await door->listener->drain(grace);
}

/// Requests under way finish with what they began with; then all of it goes.
core::Task<void> Daemon::retire(Daemon* self, std::shared_ptr<Service> old) {
    co_await core::asio::this_coro::throw_if_cancelled(false);
    core::Clock& clock = self->process_->clock;
    core::Deadline const deadline = core::Deadline::in(clock, old->config().limits.drain_ms);
    while (old.use_count() > 1 && !deadline.passed(clock.now()) &&
           !cancelled(co_await core::asio::this_coro::cancellation_state)) {
        old->end_streams();
        co_await clock.sleep_for(kLeavingPoll);
    }
    {
        // What was changed through the old one while the new one read the store.
        std::shared_ptr<Service> const now = self->service_;
        auto const followed = co_await now->app().take_up_store();
        if (!followed) {
            core::log::warn("store.follow_failed", {{"reason", core::describe(followed.error())}});
        }
    }
    co_await old->stop(deadline);
    while (old.use_count() > 1 && !cancelled(co_await core::asio::this_coro::cancellation_state)) {
        co_await clock.sleep_for(kLeavingPoll);
    }
    if (!cancelled(co_await core::asio::this_coro::cancellation_state)) {
        co_await old->come_to_rest();
    }
    if (cancelled(co_await core::asio::this_coro::cancellation_state)) {
        self->left_over_.push_back(std::move(old));
        co_return;
    }
    core::log::debug("daemon.reload_settled", {});
}

core::Task<void> Daemon::drain() {
    draining_ = true;
    // The signal set is gone, and with it our handlers: from here on a signal ends the process at once, save
    // the one that only asks for another configuration.
    std::signal(SIGHUP, SIG_IGN);
    std::chrono::milliseconds const grace = service_->config().limits.drain_ms;
    core::Deadline const deadline = core::Deadline::in(process_->clock, grace);
    service_->end_streams();
    co_await door_.listener->drain(grace);
    co_await closing_.wait();
    background_.cancel_all();
    co_await background_.wait();
    co_await service_->stop(deadline);
    retiring_.cancel_all();
    co_await retiring_.wait();
    if (health_door_.listener) {
        // Last, so that a probe sees "draining" and not a refused connection.
        co_await health_door_.listener->drain(std::chrono::milliseconds(500));
    }
    core::log::info("daemon.stopped", {});
}

} // namespace server
