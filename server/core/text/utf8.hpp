#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace core {

bool is_valid_utf8(std::string_view text) noexcept;
/// Invalid sequences become U+FFFD.
std::string to_valid_utf8(std::string_view text);
/// The longest prefix of at most `max_bytes` bytes that does not cut a character.
std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes) noexcept;
/// UTF-16 code units of valid UTF-8 (Azure DevOps counts lengths and offsets so).
std::size_t utf16_length(std::string_view text) noexcept;
/// Byte offset of the UTF-16 offset, clamped to the end.
std::size_t utf8_offset_of_utf16(std::string_view text, std::size_t utf16_offset) noexcept;
/// UTF-16LE or BE bytes (with or without BOM) as UTF-8.
std::string utf8_from_utf16(std::string_view bytes, bool big_endian);

} // namespace core
