#include "server/router/credential_keeper.hpp"

#include "core/crypto/random.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <memory>

namespace server {
namespace {

/// Of one connector's fetch, which has deadlines of its own.
constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::seconds kTokenLife{60};

std::chrono::milliseconds scaled(std::chrono::milliseconds span, double factor) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::duration<double, std::milli>(static_cast<double>(span.count()) * factor));
}

bool has_credential(Connector const& connector) {
    return std::ranges::any_of(connector.providers(),
                               [](ConnectorProvider const& entry) { return !entry.absent(); });
}

} // namespace

core::Task<void> CredentialKeeper::touch() {
    // A copy: connectors come and go while we wait.
    std::vector<std::shared_ptr<Connector>> const connectors = directory_.all();
    for (std::shared_ptr<Connector> const& connector : connectors) {
        if (!has_credential(*connector)) {
            continue;
        }
        core::CallContext const ctx(core::random_uuid(), core::Deadline::in(clock_, kPatience));
        auto const token = co_await connector->get(kTokenLife, ctx);
        static_cast<void>(token);
    }
}

core::Task<void> CredentialKeeper::run() {
    co_await core::asio::this_coro::throw_if_cancelled(false);
    std::chrono::milliseconds pause = scaled(warm_up_, 0.5 + 0.5 * random_());
    while (true) {
        co_await clock_.sleep_for(pause);
        core::asio::cancellation_state const state = co_await core::asio::this_coro::cancellation_state;
        if (state.cancelled() != core::asio::cancellation_type::none) {
            co_return;
        }
        co_await touch();
        pause = scaled(interval_, 0.9 + 0.2 * random_());
        core::asio::cancellation_state const after = co_await core::asio::this_coro::cancellation_state;
        if (after.cancelled() != core::asio::cancellation_type::none) {
            co_return; // meanwhile: a sleep would not notice any more
        }
    }
}

} // namespace server
