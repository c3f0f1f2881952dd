#pragma once

#include "core/clock.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace server {

/// When a credential ends, as people write it: `2027-03-01` (to the end of that day, UTC) or
/// `2027-03-01T12:00:00Z`.
std::optional<core::SystemTime> parse_expiry(std::string_view text);

/// The earliest time somebody asks for: `2027-03-01` (from the beginning of that day, UTC),
/// `2027-03-01T12:00:00Z`, or a span back from `now` as `7d`.
std::optional<core::SystemTime> parse_since(std::string_view text, core::SystemTime now);

/// A span as `90d`, `12h`, `30m` or `45s`; positive, at most ten years.
std::optional<std::chrono::seconds> parse_lifetime(std::string_view text);

} // namespace server
