#pragma once

#include "core/json.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace protocol {

/// Compact JSON text appended to what is already there. Results hold whole source files, twice: runs of plain
/// characters are copied, not looked at one by one. Invalid UTF-8 becomes U+FFFD; the text never holds a raw
/// line break, so that it fits on one `data:` line.
void append_json(std::string& out, core::Json const& value);
void append_json_string(std::string& out, std::string_view text);

/// At most `max_bytes` bytes of `text` in JSON quotes: for echoing input in messages.
std::string json_quoted(std::string_view text, std::size_t max_bytes = 64);

} // namespace protocol
