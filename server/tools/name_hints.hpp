#pragma once

#include "core/error.hpp"
#include "core/task.hpp"
#include "server/tools/call_scope.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace server {

/// What is meant by a wrong name, and what there is: `Did you mean 'engine'? Repositories there: engine,
/// samples.` Empty when there is nothing. Names are cleaned; of many the nearest ones are given.
std::string describe_names(std::string_view wrong, std::vector<std::string> names, std::string_view what);

/// The names a call used, as far as an upstream error may be about them.
class UsedNames {
public:
    UsedNames() = default;
    UsedNames(std::string project_, std::string repository_)
        : project(std::move(project_)), repository(std::move(repository_)) {}
    std::string project;
    std::string repository;
    std::string branch; ///< only of a ref that is a branch
    std::string type;   ///< of a work item
};

/// The error, its fix completed by the names that exist when it says that a project, repository, branch or
/// type does not. That costs one more request; where it fails too, the error stays as it was. Projects
/// outside the allow-list are never named. References outlive the task.
core::Task<core::Error>
with_names_there(core::Error const& error, UsedNames const& used, CallScope const& scope);

/// Whether the allow-list lets through a project of an upstream answer, by its name or its id.
bool may_list(ConnectorPolicy const& policy, std::string_view project, std::string_view project_id);

} // namespace server
