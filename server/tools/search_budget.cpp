#include "server/tools/search_budget.hpp"

#include "core/text/utf8.hpp"
#include "server/tools/answer.hpp"

#include <algorithm>
#include <string_view>

namespace server {

namespace {

std::vector<std::string_view> lines_of(SnippetBlock const& block) {
    std::vector<std::string_view> lines;
    std::string_view rest = block.text;
    for (std::size_t line = block.start_line; line <= block.end_line; ++line) {
        std::size_t const end = std::min(rest.find('\n'), rest.size());
        lines.push_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return lines;
}

std::size_t cost(std::string_view line) {
    return json_text_bytes(line) + kLineBytes;
}

} // namespace

SnippetBlock shorten_block(SnippetBlock const& block, std::size_t snippet_bytes) {
    std::vector<std::string_view> const lines = lines_of(block);
    std::size_t const matched = block.matches.empty() ? 0 : block.matches.front().line - block.start_line;
    std::size_t const first = std::min(matched, lines.size() - 1);
    std::size_t end = first;
    std::size_t bytes = 0;
    SnippetBlock cut;
    while (end < lines.size() && bytes + cost(lines[end]) <= snippet_bytes) {
        bytes += cost(lines[end]);
        cut.text += (end > first ? "\n" : "");
        cut.text += lines[end];
        ++end;
    }
    if (end == first) {
        cut.text = std::string(core::utf8_prefix(lines[first], snippet_bytes / 2));
        end = first + 1;
    }
    cut.start_line = block.start_line + first;
    cut.end_line = block.start_line + end - 1;
    for (SnippetMatch const& match : block.matches) {
        if (match.line <= cut.end_line && cut.matches.size() < 3) {
            cut.matches.push_back(match);
        }
    }
    return cut;
}

SnippetBlock tighten_block(SnippetBlock const& block, std::size_t bytes) {
    std::vector<std::string_view> const lines = lines_of(block);
    std::size_t first_match = 0;
    std::size_t last_match = 0;
    if (!block.matches.empty()) {
        first_match = std::min(block.matches.front().line - block.start_line, lines.size() - 1);
        last_match = std::min(block.matches.back().line - block.start_line, lines.size() - 1);
    }
    std::size_t first = 0;
    std::size_t last = lines.size() - 1;
    std::size_t matches = block.matches.size();
    std::size_t taken = matches * kMatchBytes;
    for (std::string_view const line : lines) {
        taken += cost(line);
    }
    while (taken > bytes && (first < first_match || last > last_match)) {
        bool const from_front = first_match - first > last - std::min(last, last_match);
        taken -= cost(lines[from_front ? first : last]);
        from_front ? ++first : --last;
    }
    while (taken > bytes && last > first) {
        taken -= cost(lines[last]);
        --last;
        while (matches > 1 && block.matches[matches - 1].line > block.start_line + last) {
            --matches;
            taken -= kMatchBytes;
        }
    }
    SnippetBlock tight;
    tight.start_line = block.start_line + first;
    tight.end_line = block.start_line + last;
    for (std::size_t i = first; i <= last; ++i) {
        tight.text += (i > first ? "\n" : "");
        tight.text += lines[i];
    }
    tight.matches.assign(block.matches.begin(), block.matches.begin() + static_cast<std::ptrdiff_t>(matches));
    return tight;
}

} // namespace server
