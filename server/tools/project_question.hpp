#pragma once

#include "core/result.hpp"
#include "core/task.hpp"
#include "protocol/input_request.hpp"
#include "server/tools/call_scope.hpp"

#include <optional>
#include <string>

namespace server {

/// The error of a call that needs a project where nothing says which.
core::Error project_missing();

class SettledProject {
public:
    std::string project;                         ///< set unless `needed` is
    std::optional<protocol::InputNeeded> needed; ///< the question to ask first
};

/// The project of a call that names none: what a person chose in an earlier round, else the question
/// `question` as a form over the projects this connector may use. Fails with project_missing() for clients
/// that cannot ask, and when the person did not choose. `scope` outlives the task.
core::Task<core::Result<SettledProject>> settle_project(std::string question, CallScope const& scope);

} // namespace server
