#pragma once

#include "ado/code_search.hpp"
#include "ado/git.hpp"
#include "core/result.hpp"
#include "server/tools/search_arguments.hpp"

#include <optional>
#include <string>
#include <vector>

namespace server {

/// What was found out about the repository of a search that found nothing.
class EmptyReasons {
public:
    EmptyReasons() = default;
    std::optional<core::Result<ado::RepositoryIndexStatus>> index; ///< what the search index says
    std::optional<core::Result<ado::Repository>> repository;       ///< asked where the index knows nothing
};

/// Why a page of results is empty or incomplete, in sentences for the reader.
std::vector<std::string>
explain_page(SearchArguments const& arguments, ado::CodeSearchPage const& page, EmptyReasons const& reasons);

} // namespace server
