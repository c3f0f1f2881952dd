#pragma once

#include "core/json.hpp"

#include <string>

namespace server {

/// A leg-by-leg report (to_json(LegReport)) for people: a heading, one line a leg, causes and fixes below.
std::string leg_text(core::Json const& report);

/// The exit code that belongs to a report: 0 when it works, else that of the leg that broke it.
int leg_exit_code(core::Json const& report);

/// `passed` → `ok`, …: one short word of one width for the beginning of a line.
std::string outcome_word(std::string_view outcome);

} // namespace server
