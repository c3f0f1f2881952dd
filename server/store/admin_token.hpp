#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/task.hpp"
#include "server/store/state_store.hpp"

#include <optional>
#include <string>

namespace server {

/// With inbound.mode token and no agent token stored yet, somebody has to get in first: makes an
/// administrator token and leaves it in `admin-token` (0600) beside the database. Returns the path of that
/// file when it was made. One that others can read is refused (mode_too_open). Called once at start; `store`
/// and `clock` outlive the task.
core::Task<core::Result<std::optional<std::string>>>
ensure_admin_token(StateStore& store, core::Clock& clock, std::string database_path);

/// `admin-token` beside the database.
std::string admin_token_path(std::string const& database_path);

} // namespace server
