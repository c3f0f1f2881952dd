#pragma once

#include "ado/code_search.hpp"
#include "core/result.hpp"
#include "server/tools/search_arguments.hpp"

#include <optional>
#include <string>
#include <vector>

namespace server {

/// Why a page of results is empty or incomplete, in sentences for the reader. `index` is what the search
/// index said about the repository, when it was asked.
std::vector<std::string> explain_page(SearchArguments const& arguments,
                                      ado::CodeSearchPage const& page,
                                      std::optional<core::Result<ado::RepositoryIndexStatus>> const& index);

} // namespace server
