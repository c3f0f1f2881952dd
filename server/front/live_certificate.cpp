#include "server/front/live_certificate.hpp"

#include "core/log.hpp"

#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace server {
namespace {

/// The certificate and its key are replaced one after the other.
constexpr std::chrono::milliseconds kBothFiles{300};

} // namespace

LiveCertificate::LiveCertificate(core::asio::any_io_executor executor,
                                 core::Clock& clock,
                                 core::BlockingPool& pool)
    : clock_(clock), pool_(pool), watch_(executor, [this](std::string const&) { changed(); }),
      readings_(executor) {}

core::Result<std::unique_ptr<LiveCertificate>> LiveCertificate::load(core::asio::any_io_executor executor,
                                                                     core::Clock& clock,
                                                                     core::BlockingPool& pool,
                                                                     InboundTlsConfig const& files) {
    std::unique_ptr<LiveCertificate> live(new LiveCertificate(std::move(executor), clock, pool));
    ADOMCPD_TRY(live->tls_, core::make_tls_server(files.certificate_file, files.key_file));
    auto const watched = live->watch_.watch({files.certificate_file, files.key_file});
    if (!watched) {
        core::log::warn("file_watch.failed", {{"reason", core::describe(watched.error())}});
    }
    return live;
}

core::Task<void> LiveCertificate::follow() {
    co_await core::asio::this_coro::throw_if_cancelled(false);
    co_await watch_.run();
    readings_.cancel_all();
    co_await core::asio::this_coro::reset_cancellation_state(core::asio::disable_cancellation());
    co_await readings_.wait();
}

void LiveCertificate::changed() {
    if (!std::exchange(waiting_, true)) {
        readings_.spawn("certificate.read", read_soon(this));
    }
}

core::Task<void> LiveCertificate::read_soon(LiveCertificate* self) {
    co_await self->clock_.sleep_for(kBothFiles);
    self->waiting_ = false; // what is written from here on needs another look
    auto job = [tls = self->tls_] { return tls->reload(); };
    core::Result<void> const read = co_await core::run_blocking(self->pool_, std::move(job));
    if (read) {
        core::log::info("certificate.reloaded", {});
    } else {
        core::log::error("certificate.reload_failed",
                         {{"reason", core::describe(read.error())}, {"note", "the old one stays in use"}});
    }
}

} // namespace server
