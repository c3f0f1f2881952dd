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
#include <utility>
#include <vector>

namespace server {

/// What one organization has to do with an answer. Referents outlive it.
class SearchPart {
public:
    SearchPart(ado::Organization const& organization_, std::string const& name_)
        : organization(&organization_), name(&name_) {}
    ado::Organization const* organization;
    std::string const* name;
    CursorPosition position; ///< where this page began
    std::size_t hits = 0;    ///< of this page, those left out included
    std::int64_t total = 0;
    bool done = false;   ///< an earlier page had the last of it
    bool failed = false; ///< did not answer this time
};

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
    std::size_t part = 0;             ///< the organization's place in SearchFindings::parts
};

/// Everything an answer is made of, before it is cut to its budget.
class SearchFindings {
public:
    SearchFindings() = default;
    std::vector<SearchPart> parts; ///< one, or those a search without an organization spans
    std::vector<FoundFile> files;  ///< best first; those of one organization in its own order
    std::size_t more_places = 0;   ///< matches in these files that are not in `blocks`
    std::string pinned_commit;     ///< a listing that goes on at this commit
    std::vector<std::string> notes;
    std::size_t file_bytes = 0; ///< budget of one file where five match; they share that of five
};

/// The text and its structured twin, each within `arguments.max_bytes`: results that do not fit are dropped
/// from the end, and the cursor goes on with the first of them. At least one result is in the answer, with a
/// shorter snippet if need be, so that following the cursor always ends.
protocol::ToolResult make_search_answer(SearchFindings findings, SearchArguments const& arguments);

/// Where each organization of a search goes on, in their order; nullopt where it has nothing more. One
/// cursor's text holds them all.
std::string write_positions(std::vector<std::optional<CursorPosition>> const& positions);
/// Empty when the text does not name `count` positions.
std::vector<std::optional<CursorPosition>> read_positions(std::string_view text, std::size_t count);

} // namespace server
