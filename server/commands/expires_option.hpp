#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"

#include <optional>
#include <string>

namespace server {

/// `--expires`: a span from now (90d, 12h) or a date (2027-03-01); empty = none. It has to lie in the future.
core::Result<std::optional<core::SystemTime>> parse_expires_option(std::string const& text,
                                                                   core::Clock const& clock);

} // namespace server
