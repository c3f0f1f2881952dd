#pragma once

#include "core/json.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace core {

/// Reads sound JSON in one pass, for a fraction of what the library's lexer spends on each character. nullopt
/// means no more than that the library shall look: the text is wrong somewhere, nested deeper than
/// the limit or with a longer string, or unusual (a number that fits no type). What it does return is what
/// the library would have returned. Internal to core; use parse_json().
std::optional<Json> read_sound_json(std::string_view text, JsonLimits const& limits);

} // namespace core
