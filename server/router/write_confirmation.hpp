#pragma once

#include "core/result.hpp"
#include "core/task.hpp"
#include "protocol/tool.hpp"
#include "server/router/connector.hpp"
#include "server/tools/write_plan.hpp"

#include <optional>
#include <string>

namespace server {

/// For connectors with `confirm_writes`: nothing when the person has said yes to exactly this plan, the
/// question when nobody has been asked yet, an error when the answer was anything else or the client cannot
/// ask. References outlive the task.
core::Task<core::Result<std::optional<protocol::InputNeeded>>>
confirm_write(WritePlan const& plan, std::string tool, Connector& connector, protocol::ToolCall const& call);

} // namespace server
