#pragma once

#include "core/result.hpp"
#include "core/task.hpp"
#include "core/task_group.hpp"
#include "server/app.hpp"
#include "server/front/health.hpp"
#include "server/front/http_session.hpp"
#include "server/front/listener.hpp"
#include "server/front/live_certificate.hpp"
#include "server/service.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace server {

/// Reads and checks the configuration again. Blocking.
using ReadConfig = std::function<core::Result<Config>()>;

/// Listeners, and the service behind them: what `ado-mcpd serve` runs.
class Daemon {
public:
    /// Binds the listeners and reads the certificate: blocking, before the loop runs. `read_config` owns what
    /// it uses.
    static core::Result<std::unique_ptr<Daemon>> make(std::unique_ptr<App> app, ReadConfig read_config);
    ~Daemon();

    /// Serves until the first SIGTERM or SIGINT, then drains: stops accepting, lets what runs finish within
    /// limits.drain_ms, and completes. A second signal ends the process at once. SIGHUP reads configuration,
    /// certificate and the store's keys again: all of the new configuration comes into force, or none of it.
    core::Task<core::Result<void>> run();

    App& app() noexcept { return service_->app(); }
    /// What the listener answers to.
    RouteTable const& routes() const noexcept { return service_->routes(); }

private:
    class Front;
    class Built;
    /// A listener, and what its connections are answered with.
    class Door {
    public:
        std::unique_ptr<Listener> listener;
        std::shared_ptr<Front> front; ///< outlives the connections
    };
    /// The listener's certificate, followed while it is used.
    class Certificate {
    public:
        std::shared_ptr<LiveCertificate> live; ///< shared with the task that follows its files
        core::TaskGroup::Handle task;
    };
    /// Everything a configuration needs that can fail, so that what comes after cannot.
    class Prepared {
    public:
        explicit Prepared(std::shared_ptr<Service> service_) : service(std::move(service_)) {}
        std::shared_ptr<Service> service;
        std::shared_ptr<LiveCertificate> certificate;
        std::unique_ptr<Listener> listener; ///< nullptr: the one there is stays
        std::unique_ptr<Listener> health_listener;
    };

    Daemon(std::shared_ptr<ProcessParts> process, ReadConfig read_config);
    core::Result<Built> build_again(Config const& current);
    std::shared_ptr<Service> make_service(std::unique_ptr<App> app);
    core::Result<std::shared_ptr<LiveCertificate>> load_certificate(Config const& config);
    core::Result<std::unique_ptr<Listener>> open(ListenAddress const& address,
                                                 std::string key,
                                                 Config const& config,
                                                 LiveCertificate const* certificate);
    void use_certificate(std::shared_ptr<LiveCertificate> certificate);
    void open_door(Door& door, bool health);
    Readiness readiness() const;
    core::Task<void> wait_for_stop();
    core::Task<void> reload();
    core::Task<core::Result<Prepared>> prepare();
    void put_in_force(Prepared prepared);
    void replace_door(Door& door, std::unique_ptr<Listener> listener, std::chrono::milliseconds grace);
    static core::Task<void> retire(Daemon* self, std::shared_ptr<Service> old);
    static core::Task<void> close_door(std::shared_ptr<Door> door, std::chrono::milliseconds grace);
    core::Task<void> drain();

    std::shared_ptr<ProcessParts> process_; ///< shared with the apps
    ReadConfig read_config_;
    core::TaskGroup writers_;
    core::TaskGroup background_;                      ///< certificate files
    core::TaskGroup closing_;                         ///< listeners whose place was taken
    core::TaskGroup retiring_;                        ///< services whose place was taken
    std::shared_ptr<Service> service_;                ///< shared with the requests it answers
    std::vector<std::shared_ptr<Service>> left_over_; ///< not at rest yet when the process ended
    Certificate certificate_;
    Door door_;
    Door health_door_;
    bool draining_ = false;
};

} // namespace server
