#pragma once

#include "ado/client.hpp"
#include "core/json.hpp"
#include "core/result.hpp"
#include "server/tools/call_scope.hpp"
#include "server/tools/cursor.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace server {

/// What a search_work_items call asks for, with the connector's defaults filled in.
class WorkItemSearch {
public:
    std::string text;
    std::string wiql; ///< the caller's own query; the filters are empty then
    std::string project;
    std::string type;
    std::string state;
    std::string assigned_to;
    std::size_t top = 20;
    std::size_t max_bytes = 0;
    std::string subject; ///< what a cursor of this call belongs to
    CursorPosition position;
    bool resumed = false;
};

core::Result<WorkItemSearch> read_work_item_search(core::Json const& args, CallScope const& scope);

/// The words of a text, those between quotes as one: `crash "empty header"` -> crash, empty header.
std::vector<std::string> search_words(std::string_view text);

/// The query the service is asked: the caller's own as it is, else one over title, description, repro steps
/// and tags, newest item first, from below the id the page before ended with: whatever is made or changed
/// meanwhile, nothing comes twice and nothing is left out.
ado::WiqlQuery make_work_item_query(WorkItemSearch const& search, ConnectorPolicy const& policy);

} // namespace server
