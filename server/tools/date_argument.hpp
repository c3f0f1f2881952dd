#pragma once

#include "core/result.hpp"

#include <string>
#include <string_view>

namespace server {

/// `2026-03-31`, `2026-03-31T18:36[:26[.5]]` with `Z`, `+02:00` or nothing (UTC) behind it, as the service
/// takes it (RFC 3339). A day alone is its first second, with `end_of_day` its last. Empty stays empty.
/// `name` is the argument's, for the error.
core::Result<std::string> read_date(std::string_view name, std::string_view text, bool end_of_day);

} // namespace server
