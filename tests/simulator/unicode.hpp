#pragma once

#include <string>
#include <string_view>

namespace simulator {

std::u16string utf8_to_utf16(std::string_view text);
std::string utf16_to_utf8(std::u16string_view text);

/// A file's bytes as the service sees them.
class DecodedFile {
public:
    std::u16string text;   ///< without the byte order mark
    int code_page = 65001; ///< 65001 UTF-8, 1200 UTF-16LE, 1201 UTF-16BE, 1252
    bool has_bom = false;
    bool is_binary = false;
};
DecodedFile decode_file(std::string_view bytes);

/// Simple case folding for Latin, Greek and Cyrillic letters.
char16_t fold(char16_t c) noexcept;
std::u16string folded(std::u16string_view text);
/// Letters, digits and underscore; surrogates (emoji) and punctuation are not.
bool is_word(char16_t c) noexcept;

} // namespace simulator
