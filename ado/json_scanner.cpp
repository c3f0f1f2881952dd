#include "ado/json_scanner.hpp"

#include "core/text/byte_scan.hpp"
#include "core/text/utf8.hpp"

#include <charconv>

namespace ado {
namespace {

/// What ends a run of plain characters inside a string: quote, backslash, controls.
constexpr auto kStop = [](auto c) {
    return (c < static_cast<unsigned char>(0x20)) | (c == static_cast<unsigned char>('"')) |
           (c == static_cast<unsigned char>('\\'));
};

constexpr unsigned kReplacement = 0xFFFD;

bool is_high_surrogate(unsigned unit) noexcept {
    return unit >= 0xD800 && unit < 0xDC00;
}
bool is_low_surrogate(unsigned unit) noexcept {
    return unit >= 0xDC00 && unit < 0xE000;
}

} // namespace

JsonScanner::JsonScanner(std::string_view text) noexcept : text_(text) {
    if (text_.starts_with("\xEF\xBB\xBF")) {
        at_ = 3;
    }
}

void JsonScanner::skip_space() noexcept {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) {
        ++at_;
    }
}

bool JsonScanner::fail() noexcept {
    failed_ = true;
    return false;
}

JsonScanner::Kind JsonScanner::peek() noexcept {
    skip_space();
    if (failed_ || at_ >= text_.size()) {
        return Kind::invalid;
    }
    switch (text_[at_]) {
    case '{':
        return Kind::object;
    case '[':
        return Kind::array;
    case '"':
        return Kind::string;
    case 't':
    case 'f':
        return Kind::boolean;
    case 'n':
        return Kind::null;
    default:
        return text_[at_] == '-' || (text_[at_] >= '0' && text_[at_] <= '9') ? Kind::number : Kind::invalid;
    }
}

bool JsonScanner::enter_object() noexcept {
    if (peek() != Kind::object) {
        return fail();
    }
    ++at_;
    first_member_ = true;
    return true;
}

bool JsonScanner::next_member(std::string& name) {
    skip_space();
    if (failed_ || at_ >= text_.size()) {
        return fail();
    }
    if (text_[at_] == '}') {
        ++at_;
        first_member_ = false;
        return false;
    }
    if (!first_member_) {
        if (text_[at_] != ',') {
            return fail();
        }
        ++at_;
    }
    first_member_ = false;
    if (!read_string(name)) {
        return false;
    }
    skip_space();
    if (at_ >= text_.size() || text_[at_] != ':') {
        return fail();
    }
    ++at_;
    return true;
}

bool JsonScanner::read_string(std::string& out) {
    if (peek() != Kind::string) {
        return fail();
    }
    ++at_;
    out.clear();
    for (;;) {
        std::size_t const end = core::find_byte(text_, at_, kStop);
        out.append(text_, at_, end - at_);
        at_ = end;
        if (at_ >= text_.size()) {
            return fail();
        }
        char const c = text_[at_++];
        if (c == '"') {
            return true;
        }
        if (c != '\\' || !escape(out)) {
            return fail();
        }
    }
}

bool JsonScanner::escape(std::string& out) {
    if (at_ >= text_.size()) {
        return false;
    }
    switch (text_[at_++]) {
    case 'n':
        out += '\n';
        return true;
    case 'r':
        out += '\r';
        return true;
    case 't':
        out += '\t';
        return true;
    case '"':
        out += '"';
        return true;
    case '\\':
        out += '\\';
        return true;
    case '/':
        out += '/';
        return true;
    case 'b':
        out += '\b';
        return true;
    case 'f':
        out += '\f';
        return true;
    case 'u':
        break;
    default:
        return false;
    }
    unsigned unit = 0;
    if (!hex4(unit)) {
        return false;
    }
    if (is_high_surrogate(unit) && text_.substr(at_).starts_with("\\u")) {
        std::size_t const back = at_;
        at_ += 2;
        unsigned low = 0;
        if (!hex4(low)) {
            return false;
        }
        if (is_low_surrogate(low)) {
            core::append_utf8(out, 0x10000U + ((unit - 0xD800U) << 10U) + (low - 0xDC00U));
            return true;
        }
        at_ = back;
    }
    // A half of a pair, as cut-off or binary content has it, must not cost the whole file.
    bool const half = is_high_surrogate(unit) || is_low_surrogate(unit);
    core::append_utf8(out, half ? kReplacement : unit);
    return true;
}

bool JsonScanner::hex4(unsigned& out) noexcept {
    std::string_view const digits = text_.substr(at_, 4);
    auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out, 16);
    if (error != std::errc() || digits.size() != 4 || end != digits.data() + 4) {
        return false;
    }
    at_ += 4;
    return true;
}

bool JsonScanner::read_int(std::int64_t& out) noexcept {
    if (peek() != Kind::number) {
        return fail();
    }
    char const* const begin = text_.data() + at_;
    auto const [end, error] = std::from_chars(begin, text_.data() + text_.size(), out);
    if (error != std::errc()) {
        return fail();
    }
    at_ += static_cast<std::size_t>(end - begin);
    // A fraction or an exponent is no integer.
    bool const more = at_ < text_.size() && (text_[at_] == '.' || text_[at_] == 'e' || text_[at_] == 'E');
    return more ? fail() : true;
}

bool JsonScanner::read_bool(bool& out) noexcept {
    skip_space();
    for (bool const value : {true, false}) {
        std::string_view const word = value ? "true" : "false";
        if (!failed_ && text_.substr(at_).starts_with(word)) {
            at_ += word.size();
            out = value;
            return true;
        }
    }
    return fail();
}

bool JsonScanner::skip_string() noexcept {
    ++at_;
    for (;;) {
        at_ = core::find_byte(text_, at_, kStop);
        if (at_ >= text_.size()) {
            return fail();
        }
        char const c = text_[at_++];
        if (c == '"') {
            return true;
        }
        if (c != '\\' || at_ >= text_.size()) {
            return fail();
        }
        ++at_;
    }
}

bool JsonScanner::skip_literal() noexcept {
    std::size_t const begin = at_;
    while (at_ < text_.size() &&
           std::string_view(",]}: \t\r\n\"[{").find(text_[at_]) == std::string_view::npos) {
        ++at_;
    }
    return at_ != begin || fail();
}

bool JsonScanner::skip() noexcept {
    if (peek() == Kind::invalid) {
        return fail();
    }
    std::size_t depth = 0;
    do {
        skip_space();
        if (at_ >= text_.size()) {
            return fail();
        }
        switch (text_[at_]) {
        case '{':
        case '[':
            ++depth;
            ++at_;
            break;
        case '}':
        case ']':
            if (depth == 0) {
                return fail();
            }
            --depth;
            ++at_;
            break;
        case ',':
        case ':':
            if (depth == 0) {
                return fail();
            }
            ++at_;
            break;
        case '"':
            if (!skip_string()) {
                return false;
            }
            break;
        default:
            if (!skip_literal()) {
                return false;
            }
        }
    } while (depth != 0);
    return true;
}

bool JsonScanner::at_end() noexcept {
    skip_space();
    return !failed_ && at_ == text_.size();
}

} // namespace ado
