#pragma once

#include "ado/client.hpp"
#include "ado/work_items.hpp"
#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/task.hpp"
#include "server/tools/work_item_request.hpp"

#include <optional>
#include <string>
#include <vector>

namespace server {

/// The query for items of this project, type and title that we made at or after `since`, newest first. The
/// service's clock may be up to two minutes behind ours.
ado::WiqlQuery created_items_query(WorkItemRequest const& request, core::SystemTime since);

/// True when the item's type, title and description are the request's, as far as the service keeps texts as
/// they were.
bool is_item_of(WorkItemRequest const& request, ado::WorkItem const& item);

/// The newest item that is what `request` would have made and is not among the ids in `known`. A query sees
/// an item as soon as it was made; the search index would not. References outlive the task; cancelling
/// (terminal) aborts the request.
core::Task<core::Result<std::optional<ado::WorkItem>>>
find_created_item(ado::Client const& client,
                  WorkItemRequest const& request,
                  core::SystemTime since,
                  std::vector<std::string> const& known,
                  core::CallContext const& ctx);

} // namespace server
