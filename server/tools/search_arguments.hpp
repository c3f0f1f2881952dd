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

core::Result<SearchArguments> read_search_arguments(core::Json const& args, CallScope const& scope);

ado::CodeSearchRequest make_search_request(SearchArguments const& arguments, ConnectorPolicy const& policy);

} // namespace server
