#include "protocol/json_writer.hpp"

#include "core/text/byte_scan.hpp"
#include "core/text/utf8.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>

namespace protocol {
namespace {

using core::Json;

/// What cannot be copied as it is: what JSON escapes, DEL, and what may be invalid UTF-8.
constexpr auto kSpecial = [](auto c) {
    return (c < static_cast<unsigned char>(0x20)) | (c == static_cast<unsigned char>('"')) |
           (c == static_cast<unsigned char>('\\')) | (c >= static_cast<unsigned char>(0x7F));
};

/// The end of the valid characters beyond ASCII at `at`: they come in runs.
std::size_t end_of_foreign(std::string_view text, std::size_t at) noexcept {
    while (at < text.size() && static_cast<unsigned char>(text[at]) >= 0x80) {
        std::size_t const length = core::utf8_character(text.substr(at));
        if (length == 0) {
            break;
        }
        at += length;
    }
    return at;
}

/// Collects small pieces before they go to the text: an append to a std::string is dear for a comma.
class Writer {
public:
    explicit Writer(std::string& out) noexcept : out_(out) {}

    void flush() {
        out_.append(pending_.data(), used_);
        used_ = 0;
    }

    void value(Json const& json) {
        switch (json.type()) {
        case Json::value_t::string:
            string(json.get_ref<std::string const&>());
            break;
        case Json::value_t::number_integer:
            integer(json.get_ref<std::int64_t const&>());
            break;
        case Json::value_t::number_unsigned:
            integer(json.get_ref<std::uint64_t const&>());
            break;
        case Json::value_t::boolean:
            put(json.get_ref<bool const&>() ? "true" : "false");
            break;
        case Json::value_t::null:
            put("null");
            break;
        case Json::value_t::object: {
            char separator = '{';
            for (auto const& [name, member] : json.get_ref<Json::object_t const&>()) {
                put(separator);
                separator = ',';
                string(name);
                put(':');
                value(member);
            }
            put(json.empty() ? "{}" : "}");
            break;
        }
        case Json::value_t::array: {
            char separator = '[';
            for (Json const& item : json.get_ref<Json::array_t const&>()) {
                put(separator);
                separator = ',';
                value(item);
            }
            put(json.empty() ? "[]" : "]");
            break;
        }
        default:
            put(core::dump_json(json));
            break;
        }
    }

    void string(std::string_view text) {
        put('"');
        std::size_t written = 0;
        for (std::size_t at = 0;;) {
            at = core::find_byte(text, at, kSpecial);
            if (std::size_t const end = end_of_foreign(text, at); end != at) {
                at = end;
                continue;
            }
            put(text.substr(written, at - written));
            if (at == text.size()) {
                break;
            }
            at += special(text.substr(at));
            written = at;
        }
        put('"');
    }

private:
    void put(char c) {
        if (used_ == pending_.size()) {
            flush();
        }
        *(pending_.data() + used_) = c;
        ++used_;
    }

    void put(std::string_view text) {
        if (text.size() > pending_.size() - used_) {
            flush();
            if (text.size() > pending_.size()) {
                out_.append(text);
                return;
            }
        }
        std::memcpy(pending_.data() + used_, text.data(), text.size());
        used_ += text.size();
    }

    template <class Integer>
    void integer(Integer number) {
        std::array<char, 24> digits{};
        auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
        put(std::string_view(digits.data(), static_cast<std::size_t>(end.ptr - digits.data())));
    }

    /// Writes for what `text` begins with; how many bytes that is.
    std::size_t special(std::string_view text) {
        auto const code = static_cast<unsigned char>(text.front());
        if (code > 0x7F) {
            std::string replaced;
            std::size_t const length = core::append_valid_utf8(replaced, text);
            put(replaced);
            return length;
        }
        switch (text.front()) {
        case '"':
            put("\\\"");
            break;
        case '\\':
            put("\\\\");
            break;
        case '\n':
            put("\\n");
            break;
        case '\r':
            put("\\r");
            break;
        case '\t':
            put("\\t");
            break;
        default:
            constexpr std::string_view kHex = "0123456789abcdef";
            put("\\u00");
            put(kHex[code >> 4U]);
            put(kHex[code & 0x0FU]);
            break;
        }
        return 1;
    }

    std::string& out_;
    std::array<char, 512> pending_;
    std::size_t used_ = 0;
};

} // namespace

void append_json_string(std::string& out, std::string_view text) {
    Writer writer(out);
    writer.string(text);
    writer.flush();
}

void append_json(std::string& out, Json const& value) {
    Writer writer(out);
    writer.value(value);
    writer.flush();
}

std::string json_quoted(std::string_view text, std::size_t max_bytes) {
    std::string out;
    std::string_view const shown = core::utf8_prefix(text, max_bytes);
    append_json_string(out, shown);
    return shown.size() < text.size() ? out + "…" : out;
}

} // namespace protocol
