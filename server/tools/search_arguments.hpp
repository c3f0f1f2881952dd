#pragma once

#include "ado/code_search.hpp"
#include "core/json.hpp"
#include "core/result.hpp"
#include "server/tools/call_scope.hpp"
#include "server/tools/cursor.hpp"
#include "server/tools/query_terms.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace server {

/// The service takes no larger `$skip`.
inline constexpr std::uint64_t kMaxSkip = 1000;
/// Files of one search it can be made to list: as many more as a page holds.
inline constexpr std::uint64_t kMaxReach = 2000;

/// What a search_code call asks for, with the connector's defaults filled in.
class SearchArguments {
public:
    std::string query;
    SearchQuery parsed;
    std::string project; ///< empty = every project the connector allows
    std::string repository;
    std::string branch; ///< bare name
    std::string path;   ///< leading slash
    std::string extension;
    std::size_t top = 10;
    std::size_t context_lines = 3;
    std::size_t max_bytes = 0;
    std::string subject; ///< what a cursor of this call belongs to
    CursorPosition position;
    std::vector<std::string> notes; ///< what was understood differently than written
};

/// All but the cursor: whose call that is depends on how many organizations it is about.
core::Result<SearchArguments> read_search_arguments(core::Json const& args, CallScope const& scope);
/// `organizations` as the cursor's subject names them.
core::Result<void>
read_search_cursor(core::Json const& args, std::string_view organizations, SearchArguments& into);

/// The page has `hits_before()` more hits in front than were asked for.
ado::CodeSearchRequest make_search_request(SearchArguments const& arguments, ConnectorPolicy const& policy);
std::size_t hits_before(SearchArguments const& arguments) noexcept;

} // namespace server
