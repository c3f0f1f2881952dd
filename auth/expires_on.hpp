#pragma once

#include "core/clock.hpp"
#include "core/json.hpp"

#include <optional>
#include <string_view>

namespace auth {

/// `expires_on` in every shape managed identity endpoints use: integer or numeric string (Unix seconds; a
/// small number counts from the request), ISO 8601, RFC 1123, and `M/d/yyyy h:mm:ss tt +00:00`. nullopt when
/// it is none of them.
std::optional<core::SystemTime> parse_expires_on(core::Json const& value, core::SystemTime requested_at);
std::optional<core::SystemTime> parse_expires_on(std::string_view text, core::SystemTime requested_at);

} // namespace auth
