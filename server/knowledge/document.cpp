#include "server/knowledge/document.hpp"

#include "core/http/http_message.hpp"
#include "core/text/utf8.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace server {
namespace {

/// A section is not larger, so that what is found is near what is shown.
constexpr std::size_t kSectionBytes = 1800;
constexpr std::size_t kLongestHeading = 200;
constexpr std::size_t kBinaryProbe = 8000;

enum class Format { markdown, restructured, asciidoc, wikitext, textile, org, html, plain };

constexpr std::array<std::pair<std::string_view, Format>, 15> kFormats{{{".md", Format::markdown},
                                                                        {".txt", Format::plain},
                                                                        {".rst", Format::restructured},
                                                                        {".adoc", Format::asciidoc},
                                                                        {".asciidoc", Format::asciidoc},
                                                                        {".wiki", Format::wikitext},
                                                                        {".textile", Format::textile},
                                                                        {".org", Format::org},
                                                                        {".htm", Format::html},
                                                                        {".html", Format::html},
                                                                        {".json", Format::plain},
                                                                        {".yaml", Format::plain},
                                                                        {".yml", Format::plain},
                                                                        {".xml", Format::plain},
                                                                        {".csv", Format::plain}}};

std::optional<Format> format_of(std::string_view path) noexcept {
    std::string_view const name =
        path.substr(path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1);
    std::size_t const dot = name.rfind('.');
    if (dot == std::string_view::npos) {
        return std::nullopt;
    }
    for (auto const& [ending, format] : kFormats) {
        if (core::iequals(name.substr(dot), ending)) {
            return format;
        }
    }
    return std::nullopt;
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t";
    std::size_t const first = text.find_first_not_of(kBlank);
    return first == std::string_view::npos ? std::string_view()
                                           : text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

class Heading {
public:
    std::size_t level = 0; ///< 0: none
    std::string text;
    bool of_line_before = false; ///< this line underlines it
};

/// `##  Title ##` of one kind of sign.
Heading marked_heading(std::string_view line, char sign, std::size_t most) {
    Heading heading;
    std::size_t const count = std::min(line.find_first_not_of(sign), line.size());
    if (count == 0 || count > most || count >= line.size() || (line[count] != ' ' && line[count] != '\t')) {
        return heading;
    }
    std::string_view text = trimmed(line.substr(count));
    while (text.ends_with(sign)) {
        text.remove_suffix(1);
    }
    heading.level = count;
    heading.text = trimmed(text);
    return heading;
}

/// A line of one punctuation sign under a line of text.
Heading underlined_heading(std::string_view line, std::string_view before, std::string_view signs) {
    Heading heading;
    std::string_view const sign_line = trimmed(line);
    std::string_view const text = trimmed(before);
    if (sign_line.size() < 3 || text.empty() || signs.find(sign_line.front()) == std::string_view::npos ||
        sign_line.find_first_not_of(sign_line.front()) != std::string_view::npos) {
        return heading;
    }
    // A table or a list above a rule is no heading.
    if (text.front() == '|' || text.front() == '-' || text.front() == '>' || text.front() == '#') {
        return heading;
    }
    heading.level = signs.find(sign_line.front()) + 1;
    heading.text = text;
    heading.of_line_before = true;
    return heading;
}

std::string without_tags(std::string_view text) {
    std::string out;
    bool in_tag = false;
    for (char const c : text) {
        if (c == '<') {
            in_tag = true;
        } else if (c == '>' && in_tag) {
            in_tag = false;
            out += ' ';
        } else if (!in_tag) {
            out += c;
        }
    }
    return out;
}

Heading html_heading(std::string_view line) {
    Heading heading;
    for (std::size_t at = line.find('<'); at != std::string_view::npos; at = line.find('<', at + 1)) {
        std::string_view const tag = line.substr(at);
        if (tag.size() > 4 && (tag[1] == 'h' || tag[1] == 'H') && tag[2] >= '1' && tag[2] <= '6' &&
            (tag[3] == '>' || tag[3] == ' ')) {
            std::size_t const end = tag.find("</");
            heading.level = static_cast<std::size_t>(tag[2] - '0');
            heading.text = trimmed(without_tags(tag.substr(0, end)));
            return heading;
        }
    }
    return heading;
}

Heading heading_of(Format format, std::string_view line, std::string_view before) {
    switch (format) {
    case Format::markdown: {
        Heading const marked = marked_heading(line, '#', 6);
        return marked.level != 0 ? marked : underlined_heading(line, before, "=-");
    }
    case Format::restructured:
        return underlined_heading(line, before, "=-~^\"'+*");
    case Format::asciidoc:
    case Format::wikitext:
        return marked_heading(line, '=', 6);
    case Format::org:
        return marked_heading(line, '*', 8);
    case Format::textile: {
        Heading heading;
        if (line.size() > 4 && line[0] == 'h' && line[1] >= '1' && line[1] <= '6' &&
            line.substr(2, 2) == ". ") {
            heading.level = static_cast<std::size_t>(line[1] - '0');
            heading.text = trimmed(line.substr(4));
        }
        return heading;
    }
    case Format::html:
        return html_heading(line);
    case Format::plain:
        break;
    }
    return {};
}

/// As Azure DevOps links to headings: lower case, blanks to hyphens, punctuation left out.
std::string anchor_of(std::string_view heading) {
    std::string anchor;
    for (char const c : heading) {
        if (c == ' ') {
            anchor += '-';
        } else if (c >= 'A' && c <= 'Z') {
            anchor += static_cast<char>(c - 'A' + 'a');
        } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                   (c & '\x80') != 0) {
            anchor += c;
        }
    }
    return anchor;
}

class Splitter {
public:
    explicit Splitter(Format format) : format_(format) {}

    Document run(std::string_view text) {
        std::size_t at = 0;
        while (at < text.size()) {
            std::size_t const end = std::min(text.find('\n', at), text.size());
            take(text.substr(at, end - at));
            at = end + 1;
        }
        close(line_);
        return std::move(document_);
    }

private:
    void take(std::string_view line) {
        ++line_;
        if (format_ == Format::markdown && in_front_matter(line)) {
            append(line);
            return;
        }
        if (is_fence(line)) {
            fenced_ = !fenced_;
        } else if (!fenced_) {
            Heading heading = heading_of(format_, line, before_);
            if (heading.level != 0 && !heading.text.empty()) {
                open(std::move(heading), line);
                return;
            }
        }
        bool const blank = trimmed(line).empty();
        if (current_.text.size() >= kSectionBytes || (blank && current_.text.size() >= kSectionBytes / 2)) {
            Section next;
            next.heading = current_.heading;
            next.anchor = current_.anchor;
            next.first_line = line_;
            close(line_ - 1);
            current_ = std::move(next);
        }
        append(line);
        before_ = line;
    }

    bool in_front_matter(std::string_view line) {
        bool const rule = trimmed(line) == "---";
        if (line_ == 1 && rule) {
            front_matter_ = true;
            return true;
        }
        bool const inside = front_matter_;
        front_matter_ = front_matter_ && !rule;
        return inside;
    }

    bool is_fence(std::string_view line) const {
        std::string_view const text = trimmed(line);
        return (format_ == Format::markdown && (text.starts_with("```") || text.starts_with("~~~"))) ||
               (format_ == Format::asciidoc && text == "----");
    }

    void open(Heading heading, std::string_view line) {
        std::size_t first = line_;
        if (heading.of_line_before) {
            // The line above is the heading's text and not the end of the section before it.
            first = line_ - 1;
            std::size_t const cut = current_.text.size() - std::min(current_.text.size(), before_.size() + 1);
            current_.text.erase(cut);
        }
        close(first - 1);
        heading.text = core::utf8_prefix(heading.text, kLongestHeading);
        while (!path_.empty() && path_.back().first >= heading.level) {
            path_.pop_back();
        }
        if (document_.title.empty() && headings_ == 0) {
            document_.title = heading.text;
        }
        ++headings_;
        current_.anchor = anchor_of(heading.text);
        path_.emplace_back(heading.level, std::move(heading.text));
        current_.heading.clear();
        for (auto const& [level, text] : path_) {
            current_.heading += (current_.heading.empty() ? "" : " > ") + text;
        }
        current_.first_line = first;
        append(line);
        before_ = std::string_view();
    }

    void append(std::string_view line) {
        if (current_.first_line == 0) {
            current_.first_line = line_;
        }
        current_.text += format_ == Format::html ? without_tags(line) : std::string(line);
        current_.text += '\n';
    }

    void close(std::size_t last) {
        bool const empty = current_.text.find_first_not_of(" \t\n") == std::string::npos;
        if (!empty && current_.first_line != 0) {
            current_.last_line = std::max(last, current_.first_line);
            document_.sections.push_back(std::move(current_));
        }
        current_ = Section();
    }

    Format format_;
    Document document_;
    Section current_;
    std::vector<std::pair<std::size_t, std::string>> path_; ///< headings we are under
    std::string_view before_;
    std::size_t line_ = 0;
    std::size_t headings_ = 0;
    bool fenced_ = false;
    bool front_matter_ = false;
};

} // namespace

bool is_indexed_format(std::string_view path) noexcept {
    return format_of(path).has_value();
}

Document split_document(std::string_view path, std::string_view text) {
    return Splitter(format_of(path).value_or(Format::plain)).run(text);
}

std::string decode_document(std::string bytes) {
    std::string_view const view = bytes;
    if (view.starts_with("\xFF\xFE") || view.starts_with("\xFE\xFF")) {
        return core::utf8_from_utf16(view, view.starts_with("\xFE\xFF"));
    }
    if (view.substr(0, kBinaryProbe).find('\0') != std::string_view::npos) {
        return {};
    }
    if (view.starts_with("\xEF\xBB\xBF")) {
        bytes.erase(0, 3);
    }
    return bytes;
}

} // namespace server
