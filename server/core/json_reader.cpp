#include "core/json_reader.hpp"

#include "core/text/byte_scan.hpp"
#include "core/text/utf8.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <utility>

namespace core {
namespace {

/// What ends a run that can be copied as it is.
constexpr auto kStringStop = [](auto c) {
    return (c < static_cast<unsigned char>(0x20)) | (c == static_cast<unsigned char>('"')) |
           (c == static_cast<unsigned char>('\\')) | kNotAscii(c);
};

/// This reads by recursion; what is nested deeper is the library's, which does not.
constexpr std::size_t kMaxRecursion = 256;

class SoundJsonReader {
public:
    SoundJsonReader(std::string_view text, JsonLimits const& limits)
        : text_(text), max_depth_(std::min(limits.max_depth, kMaxRecursion)),
          max_string_bytes_(limits.max_string_bytes) {}

    std::optional<Json> read() {
        Json value = read_value();
        skip_space();
        if (failed_ || at_ != text_.size()) {
            return std::nullopt;
        }
        return std::optional<Json>(std::in_place, std::move(value));
    }

private:
    char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }

    bool take(char expected) noexcept {
        if (peek() != expected) {
            return false;
        }
        ++at_;
        return true;
    }

    void skip_space() noexcept {
        while (at_ < text_.size() &&
               (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) {
            ++at_;
        }
    }

    Json give_up() noexcept {
        failed_ = true;
        return {};
    }

    Json read_value() {
        skip_space();
        switch (peek()) {
        case '{':
            return read_object();
        case '[':
            return read_array();
        case '"':
            return read_string_value();
        case 't':
            return read_word("true", true);
        case 'f':
            return read_word("false", false);
        case 'n':
            return read_word("null", nullptr);
        default:
            return read_number();
        }
    }

    Json read_word(std::string_view word, Json value) {
        if (!text_.substr(at_).starts_with(word)) {
            return give_up();
        }
        at_ += word.size();
        return value;
    }

    Json read_object() {
        ++at_;
        Json value = Json::object();
        if (++depth_ > max_depth_) {
            return give_up();
        }
        auto& members = value.get_ref<Json::object_t&>();
        skip_space();
        if (!take('}')) {
            do {
                skip_space();
                std::string name;
                if (!read_string(name)) {
                    return give_up();
                }
                skip_space();
                if (!take(':')) {
                    return give_up();
                }
                Json member = read_value();
                if (failed_) {
                    return {};
                }
                // Of members with one name the last one counts; try_emplace takes nothing when there is one.
                auto const [place, is_new] = members.try_emplace(std::move(name), std::move(member));
                if (!is_new) {
                    place->second = std::move(member);
                }
                skip_space();
            } while (take(','));
            if (!take('}')) {
                return give_up();
            }
        }
        --depth_;
        return value;
    }

    Json read_array() {
        ++at_;
        Json value = Json::array();
        if (++depth_ > max_depth_) {
            return give_up();
        }
        auto& items = value.get_ref<Json::array_t&>();
        skip_space();
        if (!take(']')) {
            do {
                items.push_back(read_value());
                if (failed_) {
                    return {};
                }
                skip_space();
            } while (take(','));
            if (!take(']')) {
                return give_up();
            }
        }
        --depth_;
        return value;
    }

    Json read_string_value() {
        std::string text;
        if (!read_string(text)) {
            return give_up();
        }
        return Json(std::move(text));
    }

    /// `out` is empty.
    bool read_string(std::string& out) {
        if (!take('"')) {
            return false;
        }
        std::size_t const begin = at_;
        for (;;) {
            std::size_t const stop = find_byte(text_, at_, kStringStop);
            out.append(text_, at_, stop - at_);
            at_ = stop;
            if (at_ >= text_.size() || at_ - begin > max_string_bytes_) {
                return false;
            }
            if (text_[at_] == '"') {
                ++at_;
                return true;
            }
            if (text_[at_] == '\\') {
                ++at_;
                if (!read_escape(out)) {
                    return false;
                }
            } else {
                std::size_t const length = utf8_character(text_.substr(at_)); // 1 for a control character
                if (length < 2) {
                    return false;
                }
                out.append(text_, at_, length);
                at_ += length;
            }
        }
    }

    bool read_escape(std::string& out) {
        static constexpr std::string_view kNames = "\"\\/bfnrt";
        static constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
        char const name = peek();
        ++at_;
        if (name == 'u') {
            return read_code_point(out);
        }
        std::size_t const index = kNames.find(name);
        if (index == std::string_view::npos) {
            return false;
        }
        out += kMeanings[index];
        return true;
    }

    bool read_code_point(std::string& out) {
        std::uint32_t code = 0;
        if (!read_hex4(code)) {
            return false;
        }
        if (code >= 0xD800 && code <= 0xDFFF) {
            std::uint32_t low = 0;
            if (code > 0xDBFF || !take('\\') || !take('u') || !read_hex4(low) || low < 0xDC00 ||
                low > 0xDFFF) {
                return false;
            }
            code = 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00);
        }
        append_utf8(out, code);
        return true;
    }

    bool read_hex4(std::uint32_t& out) noexcept {
        std::string_view const digits = text_.substr(std::min(at_, text_.size()), 4);
        char const* const end = digits.data() + digits.size();
        auto const [read_to, error] = std::from_chars(digits.data(), end, out, 16);
        if (error != std::errc() || digits.size() != 4 || read_to != end) {
            return false;
        }
        at_ += 4;
        return true;
    }

    bool skip_digits() noexcept {
        std::size_t const begin = at_;
        while (peek() >= '0' && peek() <= '9') {
            ++at_;
        }
        return at_ != begin;
    }

    Json read_number() {
        char const* const begin = text_.data() + at_;
        bool const negative = take('-');
        bool const whole = take('0') || skip_digits();
        bool is_float = false;
        if (whole && take('.')) {
            is_float = true;
            if (!skip_digits()) {
                return give_up();
            }
        }
        if (whole && (take('e') || take('E'))) {
            is_float = true;
            static_cast<void>(take('+') || take('-'));
            if (!skip_digits()) {
                return give_up();
            }
        }
        if (!whole) {
            return give_up();
        }
        char const* const end = text_.data() + at_;
        if (is_float) {
            return number<double>(begin, end);
        }
        return negative ? number<std::int64_t>(begin, end) : number<std::uint64_t>(begin, end);
    }

    template <class Number>
    Json number(char const* begin, char const* end) {
        Number value{};
        auto const [read_to, error] = std::from_chars(begin, end, value);
        if (error != std::errc() || read_to != end) {
            return give_up();
        }
        return Json(value);
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::size_t depth_ = 0;
    std::size_t max_depth_;
    std::size_t max_string_bytes_;
    bool failed_ = false;
};

} // namespace

std::optional<Json> read_sound_json(std::string_view text, JsonLimits const& limits) {
    return SoundJsonReader(text, limits).read();
}

} // namespace core
