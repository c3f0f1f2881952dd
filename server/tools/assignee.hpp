#pragma once

#include "core/result.hpp"
#include "core/task.hpp"
#include "server/tools/call_scope.hpp"

#include <string>

namespace server {

/// The account of the person a call names. An account, `Name <account>` and an id stand as they are and cost
/// nothing; a bare name is looked up, because the service would take any of several people of that name.
/// Several who may be meant are listed in the error. Where people may not be looked up the name is left to
/// the service. `scope` outlives the task.
core::Task<core::Result<std::string>> resolve_assignee(std::string name, CallScope const& scope);

/// The service's refusal of an unknown identity, with the people whose names are near.
core::Task<core::Error> with_people(core::Error error, std::string name, CallScope const& scope);

/// True when the service did not know the person.
bool is_unknown_identity(core::Error const& error);

} // namespace server
