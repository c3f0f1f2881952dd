#pragma once

#include "ado/work_items.hpp"
#include "core/result.hpp"
#include "core/task.hpp"
#include "server/tools/call_scope.hpp"

#include <string>

namespace server {

/// The item of `id`, when its project is one this connector may use: whose item it is, only the service
/// knows. Nothing has been written when it fails. References outlive the task.
core::Task<core::Result<ado::WorkItem>>
read_item_to_write(core::Json const& args, CallScope const& scope, bool relations);

core::Error item_not_allowed(std::int64_t id);

/// `Bug 12 "Crash on start" in project Web`, for people.
std::string name_of(ado::WorkItem const& item);

} // namespace server
