#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace server {

/// Something a matching file must contain: a word, or a phrase with single spaces between its words.
class QueryTerm {
public:
    std::string text;    ///< case folded, wildcards cut off
    bool prefix = false; ///< stood before a wildcard: matches words that begin with it
    friend bool operator==(QueryTerm const&, QueryTerm const&) = default;
};

class QueryFilter {
public:
    std::string name; ///< lower case: proj, repo, path, file, ext
    std::string value;
    friend bool operator==(QueryFilter const&, QueryFilter const&) = default;
};

/// A code search query of Azure DevOps, taken apart as far as finding its hits in a file again asks for.
/// Anything parses: whether the query is right is for the service to say.
class SearchQuery {
public:
    std::vector<QueryTerm> terms;     ///< plain and code-type terms that are not negated, each once
    std::vector<QueryFilter> filters; ///< not negated
    bool leading_wildcard = false;    ///< `*x` or `?x` as a term, which the service refuses
    bool alternatives = false;        ///< has an OR

    bool has_filter(std::string_view name) const noexcept;
};

SearchQuery parse_search_query(std::string_view query);

} // namespace server
