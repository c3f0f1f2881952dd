#include "ado/markdown.hpp"

#include <algorithm>
#include <cstddef>

namespace ado {
namespace {

bool is_ascii_punctuation(char c) noexcept {
    return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
           (c >= '{' && c <= '~');
}

std::size_t run_length(std::string_view text, std::size_t at, char c) noexcept {
    std::size_t const end = text.find_first_not_of(c, at);
    return (end == std::string_view::npos ? text.size() : end) - at;
}

bool is_blank(std::string_view line) noexcept {
    return line.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

/// Columns of white space a line begins with; a tab counts as four.
std::size_t indentation(std::string_view line) noexcept {
    std::size_t columns = 0;
    for (char const c : line) {
        if (c == ' ') {
            ++columns;
        } else if (c == '\t') {
            columns += 4;
        } else {
            break;
        }
    }
    return columns;
}

/// Length of a list marker (`- `, `12. `) at the start of `text`, 0 when there is none.
std::size_t list_marker(std::string_view text) noexcept {
    std::size_t end = 0;
    if (!text.empty() && (text[0] == '-' || text[0] == '*' || text[0] == '+')) {
        end = 1;
    } else {
        while (end < text.size() && end < 9 && text[end] >= '0' && text[end] <= '9') {
            ++end;
        }
        if (end == 0 || end >= text.size() || (text[end] != '.' && text[end] != ')')) {
            return 0;
        }
        ++end;
    }
    return end < text.size() && (text[end] == ' ' || text[end] == '\t') ? end + 1 : 0;
}

/// What stands before a line's text: white space, `>` of quotations, list markers.
std::size_t container_prefix(std::string_view line) noexcept {
    std::size_t at = 0;
    for (;;) {
        std::size_t const text = line.find_first_not_of(" \t", at);
        if (text == std::string_view::npos) {
            return at;
        }
        at = text;
        if (line[at] == '>') {
            ++at;
        } else if (std::size_t const marker = list_marker(line.substr(at)); marker != 0) {
            at += marker;
        } else {
            return at;
        }
    }
}

class Escaper {
public:
    explicit Escaper(std::string_view text) : text_(text) { out_.reserve(text.size() + text.size() / 16); }

    std::string run() {
        while (at_ < text_.size()) {
            std::string_view const line = line_at(at_);
            if (in_fence_) {
                fenced_line(line);
            } else if (is_indented_code(line)) {
                copy(line.size());
            } else if (opens_fence(line)) {
                copy(line.size());
            } else {
                text_line(line);
            }
            after_blank_ = is_blank(line);
        }
        return std::move(out_);
    }

private:
    std::string_view line_at(std::size_t at) const noexcept {
        std::size_t const end = text_.find('\n', at);
        return text_.substr(at, end == std::string_view::npos ? std::string_view::npos : end + 1 - at);
    }

    void copy(std::size_t count) {
        out_.append(text_.substr(at_, count));
        at_ += count;
    }

    bool opens_fence(std::string_view line) noexcept {
        std::string_view const rest = line.substr(container_prefix(line));
        if (rest.empty() || (rest[0] != '`' && rest[0] != '~')) {
            return false;
        }
        std::size_t const length = run_length(rest, 0, rest[0]);
        // A backtick in the info string makes it a code span within a line.
        if (length < 3 || (rest[0] == '`' && rest.find('`', length) != std::string_view::npos)) {
            return false;
        }
        in_fence_ = true;
        fence_char_ = rest[0];
        fence_length_ = length;
        in_indented_code_ = false;
        return true;
    }

    void fenced_line(std::string_view line) {
        std::string_view rest = line;
        rest.remove_prefix(std::min(rest.find_first_not_of(" \t>"), rest.size()));
        if (!rest.empty() && rest[0] == fence_char_) {
            std::size_t const length = run_length(rest, 0, fence_char_);
            if (length >= fence_length_ && is_blank(rest.substr(length))) {
                in_fence_ = false;
            }
        }
        copy(line.size());
    }

    /// Code by four columns of white space: only after an empty line, and not inside a list, where it
    /// continues the item.
    bool is_indented_code(std::string_view line) noexcept {
        if (is_blank(line)) {
            return in_indented_code_;
        }
        std::size_t const columns = indentation(line);
        in_indented_code_ = columns >= 4 && !in_list_ && (in_indented_code_ || after_blank_);
        if (!in_indented_code_) {
            std::string_view const rest = line.substr(std::min(line.find_first_not_of(" \t"), line.size()));
            in_list_ = list_marker(rest) != 0 || (in_list_ && (columns != 0 || !after_blank_));
        }
        return in_indented_code_;
    }

    void text_line(std::string_view line) {
        std::size_t end = at_ + line.size();
        copy(container_prefix(line));
        while (at_ < end) {
            char const c = text_[at_];
            if (c == '`') {
                code_span();
            } else if (c == '\\' && at_ + 1 < text_.size() && is_ascii_punctuation(text_[at_ + 1])) {
                ++at_;
                if (!entity(text_[at_])) {
                    out_ += '\\';
                    out_ += text_[at_];
                }
                ++at_;
            } else {
                if (!entity(c)) {
                    out_ += c;
                }
                ++at_;
            }
            // A code span may end in a later line, whose rest is text too.
            if (at_ > end) {
                end = at_ + line_at(at_).size();
            }
        }
    }

    bool entity(char c) {
        if (c == '<') {
            out_ += "&lt;";
        } else if (c == '>') {
            out_ += "&gt;";
        } else {
            return false;
        }
        return true;
    }

    /// Copies a code span, or the backticks alone when nothing closes them before the paragraph ends.
    void code_span() {
        std::size_t const length = run_length(text_, at_, '`');
        if (at_ >= paragraph_end_) {
            paragraph_end_ = end_of_paragraph(at_);
        }
        std::size_t search = at_ + length;
        while (search < paragraph_end_) {
            std::size_t const tick = text_.find('`', search);
            if (tick == std::string_view::npos || tick >= paragraph_end_) {
                break;
            }
            std::size_t const closing = run_length(text_, tick, '`');
            if (closing == length) {
                copy(tick + closing - at_);
                return;
            }
            search = tick + closing;
        }
        copy(length);
    }

    std::size_t end_of_paragraph(std::size_t from) const noexcept {
        std::size_t at = from + line_at(from).size();
        while (at < text_.size()) {
            std::string_view const line = line_at(at);
            if (is_blank(line)) {
                break;
            }
            at += line.size();
        }
        return at;
    }

    std::string_view text_;
    std::string out_;
    std::size_t at_ = 0;
    std::size_t paragraph_end_ = 0; ///< of the paragraph last looked at
    bool in_fence_ = false;
    bool in_indented_code_ = false;
    bool in_list_ = false;
    bool after_blank_ = true;
    char fence_char_ = '`';
    std::size_t fence_length_ = 0;
};

} // namespace

std::string escape_markdown_field(std::string_view text) {
    return Escaper(text).run();
}

} // namespace ado
