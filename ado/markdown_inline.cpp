#include "ado/markdown_inline.hpp"

#include "core/http/http_message.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <utility>

namespace ado {
namespace {

/// A link is not longer: text full of opening brackets is not searched to its end for each of them.
constexpr std::size_t kLongestLink = 4096;
bool is_link_target(std::string_view url) noexcept {
    auto const begins = [url](std::string_view scheme) {
        return core::iequals(url.substr(0, scheme.size()), scheme);
    };
    return (begins("http://") || begins("https://") || begins("mailto:")) &&
           url.find_first_of(" \t\n<>\"") == std::string_view::npos;
}

bool is_word(char c) noexcept {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || (c & '\x80') != 0;
}

/// One paragraph's text: code spans, links, emphasis, line breaks.
class Inline {
public:
    Inline(std::string_view text, int depth) : text_(text), depth_(depth) {}

    std::string run() {
        while (at_ < text_.size()) {
            char const c = text_[at_];
            bool const done = (c == '`' && code()) || (c == '!' && link(true)) || (c == '[' && link(false)) ||
                              (c == '<' && angle_link()) || ((c == '*' || c == '_') && emphasis(c)) ||
                              (c == '~' && strike()) || (c == 'h' && bare_link()) ||
                              (c == '\n' && line_end());
            if (done) {
                continue;
            }
            if (c == '\\' && at_ + 1 < text_.size() &&
                std::ispunct(static_cast<unsigned char>(text_[at_ + 1])) != 0) {
                ++at_;
            }
            append_escaped_html(out_, text_.substr(at_, 1));
            ++at_;
        }
        return std::move(out_);
    }

private:
    std::string inner(std::string_view text) const {
        std::string plain;
        if (depth_ <= 0) {
            append_escaped_html(plain, text);
            return plain;
        }
        return Inline(text, depth_ - 1).run();
    }

    std::size_t find_near(std::string_view what, std::size_t from) const {
        return text_.substr(0, from + kLongestLink).find(what, from);
    }

    bool code() {
        std::size_t const end = std::min(text_.find_first_not_of('`', at_), text_.size());
        std::string const fence(text_.substr(at_, end - at_));
        std::size_t close = end;
        for (;;) {
            close = text_.find(fence, close);
            if (close == std::string_view::npos) {
                out_ += fence;
                at_ = end;
                return true;
            }
            std::size_t const past = std::min(text_.find_first_not_of('`', close), text_.size());
            if (past - close == fence.size()) {
                break;
            }
            close = past;
        }
        out_ += "<code>";
        append_escaped_html(out_, trim_markdown(text_.substr(end, close - end)));
        out_ += "</code>";
        at_ = close + fence.size();
        return true;
    }

    bool link(bool image) {
        std::size_t const open = at_ + (image ? 1 : 0);
        if (open >= text_.size() || text_[open] != '[') {
            return false;
        }
        int level = 0;
        std::size_t close = open;
        std::size_t const last = std::min(text_.size(), open + kLongestLink);
        for (; close < last; ++close) {
            level += text_[close] == '[' ? 1 : text_[close] == ']' ? -1 : 0;
            if (level == 0) {
                break;
            }
        }
        if (level != 0 || close + 1 >= text_.size() || text_[close + 1] != '(') {
            return false;
        }
        std::size_t const end = find_near(")", close);
        if (end == std::string_view::npos) {
            return false;
        }
        std::string_view url = trim_markdown(text_.substr(close + 2, end - close - 2));
        url = url.substr(0, url.find_first_of(" \t"));
        if (!is_link_target(url)) {
            return false;
        }
        std::string_view const words = text_.substr(open + 1, close - open - 1);
        if (image) {
            out_ += "<img src=\"";
            append_escaped_html(out_, url);
            out_ += "\" alt=\"";
            append_escaped_html(out_, words);
            out_ += "\">";
        } else {
            put_link(url, inner(words));
        }
        at_ = end + 1;
        return true;
    }

    void put_link(std::string_view url, std::string const& words) {
        out_ += "<a href=\"";
        append_escaped_html(out_, url);
        out_ += "\">" + words + "</a>";
    }

    bool angle_link() {
        std::size_t const end = find_near(">", at_);
        std::string_view const url =
            end == std::string_view::npos ? std::string_view() : text_.substr(at_ + 1, end - at_ - 1);
        if (!is_link_target(url)) {
            return false;
        }
        std::string words;
        append_escaped_html(words, url);
        put_link(url, words);
        at_ = end + 1;
        return true;
    }

    bool bare_link() {
        bool const inside_word = at_ > 0 && is_word(text_[at_ - 1]);
        std::size_t const end = std::min(text_.find_first_of(" \t\n<>\"`)", at_), text_.size());
        std::string_view url = text_.substr(at_, end - at_);
        while (!url.empty() && std::string_view(".,;:!?*_").find(url.back()) != std::string_view::npos) {
            url.remove_suffix(1);
        }
        if (inside_word || !is_link_target(url)) {
            return false;
        }
        std::string words;
        append_escaped_html(words, url);
        put_link(url, words);
        at_ += url.size();
        return true;
    }

    bool emphasis(char mark) {
        std::size_t const run = std::min(text_.find_first_not_of(mark, at_), text_.size()) - at_;
        std::size_t const length = std::min<std::size_t>(run, 2);
        std::size_t const begin = at_ + length;
        bool const inside_word = mark == '_' && at_ > 0 && is_word(text_[at_ - 1]);
        if (inside_word || begin >= text_.size() || text_[begin] == ' ' || text_[begin] == '\n') {
            return false;
        }
        std::size_t const close = find_near(std::string(length, mark), begin);
        if (close == std::string_view::npos || close == begin || text_[close - 1] == ' ') {
            return false;
        }
        bool const ends_in_word =
            mark == '_' && close + length < text_.size() && is_word(text_[close + length]);
        std::string_view const words = text_.substr(begin, close - begin);
        if (ends_in_word || words.find('`') != std::string_view::npos) {
            return false;
        }
        char const* const tag = length == 2 ? "strong" : "em";
        out_ += std::string("<") + tag + ">" + inner(words) + "</" + tag + ">";
        at_ = close + length;
        return true;
    }

    bool strike() {
        std::size_t const close =
            text_.substr(at_).starts_with("~~") ? find_near("~~", at_ + 2) : std::string_view::npos;
        if (close == std::string_view::npos || close == at_ + 2) {
            return false;
        }
        out_ += "<s>" + inner(text_.substr(at_ + 2, close - at_ - 2)) + "</s>";
        at_ = close + 2;
        return true;
    }

    /// Fields join lines: each stays one, as its writer saw it.
    bool line_end() {
        while (!out_.empty() && (out_.back() == ' ' || out_.back() == '\\')) {
            out_.pop_back();
        }
        out_ += "<br>";
        ++at_;
        return true;
    }

    std::string_view text_;
    std::string out_;
    std::size_t at_ = 0;
    int depth_;
};

} // namespace

std::string markdown_inline_html(std::string_view text) {
    return Inline(text, kMarkdownDepth).run();
}

void append_escaped_html(std::string& out, std::string_view text) {
    for (char const c : text) {
        switch (c) {
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '&':
            out += "&amp;";
            break;
        case '"':
            out += "&quot;";
            break;
        default:
            out += c;
        }
    }
}

std::string_view trim_markdown(std::string_view text) noexcept {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) {
        text.remove_suffix(1);
    }
    return text;
}

} // namespace ado
