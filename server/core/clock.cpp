#include "core/clock.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <array>
#include <ctime>
#include <string>

namespace core {

SteadyTime SystemClock::now() const noexcept {
    return std::chrono::steady_clock::now();
}

SystemTime SystemClock::system_now() const noexcept {
    return std::chrono::system_clock::now();
}

Task<void> SystemClock::sleep_until(SteadyTime when) {
    auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, when);
    auto [ec] = co_await timer.async_wait(tok);
    static_cast<void>(ec);
}

std::string format_utc(SystemTime time) {
    std::time_t const seconds = std::chrono::system_clock::to_time_t(time);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 32> text{};
    std::size_t const length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return {text.data(), length};
}

} // namespace core
