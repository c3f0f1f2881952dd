#include "server/front/peer_watch.hpp"

#include "core/async.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <optional>

namespace server {
namespace {

namespace asio = boost::asio;

/// Shared by the two coroutines' completion handlers and the one that waits for both.
class Race {
public:
    void stop_work() {
        if (!work_done) {
            work_signal.emit(asio::cancellation_type::terminal);
        }
    }
    void stop_watch() {
        if (!watch_done) {
            watch_signal.emit(asio::cancellation_type::terminal);
        }
    }
    void check_finished() {
        if (work_done && watch_done) {
            finished.set();
        }
    }

    core::Event finished;
    asio::cancellation_signal work_signal;
    asio::cancellation_signal watch_signal;
    bool work_done = false;
    bool watch_done = false;
    bool peer_gone = false;
    std::optional<HttpReply> reply;
    std::exception_ptr failure;
};

core::Task<void> work_side(core::Task<HttpReply> work, std::shared_ptr<Race> race) {
    HttpReply reply = co_await std::move(work);
    race->reply.emplace(std::move(reply));
}

/// Most calls are answered sooner than it pays to watch the peer: a system call and a wait on the socket for
/// each.
constexpr std::chrono::milliseconds kWatchAfter{20};

core::Task<void> watch_side(core::ByteStream& stream, std::shared_ptr<Race> race) {
    asio::steady_timer patience(co_await asio::this_coro::executor, kWatchAfter);
    auto [stopped] = co_await patience.async_wait(core::tok);
    if (stopped) {
        co_return;
    }
    bool const closed = co_await stream.wait_peer_closed();
    if (closed && !race->work_done) {
        race->peer_gone = true;
        race->stop_work();
    }
}

} // namespace

core::Task<HttpReply> run_while_connected(core::ByteStream& stream, core::Task<HttpReply> work) {
    auto const executor = co_await asio::this_coro::executor;
    auto race = std::make_shared<Race>();

    auto watch_done = [race](std::exception_ptr) {
        race->watch_done = true;
        race->check_finished();
    };
    auto work_done = [race](std::exception_ptr thrown) {
        race->work_done = true;
        race->failure = std::move(thrown);
        race->stop_watch();
        race->check_finished();
    };
    core::Task<void> watching = watch_side(stream, race);
    core::Task<void> working = work_side(std::move(work), race);
    asio::co_spawn(executor,
                   std::move(watching),
                   asio::bind_cancellation_slot(race->watch_signal.slot(), std::move(watch_done)));
    asio::co_spawn(executor,
                   std::move(working),
                   asio::bind_cancellation_slot(race->work_signal.slot(), std::move(work_done)));

    // Both must have ended before this returns, also when we are cancelled: they use what belongs to our
    // caller.
    co_await asio::this_coro::throw_if_cancelled(false);
    bool const done = co_await race->finished.wait(core::Deadline::never());
    if (!done) {
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        race->stop_work();
        race->stop_watch();
        co_await race->finished.wait(core::Deadline::never());
        throw boost::system::system_error(asio::error::operation_aborted, "cancelled");
    }
    co_await asio::this_coro::throw_if_cancelled(true);
    if (race->peer_gone) {
        co_return HttpReply(kClientClosedRequest);
    }
    if (race->failure) {
        std::rethrow_exception(race->failure);
    }
    co_return std::move(*race->reply);
}

} // namespace server
