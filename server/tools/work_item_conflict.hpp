#pragma once

#include "ado/work_items.hpp"
#include "core/error.hpp"
#include "core/task.hpp"
#include "server/tools/call_scope.hpp"

#include <cstdint>
#include <string>

namespace server {

/// The error of an update that was meant for revision `expected` of an item that is at another by now: who
/// changed it and what, field by field. Costs one request; where that fails the error says less. References
/// outlive the task.
core::Task<core::Error>
revision_conflict(ado::WorkItem const& now, std::int64_t expected, CallScope const& scope);

/// The differences a reader cares for: `System.State: Active -> Resolved`.
std::vector<std::string> differences(ado::WorkItem const& before, ado::WorkItem const& now);

/// A refused state with the states that can be reached from where the item is. Costs one request. References
/// outlive the task.
core::Task<core::Error>
with_transitions(core::Error error, ado::WorkItem const& item, std::string wanted, CallScope const& scope);

} // namespace server
