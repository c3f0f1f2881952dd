#pragma once

#include "ado/git.hpp"
#include "core/error.hpp"
#include "core/result.hpp"
#include "core/task.hpp"
#include "server/tools/call_scope.hpp"
#include "server/tools/read_arguments.hpp"

#include <optional>
#include <string>

namespace server {

/// One request. Of a commit's file that is kept already, only the object id is asked for, which also proves
/// that this identity may read it. What is passed outlives the task; it may run beside others.
core::Task<core::Result<ado::FileItem>>
fetch_file(CallScope const& scope, std::string const& project, WantedFile const& wanted);

/// What stands in the way of reading the item as text.
std::optional<core::Error> unreadable(ado::FileItem const& item, WantedFile const& wanted);

/// What a reader must know of a file that stands for something else; empty for others.
std::string describe_stand_in(ado::FileItem const& item, std::string const& name);

} // namespace server
