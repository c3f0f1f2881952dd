#include "server/knowledge/match_query.hpp"

#include "core/http/http_message.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace server {
namespace {

constexpr std::array<std::string_view, 44> kEmptyWords{
    "a",   "an",   "and",  "are",  "as",    "at",     "be",   "by",  "can",   "do",   "does",
    "for", "from", "has",  "have", "how",   "i",      "if",   "in",  "is",    "it",   "my",
    "not", "of",   "on",   "or",   "our",   "should", "that", "the", "there", "this", "to",
    "was", "we",   "what", "when", "where", "which",  "who",  "why", "will",  "with", "you"};

bool is_word_part(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c & '\x80') != 0;
}

bool says_nothing(std::string_view word) {
    std::string const lower = core::to_lower_ascii(word);
    return std::find(kEmptyWords.begin(), kEmptyWords.end(), lower) != kEmptyWords.end();
}

bool has_word(std::string_view text) {
    return std::any_of(text.begin(), text.end(), &is_word_part);
}

} // namespace

MatchQuery::MatchQuery(std::string_view text) {
    std::vector<std::string> empty_words;
    std::size_t at = 0;
    while (at < text.size() && terms_.size() < kMostTerms) {
        char const c = text[at];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            ++at;
            continue;
        }
        std::string term;
        if (c == '"') {
            std::size_t const end = std::min(text.find('"', at + 1), text.size());
            term = text.substr(at + 1, end - at - 1);
            at = end + 1;
        } else {
            std::size_t const end = std::min(text.find_first_of(" \t\r\n\"", at), text.size());
            term = text.substr(at, end - at);
            at = end;
        }
        if (!has_word(term)) {
            continue;
        }
        std::vector<std::string>& list = c != '"' && says_nothing(term) ? empty_words : terms_;
        if (std::find(list.begin(), list.end(), term) == list.end()) {
            list.push_back(std::move(term));
        }
    }
    if (terms_.empty()) {
        terms_ = std::move(empty_words);
        terms_.resize(std::min(terms_.size(), kMostTerms));
    }
}

std::vector<std::string> MatchQuery::quoted() const {
    std::vector<std::string> all;
    for (std::string const& term : terms_) {
        bool const beginning = term.size() > 2 && term.ends_with('*') && is_word_part(term[term.size() - 2]);
        std::string match = "\"";
        for (char const c : std::string_view(term).substr(0, term.size() - (beginning ? 1 : 0))) {
            if (c != '"' && c != '\0') {
                match += c;
            }
        }
        all.push_back(match + (beginning ? "\"*" : "\""));
    }
    return all;
}

std::string MatchQuery::all() const {
    std::string match;
    for (std::string const& term : quoted()) {
        match += (match.empty() ? "" : " AND ") + term;
    }
    return match;
}

} // namespace server
