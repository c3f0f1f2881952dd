#include "protocol/json_writer.hpp"

#include "core/text/utf8.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <charconv>
#include <cstdint>

namespace protocol {
namespace {

using core::Json;

constexpr std::array<bool, 256> make_plain() {
    std::array<bool, 256> plain{};
    for (std::size_t c = 0x20; c < plain.size(); ++c) {
        plain[c] = c != '"' && c != '\\' && c != 0x7F;
    }
    return plain;
}

constexpr std::array<bool, 256> kPlain = make_plain();

void append_escape(std::string& out, char c) {
    constexpr std::string_view kHex = "0123456789abcdef";
    switch (c) {
    case '"':
        out += "\\\"";
        return;
    case '\\':
        out += "\\\\";
        return;
    case '\n':
        out += "\\n";
        return;
    case '\r':
        out += "\\r";
        return;
    case '\t':
        out += "\\t";
        return;
    default:
        break;
    }
    auto const code = static_cast<unsigned char>(c);
    out += "\\u00";
    out += kHex[code >> 4U];
    out += kHex[code & 0x0FU];
}

void append_valid(std::string& out, std::string_view text) {
    out += '"';
    std::size_t start = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (!kPlain[static_cast<unsigned char>(text[i])]) {
            out.append(text, start, i - start);
            append_escape(out, text[i]);
            start = i + 1;
        }
    }
    out.append(text, start);
    out += '"';
}

template <class Integer>
void append_integer(std::string& out, Integer value) {
    std::array<char, 24> digits{};
    auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    out.append(digits.data(), end.ptr);
}

} // namespace

void append_json_string(std::string& out, std::string_view text) {
    if (core::is_valid_utf8(text)) {
        append_valid(out, text);
    } else {
        append_valid(out, core::to_valid_utf8(text));
    }
}

void append_json(std::string& out, Json const& value) {
    switch (value.type()) {
    case Json::value_t::string:
        append_json_string(out, value.get_ref<std::string const&>());
        break;
    case Json::value_t::number_integer:
        append_integer(out, value.get<std::int64_t>());
        break;
    case Json::value_t::number_unsigned:
        append_integer(out, value.get<std::uint64_t>());
        break;
    case Json::value_t::object: {
        char separator = '{';
        for (auto it = value.begin(); it != value.end(); ++it) {
            out += separator;
            separator = ',';
            append_json_string(out, it.key());
            out += ':';
            append_json(out, *it);
        }
        out += value.empty() ? "{}" : "}";
        break;
    }
    case Json::value_t::array: {
        char separator = '[';
        for (Json const& item : value) {
            out += separator;
            separator = ',';
            append_json(out, item);
        }
        out += value.empty() ? "[]" : "]";
        break;
    }
    default:
        out += core::dump_json(value);
        break;
    }
}

std::string json_quoted(std::string_view text, std::size_t max_bytes) {
    std::string out;
    std::string_view const shown = core::utf8_prefix(text, max_bytes);
    append_json_string(out, shown);
    return shown.size() < text.size() ? out + "…" : out;
}

} // namespace protocol
