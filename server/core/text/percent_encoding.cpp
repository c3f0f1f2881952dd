#include "core/text/percent_encoding.hpp"

#include <array>
#include <cstddef>

namespace core {
namespace {

constexpr std::array<bool, 256> make_unreserved() {
    std::array<bool, 256> unreserved{};
    for (char const c :
         std::string_view("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")) {
        unreserved[static_cast<unsigned char>(c)] = true;
    }
    return unreserved;
}

constexpr std::array<bool, 256> kUnreserved = make_unreserved();

int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

} // namespace

void append_percent_encoded(std::string& out, std::string_view text, bool keep_slashes) {
    static constexpr std::string_view kHex = "0123456789ABCDEF";
    for (std::size_t at = 0;;) {
        std::size_t run = at;
        while (run < text.size() &&
               (kUnreserved[static_cast<unsigned char>(text[run])] || (keep_slashes && text[run] == '/'))) {
            ++run;
        }
        out.append(text, at, run - at);
        if (run == text.size()) {
            return;
        }
        auto const byte = static_cast<unsigned char>(text[run]);
        std::array<char, 3> const escape{'%', kHex[byte >> 4U], kHex[byte & 0xFU]};
        out.append(escape.data(), escape.size());
        at = run + 1;
    }
}

std::string percent_encode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    append_percent_encoded(out, text);
    return out;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus_is_space) {
            out.push_back(' ');
        } else if (text[i] != '%') {
            out.push_back(text[i]);
        } else {
            bool const whole = text.size() - i > 2;
            int const high = whole ? hex_value(text[i + 1]) : -1;
            int const low = whole ? hex_value(text[i + 2]) : -1;
            if (high < 0 || low < 0) {
                return std::nullopt;
            }
            out.push_back(static_cast<char>(high * 16 + low));
            i += 2;
        }
    }
    return out;
}

std::optional<QueryPairs> parse_query(std::string_view text) {
    QueryPairs pairs;
    while (!text.empty()) {
        std::size_t const end = text.find('&');
        std::string_view const item = text.substr(0, end);
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
        if (item.empty()) {
            continue;
        }
        std::size_t const equals = item.find('=');
        auto name = percent_decode(item.substr(0, equals), true);
        std::optional<std::string> value = std::string();
        if (equals != std::string_view::npos) {
            value = percent_decode(item.substr(equals + 1), true);
        }
        if (!name || !value) {
            return std::nullopt;
        }
        pairs.emplace_back(std::move(*name), std::move(*value));
    }
    return pairs;
}

std::optional<std::string_view> find_value(QueryPairs const& pairs, std::string_view name) noexcept {
    for (auto const& [key, value] : pairs) {
        if (key == name) {
            return std::string_view(value);
        }
    }
    return std::nullopt;
}

std::string build_query(QueryPairs const& pairs) {
    std::string out;
    for (auto const& [name, value] : pairs) {
        if (!out.empty()) {
            out.push_back('&');
        }
        append_percent_encoded(out, name);
        out.push_back('=');
        append_percent_encoded(out, value);
    }
    return out;
}

} // namespace core
