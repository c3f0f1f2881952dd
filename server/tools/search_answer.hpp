#pragma once

#include "ado/code_search.hpp"
#include "ado/organization.hpp"
#include "protocol/tool.hpp"
#include "server/tools/search_arguments.hpp"
#include "server/tools/snippet.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace server {

/// A hit with what was made of its file. Names are cleaned.
class FoundFile {
public:
    std::string project;
    std::string repository;
    std::string branch;
    std::string commit;
    std::string path;
    std::vector<SnippetBlock> blocks; ///< none: the file is listed alone
    std::size_t index = 0;            ///< position among the hits of this page
};

/// Everything an answer is made of, before it is cut to its budget.
class SearchFindings {
public:
    std::vector<FoundFile> files;
    std::size_t hits = 0; ///< of this page, those left out included
    std::int64_t total = 0;
    std::vector<std::string> notes;
};

/// The text and its structured twin, each within `arguments.max_bytes`: results that do not fit are dropped
/// from the end, and the cursor goes on with the first of them. At least one result is in the answer, with a
/// shorter snippet if need be, so that following the cursor always ends.
protocol::ToolResult make_search_answer(SearchFindings findings,
                                        SearchArguments const& arguments,
                                        ado::Organization const& organization,
                                        std::string const& organization_name);

} // namespace server
