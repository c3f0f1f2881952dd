#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace core {

bool is_valid_utf8(std::string_view text) noexcept;
/// Invalid sequences become U+FFFD.
std::string to_valid_utf8(std::string_view text);
/// Bytes of the character at the front of `text`, which is not empty; 0 when it is no valid one.
std::size_t utf8_character(std::string_view text) noexcept;
/// Appends that character, or U+FFFD for an invalid sequence. How many bytes of `text` it stands for.
std::size_t append_valid_utf8(std::string& out, std::string_view text);
void append_utf8(std::string& out, std::uint32_t code);
/// The longest prefix of at most `max_bytes` bytes that does not cut a character.
std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes) noexcept;
/// UTF-16 code units of valid UTF-8 (Azure DevOps counts lengths and offsets so).
std::size_t utf16_length(std::string_view text) noexcept;
/// Byte offset of the UTF-16 offset, clamped to the end.
std::size_t utf8_offset_of_utf16(std::string_view text, std::size_t utf16_offset) noexcept;
/// UTF-16LE or BE bytes (with or without BOM) as UTF-8.
std::string utf8_from_utf16(std::string_view bytes, bool big_endian);

} // namespace core
