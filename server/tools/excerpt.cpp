#include "server/tools/excerpt.hpp"

#include "core/text/utf8.hpp"
#include "server/tools/list_answer.hpp"
#include "server/tools/text_fold.hpp"

#include <algorithm>
#include <bitset>

namespace server {

namespace {

constexpr std::size_t kMostTerms = 32;
/// Words are found by their stems: these endings may differ.
constexpr std::size_t kStemBytes = 5;

class Line {
public:
    std::string_view text;
    std::bitset<kMostTerms> terms;
};

std::vector<std::string> folded_stems(std::vector<std::string> const& terms) {
    std::vector<std::string> stems;
    for (std::string const& term : terms) {
        std::string folded = fold_case(term);
        if (folded.ends_with('*')) {
            folded.pop_back();
        }
        if (folded.size() > kStemBytes + 2 && folded.find(' ') == std::string::npos) {
            folded = core::utf8_prefix(folded, std::max(kStemBytes, folded.size() - 3));
        }
        if (!folded.empty() && stems.size() < kMostTerms) {
            stems.push_back(std::move(folded));
        }
    }
    return stems;
}

std::vector<Line> lines_of(std::string_view text, std::vector<std::string> const& stems) {
    std::vector<Line> lines;
    while (!text.empty()) {
        std::size_t const end = std::min(text.find('\n'), text.size());
        Line line;
        line.text = text.substr(0, end);
        std::string const folded = fold_case(line.text);
        for (std::size_t i = 0; i < stems.size(); ++i) {
            line.terms[i] = folded.find(stems[i]) != std::string::npos;
        }
        lines.push_back(line);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

bool is_blank(Line const& line) {
    return line.text.find_first_not_of(" \t") == std::string_view::npos;
}

std::string cut_around(std::string_view line, std::vector<std::string> const& stems, std::size_t max_bytes) {
    std::string const folded = fold_case(line);
    std::size_t found = folded.size();
    for (std::string const& stem : stems) {
        found = std::min(found, folded.find(stem));
    }
    std::size_t begin = found >= folded.size() || found < max_bytes / 2 ? 0 : found - max_bytes / 3;
    while (begin > 0 && begin < line.size() && (line[begin] & '\xC0') == '\x80') {
        --begin;
    }
    std::string const cut = shorten_text(line.substr(begin), max_bytes);
    return begin > 0 ? "\xE2\x80\xA6" + cut : cut;
}

} // namespace

Excerpt best_excerpt(std::string_view text, std::vector<std::string> const& terms, std::size_t max_bytes) {
    std::vector<std::string> const stems = folded_stems(terms);
    std::vector<Line> const lines = lines_of(text, stems);
    std::size_t best = 0;
    std::size_t best_end = 0;
    std::size_t best_score = 0;
    for (std::size_t first = 0; first < lines.size(); ++first) {
        if (is_blank(lines[first])) {
            continue;
        }
        std::bitset<kMostTerms> covered;
        std::size_t hits = 0;
        std::size_t bytes = 0;
        std::size_t end = first;
        while (end < lines.size() && (end == first || bytes + lines[end].text.size() <= max_bytes)) {
            covered |= lines[end].terms;
            hits += lines[end].terms.count();
            bytes += lines[end].text.size() + 1;
            ++end;
        }
        std::size_t const score = covered.count() * 100 + std::min<std::size_t>(hits, 50);
        if (best_end == 0 || score > best_score) {
            best = first;
            best_end = end;
            best_score = score;
        }
    }
    Excerpt excerpt;
    while (best_end > best && is_blank(lines[best_end - 1])) {
        --best_end;
    }
    excerpt.first_line = best;
    for (std::size_t i = best; i < best_end; ++i) {
        bool const cut = lines[i].text.size() > max_bytes;
        excerpt.text += cut ? cut_around(lines[i].text, stems, max_bytes) : std::string(lines[i].text);
        excerpt.text += '\n';
    }
    return excerpt;
}

} // namespace server
