#include "protocol/schema_pattern.hpp"

#include "protocol/schema.hpp"

#include <re2/re2.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

namespace protocol {
namespace {

// What ECMA 262 takes for \s, RE2 for fewer characters; and all others.
constexpr std::string_view kSpaces = R"(\t\n\v\f\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029})"
                                     R"(\x{202f}\x{205f}\x{3000}\x{feff})";
constexpr std::string_view kNoSpaces = R"(\x{0}-\x{8}\x{e}-\x{1f}\x{21}-\x{9f}\x{a1}-\x{167f})"
                                       R"(\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e})"
                                       R"(\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{fefe})"
                                       R"(\x{ff00}-\x{10ffff})";

constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kCategories{
    std::pair{std::string_view("Letter"), std::string_view("L")},
    std::pair{std::string_view("Lowercase_Letter"), std::string_view("Ll")},
    std::pair{std::string_view("Uppercase_Letter"), std::string_view("Lu")},
    std::pair{std::string_view("Mark"), std::string_view("M")},
    std::pair{std::string_view("Number"), std::string_view("N")},
    std::pair{std::string_view("Decimal_Number"), std::string_view("Nd")},
    std::pair{std::string_view("Punctuation"), std::string_view("P")},
    std::pair{std::string_view("Symbol"), std::string_view("S")},
    std::pair{std::string_view("Separator"), std::string_view("Z")},
    std::pair{std::string_view("Other"), std::string_view("C")}};

bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// The dialects share most of their text and differ where it hurts: `[^]`, `\u0041`, `\s`, `[[:alpha:]]`.
class Translator {
public:
    explicit Translator(std::string_view text) : text_(text) {}

    std::string translate() {
        while (at_ < text_.size() && failure_.empty()) {
            char const c = text_[at_++];
            if (c == '\\') {
                escape(false);
            } else if (c == '[') {
                character_class();
            } else if (c == '.') {
                out_ += R"([^\n\r\x{2028}\x{2029}])";
            } else if (c == '(') {
                group();
            } else {
                out_ += c;
            }
        }
        return std::move(out_);
    }

    std::string const& failure() const { return failure_; }

private:
    bool take(std::string_view next) {
        bool const there = text_.substr(at_).starts_with(next);
        at_ += there ? next.size() : 0;
        return there;
    }

    void group() {
        out_ += '(';
        if (!take("?")) {
            return;
        }
        if (take(":")) {
            out_ += "?:";
        } else if (take("=") || take("!") || take("<=") || take("<!")) {
            failure_ = "look-around is not supported";
        } else if (std::size_t const end = text_.find('>', at_); take("<") && end != std::string_view::npos) {
            at_ = end + 1; // nobody asks for what it captures
        } else {
            failure_ = "an unknown kind of group";
        }
    }

    void character_class() {
        bool const negated = take("^");
        if (take("]")) {
            out_ += negated ? "(?s:.)" : R"([^\x{0}-\x{10ffff}])";
            return;
        }
        out_ += negated ? "[^" : "[";
        while (at_ < text_.size() && failure_.empty()) {
            char const c = text_[at_++];
            if (c == ']') {
                out_ += ']';
                return;
            }
            if (c == '\\') {
                escape(true);
            } else if (c == '[') {
                out_ += "\\["; // else RE2 might see a POSIX class
            } else {
                out_ += c;
            }
        }
        failure_ = failure_.empty() ? "a [ without its ]" : failure_;
    }

    void escape(bool in_class) {
        if (at_ == text_.size()) {
            failure_ = "a \\ at the end";
            return;
        }
        char const c = text_[at_++];
        switch (c) {
        case 'd':
        case 'D':
        case 'w':
        case 'W':
        case 'n':
        case 'r':
        case 't':
        case 'f':
        case 'v':
            out_ += {'\\', c};
            return;
        case 's':
            out_ += in_class ? std::string(kSpaces) : "[" + std::string(kSpaces) + "]";
            return;
        case 'S':
            out_ += in_class ? std::string(kNoSpaces) : "[" + std::string(kNoSpaces) + "]";
            return;
        case 'b':
            out_ += in_class ? "\\x{8}" : "\\b";
            return;
        case 'p':
        case 'P':
            property(c);
            return;
        default:
            character(c, in_class);
        }
    }

    void character(char c, bool in_class) {
        if (c == 'B' && !in_class) {
            out_ += "\\B";
        } else if (c == 'u' || c == 'x') {
            code_point(c);
        } else if (c == 'c' && at_ < text_.size() && is_alphanumeric(text_[at_]) && text_[at_] > '9') {
            append_code_point(static_cast<unsigned char>(text_[at_++]) % 32U);
        } else if (c == '0' && (at_ == text_.size() || text_[at_] < '0' || text_[at_] > '9')) {
            append_code_point(0);
        } else if ((c >= '1' && c <= '9') || c == 'k') {
            failure_ = "back references are not supported";
        } else if (is_alphanumeric(c)) {
            failure_ = std::string("\\") + c + " is no escape of ECMA 262";
        } else if (c == '_' || (static_cast<unsigned char>(c) & 0x80U) != 0) {
            out_ += c;
        } else {
            out_ += {'\\', c};
        }
    }

    std::optional<std::uint32_t> hex(std::size_t digits) {
        std::uint32_t value = 0;
        std::string_view const text = text_.substr(at_, digits);
        auto const read = std::from_chars(text.data(), text.data() + text.size(), value, 16);
        if (text.size() != digits || read.ec != std::errc() || read.ptr != text.data() + text.size()) {
            return std::nullopt;
        }
        at_ += digits;
        return value;
    }

    void code_point(char kind) {
        std::optional<std::uint32_t> value;
        if (kind == 'u' && take("{")) {
            std::size_t const end = text_.find('}', at_);
            if (end != std::string_view::npos && end - at_ <= 6) {
                value = hex(end - at_);
                ++at_;
            }
        } else {
            value = hex(kind == 'u' ? 4 : 2);
        }
        if (value && *value >= 0xD800 && *value < 0xDC00 && take("\\u")) {
            auto const low = hex(4);
            value = low && *low >= 0xDC00 && *low < 0xE000
                        ? std::optional(0x10000 + ((*value - 0xD800) << 10U) + (*low - 0xDC00))
                        : std::nullopt;
        }
        if (!value || *value > 0x10FFFF) {
            failure_ = std::string("a broken \\") + kind;
            return;
        }
        append_code_point(*value);
    }

    void append_code_point(std::uint32_t value) {
        std::array<char, 8> digits{};
        auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16);
        out_ += "\\x{" + std::string(digits.data(), end.ptr) + "}";
    }

    void property(char kind) {
        std::size_t const end = text_.find('}', at_);
        if (!take("{") || end == std::string_view::npos) {
            failure_ = "\\p without {…}";
            return;
        }
        std::string_view name = text_.substr(at_, end - at_);
        at_ = end + 1;
        for (std::string_view const prefix : {"General_Category=", "gc=", "Script=", "sc="}) {
            if (name.starts_with(prefix)) {
                name.remove_prefix(prefix.size());
                break;
            }
        }
        for (auto const& [longer, shorter] : kCategories) {
            name = name == longer ? shorter : name;
        }
        if (name.starts_with('^')) {
            failure_ = "\\p{^…} is no escape of ECMA 262";
            return;
        }
        out_ += std::string("\\") + kind + "{" + std::string(name) + "}";
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::string out_;
    std::string failure_;
};

} // namespace

SchemaPattern::SchemaPattern(std::string_view text) {
    if (text.size() > kMaxPatternBytes) {
        failure_ = "more than " + std::to_string(kMaxPatternBytes) + " bytes";
        return;
    }
    Translator translator(text);
    std::string const translated = translator.translate();
    failure_ = translator.failure();
    if (!failure_.empty()) {
        return;
    }
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(std::int64_t{4} * 1024 * 1024); // of the compiled form and its cache, a pattern
    engine_ = std::make_unique<re2::RE2>(translated, options);
    if (!engine_->ok()) {
        failure_ = engine_->error();
    }
}

SchemaPattern::SchemaPattern(SchemaPattern&&) noexcept = default;
SchemaPattern& SchemaPattern::operator=(SchemaPattern&&) noexcept = default;
SchemaPattern::~SchemaPattern() = default;

bool SchemaPattern::matches(std::string_view subject) const {
    return failure_.empty() && subject.size() <= kMaxPatternSubjectBytes &&
           engine_->Match(re2::StringPiece(subject.data(), subject.size()),
                          0,
                          subject.size(),
                          re2::RE2::UNANCHORED,
                          nullptr,
                          0);
}

} // namespace protocol
