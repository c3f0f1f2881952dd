#include "protocol/request_client.hpp"

#include <algorithm>
#include <array>

namespace protocol {
namespace {

constexpr std::array<std::string_view, 8> kLevels{
    "debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"};

} // namespace

std::string_view to_string(LogLevel level) noexcept {
    return kLevels[static_cast<std::size_t>(level)];
}

std::optional<LogLevel> parse_log_level(std::string_view text) noexcept {
    auto const it = std::find(kLevels.begin(), kLevels.end(), text);
    if (it == kLevels.end()) {
        return std::nullopt;
    }
    return static_cast<LogLevel>(it - kLevels.begin());
}

} // namespace protocol
