#pragma once

#include "simulator/text_index.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// The query language of code search: AND, OR, NOT, parentheses, phrases, wildcards, NEAR, filters and code
/// types.
namespace simulator {

enum class QueryKind { term, phrase, wildcard, all_of, any_of, none_of, near, filter };

class QueryNode {
public:
    QueryKind kind = QueryKind::term;
    std::u16string text;        ///< folded
    std::string filter;         ///< proj | repo | path | file | ext
    std::string filter_value;   ///< lower case; may hold * and ?
    std::uint32_t elements = 0; ///< code type: one of these bits is needed
    std::string near_operator;  ///< NEAR | BEFORE | AFTER
    std::vector<std::unique_ptr<QueryNode>> children;
};

class ParsedQuery {
public:
    std::unique_ptr<QueryNode> root; ///< null when there is nothing to look for
    int info_code = 0;               ///< 4, 5, 19, 20: the query is the mistake
    std::string error;               ///< not parseable at all
};
ParsedQuery parse_query(std::string_view text);

/// A file as the query sees it.
class SearchDocument {
public:
    SearchDocument(std::string_view project_,
                   std::string_view repository_,
                   std::string_view path_,
                   TextIndex const& text_)
        : project(project_), repository(repository_), path(path_), text(text_) {}
    std::string_view project;
    std::string_view repository;
    std::string_view path;
    TextIndex const& text;
};

class SearchMatch {
public:
    std::uint32_t offset = 0;
    std::uint32_t length = 0;
    std::uint32_t elements = 0;
};

class DocumentHits {
public:
    bool matched = false;
    bool file_name = false; ///< the name itself is a hit
    std::vector<SearchMatch> content;
};
/// `elements` is the CodeElement filter; 0 = none.
DocumentHits evaluate(ParsedQuery const& query, SearchDocument const& document, std::uint32_t elements = 0);

/// `*` and `?` against a whole text, both already folded.
bool wildcard_match(std::u16string_view pattern, std::u16string_view text);

} // namespace simulator
