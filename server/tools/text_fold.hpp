#pragma once

#include <string>
#include <string_view>

namespace server {

/// Lower case for comparing, byte offsets kept: ASCII, Latin, Greek and Cyrillic letters, all of which keep
/// their length in UTF-8; everything else stays as it is.
std::string fold_case(std::string_view text);

/// Letters, digits, underscore and everything beyond ASCII: what an identifier is made of.
constexpr bool is_word_byte(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (c & '\x80') != 0;
}

} // namespace server
