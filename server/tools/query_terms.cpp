#include "server/tools/query_terms.hpp"

#include "server/tools/text_fold.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace server {

namespace {

constexpr std::array<std::string_view, 6> kFilters{"proj", "repo", "path", "file", "ext", "branch"};
constexpr std::array<std::string_view, 35> kCodeTypes{
    "arg",    "basetype", "caller",   "class",   "classdecl",  "classdef",  "comment",
    "ctor",   "decl",     "def",      "dtor",    "enum",       "extern",    "field",
    "friend", "func",     "funcdecl", "funcdef", "global",     "header",    "interface",
    "macro",  "macrodef", "macroref", "method",  "methoddecl", "methoddef", "namespace",
    "prop",   "ref",      "strlit",   "struct",  "tmplarg",    "type",      "typedef"};

template <std::size_t N>
bool contains(std::array<std::string_view, N> const& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

class Parser {
public:
    explicit Parser(std::string_view query) : rest_(query) {}

    SearchQuery parse() {
        while (true) {
            skip_blanks();
            if (rest_.empty()) {
                return std::move(query_);
            }
            step();
        }
    }

private:
    void skip_blanks() {
        while (!rest_.empty() && is_blank(rest_.front())) {
            rest_.remove_prefix(1);
        }
    }

    void step() {
        char const c = rest_.front();
        if (c == '(') {
            rest_.remove_prefix(1);
            ignoring_.push_back(ignoring());
            end_primary();
        } else if (c == ')') {
            rest_.remove_prefix(1);
            if (!ignoring_.empty()) {
                ignoring_.pop_back();
            }
            end_primary();
        } else if (c == '"') {
            std::string const phrase = take_phrase();
            add_phrase(phrase);
            end_primary();
        } else {
            take_word();
        }
    }

    bool ignoring() const { return negate_ || filter_group_ || (!ignoring_.empty() && ignoring_.back()); }

    void end_primary() {
        negate_ = false;
        filter_group_ = false;
    }

    /// The quoted text at the front, unescaped; an unclosed one runs to the end.
    std::string take_phrase() {
        rest_.remove_prefix(1);
        std::string phrase;
        while (!rest_.empty() && rest_.front() != '"') {
            if (rest_.front() == '\\' && rest_.size() > 1 && (rest_[1] == '"' || rest_[1] == '\\')) {
                rest_.remove_prefix(1);
            }
            phrase.push_back(rest_.front());
            rest_.remove_prefix(1);
        }
        if (!rest_.empty()) {
            rest_.remove_prefix(1);
        }
        return phrase;
    }

    std::string_view take_plain() {
        std::size_t const end = std::min(rest_.find_first_of(" \t\r\n()\""), rest_.size());
        std::string_view const word = rest_.substr(0, end);
        rest_.remove_prefix(end);
        return word;
    }

    void take_word() {
        std::size_t const colon = rest_.find_first_of(" \t\r\n()\":");
        if (colon != std::string_view::npos && colon > 0 && rest_[colon] == ':') {
            std::string name = fold_case(rest_.substr(0, colon));
            bool const filter = contains(kFilters, name);
            if (filter || contains(kCodeTypes, name)) {
                rest_.remove_prefix(colon + 1);
                take_prefixed(std::move(name), filter);
                return;
            }
        }
        std::string_view const word = take_plain();
        if (word == "NOT") {
            negate_ = true;
        } else if (word == "OR") {
            query_.alternatives = true;
        } else if (word != "AND" && word != "NEAR" && word != "BEFORE" && word != "AFTER") {
            add_word(word);
            end_primary();
        }
    }

    void take_prefixed(std::string name, bool filter) {
        if (!rest_.empty() && rest_.front() == '(') {
            filter_group_ = filter; // of a code type the group is like any other
            return;
        }
        bool const quoted = !rest_.empty() && rest_.front() == '"';
        std::string const value = quoted ? take_phrase() : std::string(take_plain());
        if (filter) {
            if (!ignoring() && !value.empty()) {
                query_.filters.push_back(QueryFilter{std::move(name), value});
            }
        } else if (quoted) {
            add_phrase(value);
        } else {
            add_word(value);
        }
        end_primary();
    }

    void add_word(std::string_view word) {
        std::size_t const wildcard = word.find_first_of("*?");
        if (wildcard == 0) {
            query_.leading_wildcard = query_.leading_wildcard || !ignoring();
            return;
        }
        add_term(fold_case(word.substr(0, wildcard)), wildcard != std::string_view::npos);
    }

    void add_phrase(std::string_view phrase) {
        std::string text;
        bool blank = false;
        for (char const c : phrase) {
            if (is_blank(c)) {
                blank = !text.empty();
                continue;
            }
            if (blank) {
                text.push_back(' ');
                blank = false;
            }
            text.push_back(c);
        }
        add_term(fold_case(text), false);
    }

    void add_term(std::string text, bool prefix) {
        if (text.empty() || ignoring()) {
            return;
        }
        QueryTerm term{std::move(text), prefix};
        if (std::find(query_.terms.begin(), query_.terms.end(), term) == query_.terms.end()) {
            query_.terms.push_back(std::move(term));
        }
    }

    std::string_view rest_;
    SearchQuery query_;
    std::vector<bool> ignoring_; ///< per open parenthesis: it belongs to a NOT or to a filter
    bool negate_ = false;
    bool filter_group_ = false;
};

} // namespace

bool SearchQuery::has_filter(std::string_view name) const noexcept {
    return std::any_of(
        filters.begin(), filters.end(), [name](QueryFilter const& f) { return f.name == name; });
}

SearchQuery parse_search_query(std::string_view query) {
    return Parser(query).parse();
}

} // namespace server
