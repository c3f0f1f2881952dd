#include "server/tools/snippet.hpp"

#include "server/tools/hit_locator.hpp"

#include <algorithm>
#include <utility>

namespace server {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";

bool continues_character(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

std::size_t count_characters(std::string_view text) {
    auto const starts =
        std::count_if(text.begin(), text.end(), [](char c) { return !continues_character(c); });
    return static_cast<std::size_t>(starts);
}

/// Byte offset `count` characters after `at`, at most the end.
std::size_t forward(std::string_view text, std::size_t at, std::size_t count) {
    while (at < text.size() && count > 0) {
        do {
            ++at;
        } while (at < text.size() && continues_character(text[at]));
        --count;
    }
    return at;
}

std::size_t backward(std::string_view text, std::size_t at, std::size_t count) {
    while (at > 0 && count > 0) {
        do {
            --at;
        } while (at > 0 && continues_character(text[at]));
        --count;
    }
    return at;
}

class LineIndex {
public:
    explicit LineIndex(std::string_view text) : text_(text) {
        starts_.push_back(0);
        for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
            starts_.push_back(at + 1);
        }
        // A line end at the end of the file begins no further line.
        if (starts_.size() > 1 && starts_.back() == text.size()) {
            starts_.pop_back();
        }
    }

    std::size_t count() const noexcept { return starts_.size(); }

    /// Line (from 0) that holds the byte.
    std::size_t line_of(std::size_t at) const {
        auto const next = std::upper_bound(starts_.begin(), starts_.end(), at);
        return static_cast<std::size_t>(next - starts_.begin()) - 1;
    }

    std::size_t start(std::size_t line) const { return starts_[line]; }

    /// Without its line end.
    std::string_view line(std::size_t number) const {
        std::size_t const begin = starts_[number];
        std::size_t end = number + 1 < starts_.size() ? starts_[number + 1] - 1 : text_.size();
        if (number + 1 == starts_.size() && end > begin && text_[end - 1] == '\n') {
            --end;
        }
        if (end > begin && text_[end - 1] == '\r') {
            --end;
        }
        return text_.substr(begin, end - begin);
    }

private:
    std::string_view text_;
    std::vector<std::size_t> starts_;
};

/// Appends the line, or when it is too long the part of it around [`begin`, `end`), which are bytes of the
/// line.
void append_line(
    std::string& out, std::string_view line, std::size_t begin, std::size_t end, std::size_t max_chars) {
    if (line.size() <= max_chars || forward(line, 0, max_chars) == line.size()) {
        out += line;
        return;
    }
    std::size_t const shown = count_characters(line.substr(begin, end - begin));
    std::size_t const spare = max_chars > shown ? max_chars - shown : 0;
    std::size_t from = backward(line, begin, spare / 2);
    std::size_t const to = forward(line, from, max_chars);
    if (to == line.size()) {
        from = backward(line, to, max_chars);
    }
    if (from > 0) {
        out += kEllipsis;
    }
    out += line.substr(from, to - from);
    if (to < line.size()) {
        out += kEllipsis;
    }
}

/// Lines (from 0) of a block, and the hits in it as a range of the sorted list.
struct Span {
    std::size_t first_line;
    std::size_t last_line;
    std::size_t first_hit;
    std::size_t end_hit;
};

std::vector<Span> merge(std::vector<LocatedHit> const& hits, LineIndex const& lines, std::size_t context) {
    std::vector<Span> spans;
    for (std::size_t i = 0; i < hits.size(); ++i) {
        std::size_t const first = lines.line_of(hits[i].begin);
        std::size_t const last = lines.line_of(hits[i].end > hits[i].begin ? hits[i].end - 1 : hits[i].begin);
        std::size_t const from = first > context ? first - context : 0;
        std::size_t const to = std::min(last + context, lines.count() - 1);
        if (!spans.empty() && from <= spans.back().last_line + 1) {
            spans.back().last_line = std::max(spans.back().last_line, to);
            spans.back().end_hit = i + 1;
        } else {
            spans.push_back(Span{from, to, i, i + 1});
        }
    }
    return spans;
}

SnippetBlock cut(std::string_view text,
                 LineIndex const& lines,
                 Span const& span,
                 std::vector<LocatedHit> const& hits,
                 SnippetOptions const& options) {
    SnippetBlock block;
    block.start_line = span.first_line + 1;
    block.end_line = span.last_line + 1;
    std::size_t hit = span.first_hit;
    for (std::size_t number = span.first_line; number <= span.last_line; ++number) {
        std::string_view const line = lines.line(number);
        std::size_t const start = lines.start(number);
        while (hit < span.end_hit && hits[hit].begin < start) {
            ++hit;
        }
        std::size_t begin = 0;
        std::size_t end = 0;
        if (hit < span.end_hit && hits[hit].begin < start + line.size()) {
            begin = hits[hit].begin - start;
            end = std::min(hits[hit].end - start, line.size());
        }
        if (number > span.first_line) {
            block.text.push_back('\n');
        }
        append_line(block.text, line, begin, end, options.max_line_chars);
    }
    for (std::size_t i = span.first_hit; i < span.end_hit && block.matches.size() < options.max_matches;
         ++i) {
        std::size_t const number = lines.line_of(hits[i].begin);
        std::size_t const start = lines.start(number);
        SnippetMatch match;
        match.line = number + 1;
        match.column = count_characters(text.substr(start, hits[i].begin - start)) + 1;
        match.length = count_characters(text.substr(hits[i].begin, hits[i].end - hits[i].begin));
        block.matches.push_back(match);
    }
    return block;
}

void cut_spans(FileSnippets& snippets,
               std::string_view text,
               LineIndex const& lines,
               std::vector<Span> const& spans,
               std::vector<LocatedHit> const& hits,
               SnippetOptions const& options) {
    for (Span const& span : spans) {
        if (snippets.blocks.size() == options.max_blocks) {
            ++snippets.more_blocks;
        } else {
            snippets.blocks.push_back(cut(text, lines, span, hits, options));
        }
    }
}

} // namespace

FileSnippets
snippets_at(std::string_view text, std::vector<LocatedHit> const& hits, SnippetOptions const& options) {
    FileSnippets snippets;
    LineIndex const lines(text);
    snippets.located = hits.size();
    snippets.found_by_text = hits.size();
    cut_spans(snippets, text, lines, merge(hits, lines, options.context_lines), hits, options);
    return snippets;
}

FileSnippets make_snippets(std::string_view text,
                           std::span<IndexedHit const> hits,
                           std::span<QueryTerm const> terms,
                           SnippetOptions const& options) {
    if (text.starts_with(kByteOrderMark)) {
        text.remove_prefix(kByteOrderMark.size());
    }
    FileSnippets snippets;
    LineIndex const lines(text);
    std::vector<LocatedHit> const located = locate_hits(text, hits, terms);
    snippets.located = located.size();
    auto const by_text = [](LocatedHit const& hit) { return hit.by_text; };
    snippets.found_by_text = static_cast<std::size_t>(std::count_if(located.begin(), located.end(), by_text));
    std::vector<Span> spans = merge(located, lines, options.context_lines);
    bool const name_only =
        std::all_of(hits.begin(), hits.end(), [](IndexedHit const& hit) { return hit.length < 0; });
    if (name_only && !text.empty()) {
        spans.push_back(Span{0, std::min(2 * options.context_lines, lines.count() - 1), 0, 0});
    }
    cut_spans(snippets, text, lines, spans, located, options);
    return snippets;
}

} // namespace server
