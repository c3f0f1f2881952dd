#include "ado/markdown.hpp"

#include "ado/markdown_inline.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <utility>
#include <vector>

namespace ado {
namespace {

std::string_view trim_left(std::string_view text) noexcept {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    return text;
}

using Lines = std::vector<std::string_view>;

std::size_t indentation(std::string_view line) noexcept {
    std::size_t columns = 0;
    for (char const c : line) {
        if (c != ' ' && c != '\t') {
            break;
        }
        columns += c == '\t' ? 4 : 1;
    }
    return columns;
}

/// Length of `- ` or `12. ` with what stands before it; 0 when the line begins no list item.
std::size_t item_marker(std::string_view line) noexcept {
    std::size_t const at = std::min(line.find_first_not_of(" \t"), line.size());
    std::size_t end = at;
    if (end < line.size() && (line[end] == '-' || line[end] == '*' || line[end] == '+')) {
        ++end;
    } else {
        while (end < line.size() && end - at < 9 && line[end] >= '0' && line[end] <= '9') {
            ++end;
        }
        if (end == at || end >= line.size() || (line[end] != '.' && line[end] != ')')) {
            return 0;
        }
        ++end;
    }
    return end < line.size() && (line[end] == ' ' || line[end] == '\t') ? end + 1 : 0;
}

std::size_t heading_level(std::string_view line) noexcept {
    std::size_t const level = std::min(line.find_first_not_of('#'), line.size());
    return level >= 1 && level <= 6 && (level == line.size() || line[level] == ' ') ? level : 0;
}

std::string_view fence_of(std::string_view line) noexcept {
    std::string_view const text = trim_left(line);
    if (text.empty() || (text[0] != '`' && text[0] != '~')) {
        return {};
    }
    std::size_t const length = std::min(text.find_first_not_of(text[0]), text.size());
    return length >= 3 ? text.substr(0, length) : std::string_view();
}

bool is_rule(std::string_view line) noexcept {
    std::string_view const text = trim_markdown(line);
    if (text.size() < 3 || (text[0] != '-' && text[0] != '*' && text[0] != '_')) {
        return false;
    }
    return std::all_of(text.begin(), text.end(), [&](char c) { return c == text[0] || c == ' '; });
}

bool is_table_divider(std::string_view line) noexcept {
    std::string_view const text = trim_markdown(line);
    return text.find('-') != std::string_view::npos && text.find('|') != std::string_view::npos &&
           text.find_first_not_of("|-: \t") == std::string_view::npos;
}

Lines cells_of(std::string_view line) {
    std::string_view text = trim_markdown(line);
    if (text.starts_with('|')) {
        text.remove_prefix(1);
    }
    if (text.ends_with('|')) {
        text.remove_suffix(1);
    }
    Lines cells;
    for (;;) {
        std::size_t const bar = text.find('|');
        cells.push_back(trim_markdown(text.substr(0, bar)));
        if (bar == std::string_view::npos) {
            return cells;
        }
        text.remove_prefix(bar + 1);
    }
}

class Blocks {
public:
    Blocks(Lines lines, int depth) : lines_(std::move(lines)), depth_(depth) {}

    std::string run() {
        while (at_ < lines_.size()) {
            block();
        }
        return std::move(out_);
    }

private:
    void block() {
        std::string_view const line = lines_[at_];
        std::string_view const text = trim_left(line);
        if (trim_markdown(line).empty()) {
            ++at_;
        } else if (std::string_view const fence = fence_of(line); !fence.empty()) {
            fenced(fence);
        } else if (std::size_t const level = heading_level(text)) {
            std::string const tag = "h" + std::to_string(level);
            out_ +=
                "<" + tag + ">" + markdown_inline_html(trim_markdown(text.substr(level))) + "</" + tag + ">";
            ++at_;
        } else if (is_rule(line)) {
            out_ += "<hr>";
            ++at_;
        } else if (depth_ > 0 && text.starts_with('>')) {
            quotation();
        } else if (depth_ > 0 && item_marker(line) != 0) {
            list();
        } else if (at_ + 1 < lines_.size() && line.find('|') != std::string_view::npos &&
                   is_table_divider(lines_[at_ + 1])) {
            table();
        } else if (indentation(line) >= 4) {
            indented();
        } else {
            paragraph();
        }
    }

    void fenced(std::string_view fence) {
        out_ += "<pre><code>";
        for (++at_; at_ < lines_.size(); ++at_) {
            std::string_view const closing = fence_of(lines_[at_]);
            if (closing.size() >= fence.size() && closing[0] == fence[0] &&
                trim_markdown(lines_[at_]).size() == closing.size()) {
                ++at_;
                break;
            }
            append_escaped_html(out_, lines_[at_]);
            out_ += '\n';
        }
        out_ += "</code></pre>";
    }

    void indented() {
        out_ += "<pre><code>";
        while (at_ < lines_.size() && indentation(lines_[at_]) >= 4) {
            std::string_view const line = lines_[at_++];
            append_escaped_html(out_, line.substr(line.front() == '\t' ? 1 : 4));
            out_ += '\n';
        }
        out_ += "</code></pre>";
    }

    void quotation() {
        Lines inner;
        while (at_ < lines_.size() && trim_left(lines_[at_]).starts_with('>')) {
            std::string_view text = trim_left(lines_[at_++]).substr(1);
            if (text.starts_with(' ')) {
                text.remove_prefix(1);
            }
            inner.push_back(text);
        }
        out_ += "<blockquote>" + Blocks(std::move(inner), depth_ - 1).run() + "</blockquote>";
    }

    void list() {
        std::size_t const indent = indentation(lines_[at_]);
        bool const numbered = std::isdigit(static_cast<unsigned char>(trim_left(lines_[at_])[0])) != 0;
        char const* const tag = numbered ? "ol" : "ul";
        out_ += std::string("<") + tag + ">";
        while (at_ < lines_.size() && item_marker(lines_[at_]) != 0 && indentation(lines_[at_]) <= indent &&
               !is_rule(lines_[at_])) {
            out_ += "<li>" + item(indent) + "</li>";
        }
        out_ += std::string("</") + tag + ">";
    }

    /// The item's own text, then what is indented below it.
    std::string item(std::size_t indent) {
        std::string_view const first = lines_[at_];
        std::size_t const marker = item_marker(first);
        Lines inner{first.substr(marker)};
        for (++at_; at_ < lines_.size(); ++at_) {
            std::string_view const line = lines_[at_];
            bool const blank = trim_markdown(line).empty();
            bool const goes_on = at_ + 1 < lines_.size() && indentation(lines_[at_ + 1]) > indent &&
                                 !trim_markdown(lines_[at_ + 1]).empty();
            if (blank ? !goes_on : indentation(line) <= indent) {
                break;
            }
            inner.push_back(blank ? std::string_view()
                                  : line.substr(std::min(marker, line.find_first_not_of(" \t"))));
        }
        std::string text = Blocks(std::move(inner), depth_ - 1).run();
        // A lone paragraph would stand apart from its bullet.
        constexpr std::string_view kOpen = "<p>";
        constexpr std::string_view kClose = "</p>";
        std::size_t const close = text.find(kClose);
        if (text.starts_with(kOpen) && close != std::string::npos) {
            text.erase(close, kClose.size());
            text.erase(0, kOpen.size());
        }
        return text;
    }

    void row(std::string_view line, char const* tag) {
        out_ += "<tr>";
        for (std::string_view const cell : cells_of(line)) {
            out_ += std::string("<") + tag + ">" + markdown_inline_html(cell) + "</" + tag + ">";
        }
        out_ += "</tr>";
    }

    void table() {
        out_ += "<table>";
        row(lines_[at_], "th");
        for (at_ += 2; at_ < lines_.size() && lines_[at_].find('|') != std::string_view::npos; ++at_) {
            row(lines_[at_], "td");
        }
        out_ += "</table>";
    }

    bool ends_paragraph(std::string_view line) const {
        std::string_view const text = trim_left(line);
        return text.empty() || trim_markdown(line).empty() || !fence_of(line).empty() ||
               heading_level(text) != 0 || is_rule(line) ||
               (depth_ > 0 && (text.starts_with('>') || item_marker(line) != 0));
    }

    void paragraph() {
        std::string text(trim_markdown(lines_[at_]));
        for (++at_; at_ < lines_.size() && !ends_paragraph(lines_[at_]); ++at_) {
            text += '\n';
            text += trim_markdown(lines_[at_]);
        }
        out_ += "<p>" + markdown_inline_html(text) + "</p>";
    }

    Lines lines_;
    int depth_;
    std::size_t at_ = 0;
    std::string out_;
};

} // namespace

std::string markdown_to_html(std::string_view text) {
    Lines lines;
    while (!text.empty()) {
        std::size_t const end = text.find('\n');
        std::string_view line = text.substr(0, end);
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        lines.push_back(line);
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
    return Blocks(std::move(lines), kMarkdownDepth).run();
}

} // namespace ado
