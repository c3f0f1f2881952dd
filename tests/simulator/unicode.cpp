#include "simulator/unicode.hpp"

#include <algorithm>
#include <cstdint>

namespace simulator {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

/// One code point from UTF-8; moves `at` on. Malformed input gives kReplacement and moves one byte.
char32_t next_code_point(std::string_view text, std::size_t& at) {
    auto const byte = [&](std::size_t i) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]));
    };
    std::uint32_t const first = byte(at);
    std::size_t length = 1;
    std::uint32_t value = first;
    if (first >= 0xF0 && first < 0xF8) {
        length = 4;
        value = first & 0x07U;
    } else if (first >= 0xE0) {
        length = 3;
        value = first & 0x0FU;
    } else if (first >= 0xC0) {
        length = 2;
        value = first & 0x1FU;
    } else if (first >= 0x80) {
        ++at;
        return kReplacement;
    }
    if (at + length > text.size() || first >= 0xF8) {
        ++at;
        return kReplacement;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(at + i) & 0xC0U) != 0x80U) {
            ++at;
            return kReplacement;
        }
        value = (value << 6U) | (byte(at + i) & 0x3FU);
    }
    at += length;
    bool const surrogate = value >= 0xD800 && value <= 0xDFFF;
    return surrogate || value > 0x10FFFF ? kReplacement : static_cast<char32_t>(value);
}

void append_utf8(std::string& out, std::uint32_t c) {
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xC0U | (c >> 6U));
        out += static_cast<char>(0x80U | (c & 0x3FU));
    } else if (c < 0x10000) {
        out += static_cast<char>(0xE0U | (c >> 12U));
        out += static_cast<char>(0x80U | ((c >> 6U) & 0x3FU));
        out += static_cast<char>(0x80U | (c & 0x3FU));
    } else {
        out += static_cast<char>(0xF0U | (c >> 18U));
        out += static_cast<char>(0x80U | ((c >> 12U) & 0x3FU));
        out += static_cast<char>(0x80U | ((c >> 6U) & 0x3FU));
        out += static_cast<char>(0x80U | (c & 0x3FU));
    }
}

bool valid_utf8(std::string_view bytes) {
    for (std::size_t at = 0; at < bytes.size();) {
        std::size_t const before = at;
        if (next_code_point(bytes, at) == kReplacement && at - before == 1) {
            return false;
        }
    }
    return true;
}

std::u16string from_utf16_bytes(std::string_view bytes, bool big_endian) {
    std::u16string out;
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
        auto const a = static_cast<unsigned>(static_cast<unsigned char>(bytes[i]));
        auto const b = static_cast<unsigned>(static_cast<unsigned char>(bytes[i + 1]));
        out += static_cast<char16_t>(big_endian ? (a << 8U | b) : (b << 8U | a));
    }
    return out;
}

} // namespace

std::u16string utf8_to_utf16(std::string_view text) {
    std::u16string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        char32_t const c = next_code_point(text, at);
        if (c < 0x10000) {
            out += static_cast<char16_t>(c);
        } else {
            std::uint32_t const rest = static_cast<std::uint32_t>(c) - 0x10000U;
            out += static_cast<char16_t>(0xD800U + (rest >> 10U));
            out += static_cast<char16_t>(0xDC00U + (rest & 0x3FFU));
        }
    }
    return out;
}

std::string utf16_to_utf8(std::u16string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::uint32_t c = text[i];
        bool const pair =
            c >= 0xD800 && c < 0xDC00 && i + 1 < text.size() && text[i + 1] >= 0xDC00 && text[i + 1] < 0xE000;
        if (pair) {
            c = 0x10000U + ((c - 0xD800U) << 10U) + (static_cast<std::uint32_t>(text[++i]) - 0xDC00U);
        } else if (c >= 0xD800 && c < 0xE000) {
            c = static_cast<std::uint32_t>(kReplacement);
        }
        append_utf8(out, c);
    }
    return out;
}

DecodedFile decode_file(std::string_view bytes) {
    DecodedFile file;
    if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) {
        bool const big_endian = bytes.starts_with("\xFE\xFF");
        file.has_bom = true;
        file.code_page = big_endian ? 1201 : 1200;
        file.text = from_utf16_bytes(bytes.substr(2), big_endian);
        return file;
    }
    if (bytes.starts_with("\xEF\xBB\xBF")) {
        file.has_bom = true;
        bytes.remove_prefix(3);
    }
    if (bytes.substr(0, 8000).find('\0') != std::string_view::npos) {
        file.is_binary = true;
        return file;
    }
    if (valid_utf8(bytes)) {
        file.text = utf8_to_utf16(bytes);
    } else {
        file.code_page = 1252;
        for (char const c : bytes) {
            file.text += static_cast<char16_t>(static_cast<unsigned char>(c));
        }
    }
    return file;
}

char16_t fold(char16_t c) noexcept {
    bool const plus32 = (c >= u'A' && c <= u'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7) ||
                        (c >= 0x391 && c <= 0x3A9) || (c >= 0x410 && c <= 0x42F);
    if (plus32) {
        return static_cast<char16_t>(c + 32);
    }
    bool const paired = c >= 0x100 && c <= 0x17F && (c % 2) == 0;
    return paired ? static_cast<char16_t>(c + 1) : c;
}

std::u16string folded(std::u16string_view text) {
    std::u16string out(text);
    std::transform(out.begin(), out.end(), out.begin(), fold);
    return out;
}

bool is_word(char16_t c) noexcept {
    if (c < 0x80) {
        return (c >= u'0' && c <= u'9') || (c >= u'a' && c <= u'z') || (c >= u'A' && c <= u'Z') || c == u'_';
    }
    bool const letter = c >= 0xC0 && c < 0x2000 && c != 0xD7 && c != 0xF7;
    return letter || (c >= 0x3040 && c < 0xA000) || (c >= 0xAC00 && c < 0xD7A4);
}

} // namespace simulator
