#pragma once

#include "core/json.hpp"
#include "core/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace server {

/// Where an answer stopped: an item and a place in it, or the key of what was listed last. Self-contained, so
/// that any process can go on from it.
class CursorPosition {
public:
    std::uint64_t item = 0;
    std::uint64_t part = 0;
    std::string after; ///< lists in order of a key go on behind it, whatever came or went before
    friend bool operator==(CursorPosition const&, CursorPosition const&) = default;
};

/// What a cursor belongs to: the tool, the organization and the arguments that decide what is listed
/// (`max_bytes` and the cursor itself do not).
std::string cursor_subject(std::string_view tool, std::string_view organization, core::Json const& args);

/// Opaque: base64url of a JSON text and of a check over it and `subject`.
std::string write_cursor(CursorPosition const& position, std::string_view subject);
/// invalid_argument when the text is no cursor, or belongs to another call.
core::Result<CursorPosition> read_cursor(std::string_view text, std::string_view subject);

} // namespace server
