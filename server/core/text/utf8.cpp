#include "core/text/utf8.hpp"

#include "core/text/byte_scan.hpp"

namespace core {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct Sequence {
    std::size_t length; ///< bytes to advance, at least 1
    bool valid;
};

/// The sequence at the front of `text` (not empty). An invalid one is as long as its longest well-formed
/// prefix, the way the Unicode standard recommends to replace.
Sequence next_sequence(std::string_view text) noexcept {
    auto const byte = [&](std::size_t i) -> unsigned {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    unsigned const lead = byte(0);
    if (lead < 0x80) {
        return {1, true};
    }
    std::size_t length = 0;
    unsigned low = 0x80;
    unsigned high = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
        length = 2;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        length = 3;
        low = lead == 0xE0 ? 0xA0 : 0x80;  // overlong
        high = lead == 0xED ? 0x9F : 0xBF; // surrogates
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        length = 4;
        low = lead == 0xF0 ? 0x90 : 0x80;  // overlong
        high = lead == 0xF4 ? 0x8F : 0xBF; // beyond U+10FFFF
    } else {
        return {1, false};
    }
    for (std::size_t i = 1; i < length; ++i) {
        if (byte(i) < low || byte(i) > high) {
            return {i, false};
        }
        low = 0x80;
        high = 0xBF;
    }
    return {length, true};
}

bool is_continuation(char c) noexcept {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// UTF-16 code units of the character a lead byte starts.
std::size_t units_of(char lead) noexcept {
    return static_cast<unsigned char>(lead) >= 0xF0 ? 2 : 1;
}

} // namespace

bool is_valid_utf8(std::string_view text) noexcept {
    for (std::size_t at = 0;;) {
        at = find_byte(text, at, kNotAscii);
        // Text beyond ASCII comes in runs.
        while (at < text.size() && static_cast<unsigned char>(text[at]) >= 0x80) {
            std::size_t const length = utf8_character(text.substr(at));
            if (length == 0) {
                return false;
            }
            at += length;
        }
        if (at == text.size()) {
            return true;
        }
    }
}

std::size_t utf8_character(std::string_view text) noexcept {
    Sequence const sequence = next_sequence(text);
    return sequence.valid ? sequence.length : 0;
}

std::size_t append_valid_utf8(std::string& out, std::string_view text) {
    Sequence const sequence = next_sequence(text);
    out.append(sequence.valid ? text.substr(0, sequence.length) : kReplacement);
    return sequence.length;
}

std::string to_valid_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        std::size_t const run = find_byte(text, at, kNotAscii);
        out.append(text, at, run - at);
        at = run;
        if (at < text.size()) {
            at += append_valid_utf8(out, text.substr(at));
        }
    }
    return out;
}

void append_utf8(std::string& out, std::uint32_t code) {
    if (code < 0x80) {
        out.push_back(static_cast<char>(code));
    } else if (code < 0x800) {
        out.push_back(static_cast<char>(0xC0U | (code >> 6U)));
        out.push_back(static_cast<char>(0x80U | (code & 0x3FU)));
    } else if (code < 0x10000) {
        out.push_back(static_cast<char>(0xE0U | (code >> 12U)));
        out.push_back(static_cast<char>(0x80U | ((code >> 6U) & 0x3FU)));
        out.push_back(static_cast<char>(0x80U | (code & 0x3FU)));
    } else {
        out.push_back(static_cast<char>(0xF0U | (code >> 18U)));
        out.push_back(static_cast<char>(0x80U | ((code >> 12U) & 0x3FU)));
        out.push_back(static_cast<char>(0x80U | ((code >> 6U) & 0x3FU)));
        out.push_back(static_cast<char>(0x80U | (code & 0x3FU)));
    }
}

std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes) noexcept {
    if (text.size() <= max_bytes) {
        return text;
    }
    std::size_t end = max_bytes;
    while (end > 0 && is_continuation(text[end])) {
        --end;
    }
    return text.substr(0, end);
}

std::size_t utf16_length(std::string_view text) noexcept {
    std::size_t units = 0;
    for (char const c : text) {
        units += is_continuation(c) ? 0 : units_of(c);
    }
    return units;
}

std::size_t utf8_offset_of_utf16(std::string_view text, std::size_t utf16_offset) noexcept {
    std::size_t units = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_continuation(text[i])) {
            continue;
        }
        if (units >= utf16_offset) {
            return i;
        }
        units += units_of(text[i]);
    }
    return text.size();
}

std::string utf8_from_utf16(std::string_view bytes, bool big_endian) {
    std::string out;
    out.reserve(bytes.size());
    auto const unit = [&](std::size_t i) -> std::uint32_t {
        auto const first = static_cast<unsigned char>(bytes[i]);
        auto const second = static_cast<unsigned char>(bytes[i + 1]);
        return big_endian ? (std::uint32_t{first} << 8U) | second : (std::uint32_t{second} << 8U) | first;
    };
    std::size_t i = 0;
    if (bytes.size() >= 2 && unit(0) == 0xFEFF) {
        i = 2;
    }
    for (; i + 1 < bytes.size(); i += 2) {
        std::uint32_t const first = unit(i);
        if (first < 0xD800 || first > 0xDFFF) {
            append_utf8(out, first);
            continue;
        }
        bool const has_next = i + 3 < bytes.size();
        std::uint32_t const second = has_next ? unit(i + 2) : 0;
        if (first <= 0xDBFF && second >= 0xDC00 && second <= 0xDFFF) {
            append_utf8(out, 0x10000 + ((first - 0xD800) << 10U) + (second - 0xDC00));
            i += 2;
        } else {
            out.append(kReplacement);
        }
    }
    if (i < bytes.size()) {
        out.append(kReplacement); // half a code unit at the end
    }
    return out;
}

} // namespace core
