#include "core/text/base64.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace core {
namespace {

constexpr std::string_view kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::uint8_t kInvalid = 0xFF;

constexpr std::array<std::uint8_t, 256> invert(std::string_view alphabet) {
    std::array<std::uint8_t, 256> table{};
    table.fill(kInvalid);
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        table.at(static_cast<unsigned char>(alphabet[i])) = static_cast<std::uint8_t>(i);
    }
    return table;
}

constexpr std::array<std::uint8_t, 256> kFromStandard = invert(kStandard);
constexpr std::array<std::uint8_t, 256> kFromUrl = invert(kUrl);

std::uint32_t byte_at(std::string_view bytes, std::size_t i) {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U;
}

std::string encode(std::string_view bytes, std::string_view alphabet, bool pad) {
    std::size_t const rest = bytes.size() % 3;
    std::size_t const cut = pad || rest == 0 ? 0 : 3 - rest;
    std::string out((bytes.size() + 2) / 3 * 4, '=');
    char* to = out.data();
    for (std::size_t i = 0; i < bytes.size(); i += 3, to += 4) {
        std::uint32_t const group =
            (byte_at(bytes, i) << 16U) | (byte_at(bytes, i + 1) << 8U) | byte_at(bytes, i + 2);
        std::size_t const present = bytes.size() - i < 3 ? bytes.size() - i : 3;
        for (std::size_t k = 0; k <= present; ++k) {
            to[k] = alphabet[(group >> (18U - 6U * k)) & 0x3FU];
        }
    }
    out.resize(out.size() - cut);
    return out;
}

/// `text` without padding. The unused low bits of the last character must be zero: one text for one value.
std::optional<std::string> decode(std::string_view text, std::array<std::uint8_t, 256> const& table) {
    if (text.size() % 4 == 1) {
        return std::nullopt;
    }
    std::string out;
    out.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (char const c : text) {
        std::uint8_t const value = table[static_cast<unsigned char>(c)];
        if (value == kInvalid) {
            return std::nullopt;
        }
        bits = (bits << 6U) | value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out.push_back(static_cast<char>((bits >> held) & 0xFFU));
        }
    }
    if ((bits & ((1U << held) - 1U)) != 0) {
        return std::nullopt;
    }
    return out;
}

} // namespace

std::string base64_encode(std::string_view bytes) {
    return encode(bytes, kStandard, true);
}

std::string base64url_encode(std::string_view bytes) {
    return encode(bytes, kUrl, false);
}

std::optional<std::string> base64_decode(std::string_view text) {
    if (text.size() % 4 != 0) {
        return std::nullopt;
    }
    if (text.ends_with("==")) {
        text.remove_suffix(2);
    } else if (text.ends_with('=')) {
        text.remove_suffix(1);
    }
    return decode(text, kFromStandard);
}

std::optional<std::string> base64url_decode(std::string_view text) {
    return decode(text, kFromUrl);
}

} // namespace core
