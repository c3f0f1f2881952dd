#pragma once

#include "server/config/config.hpp"

#include <optional>
#include <string_view>

namespace server {

/// `127.0.0.1:8931`, `[::1]:8931`, `localhost:8931`. Port 0 lets the system choose one.
std::optional<ListenAddress> parse_listen_address(std::string_view text);

} // namespace server
