#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

/// Sets of characters and small questions about text, for the search for secrets.
namespace server::secrets {

using Set = std::array<bool, 256>;

constexpr Set make_set(std::string_view more) {
    Set set{};
    for (std::size_t c = 0; c < 128; ++c) {
        set[c] = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    }
    for (char const c : more) {
        set[static_cast<unsigned char>(c)] = true;
    }
    return set;
}

inline constexpr Set kAlphanumeric = make_set("");
inline constexpr Set kWord = make_set("_");
inline constexpr Set kBase64 = make_set("+/");
inline constexpr Set kBase64Padded = make_set("+/=");
inline constexpr Set kBase64Url = make_set("-_");
inline constexpr Set kSignature = make_set("%+/=-_");
inline constexpr Set kEntraSecret = make_set("_~.-");
inline constexpr Set kDashed = make_set("-");
inline constexpr Set kDotted = make_set("-_.");

constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

/// `b` is in lower case.
inline bool same(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == y; });
}

inline bool contains(std::string_view text, std::string_view part) noexcept {
    return std::search(text.begin(), text.end(), part.begin(), part.end(), [](char x, char y) {
               return lower(x) == y;
           }) != text.end();
}

/// Values that stand for one: `<password>`, `${PASSWORD}`, `$(Password)`, `%s`, `***`, `{0}`.
inline bool is_placeholder(std::string_view value) noexcept {
    if (value.empty() || std::string_view("<{$%*[#").find(value.front()) != std::string_view::npos) {
        return true;
    }
    bool const one_letter =
        std::all_of(value.begin(), value.end(), [&](char c) { return c == value.front(); });
    return one_letter || contains(value, "your") || contains(value, "placeholder") ||
           same(value, "password") || same(value, "changeme") || same(value, "null") || same(value, "none");
}

/// Looks random: no word, path or repeated pattern.
inline bool is_varied(std::string_view text, std::size_t letters) noexcept {
    std::uint64_t seen[4] = {};
    std::size_t distinct = 0;
    for (char const c : text) {
        auto const code = static_cast<unsigned char>(c);
        std::uint64_t const bit = std::uint64_t(1) << (code % 64);
        distinct += (seen[code / 64] & bit) == 0 ? 1 : 0;
        seen[code / 64] |= bit;
    }
    return distinct >= letters;
}

/// What a connection string with a password also has.
constexpr std::array<std::string_view, 7> kParts{
    "server=", "data source=", "host=", "user id=", "uid=", "initial catalog=", "username="};

} // namespace server::secrets
