#pragma once

#include "ado/client.hpp"
#include "core/call_context.hpp"
#include "core/clock.hpp"
#include "core/json.hpp"
#include "core/result.hpp"
#include "core/task.hpp"
#include "server/tools/write_guard.hpp"

#include <optional>
#include <string>
#include <vector>

namespace server {

/// The note of an answer that was put together from what was found.
inline constexpr char kFoundAfterwards[] = "The answer to the request was lost; this was found afterwards.";

/// True for tools whose effects can be recognised by what the journal keeps of a write.
bool leaves_effects(std::string const& tool);

/// Looks for the effect of a write of `tool` by what the journal keeps of it, for a process that did not send
/// it itself. Fails for probes of another version. References outlive the task.
core::Task<core::Result<std::optional<WriteOutcome>>> find_effect(std::string const& tool,
                                                                  core::Json const& probe,
                                                                  ado::Client const& client,
                                                                  core::SystemTime since,
                                                                  std::vector<std::string> known,
                                                                  core::CallContext const& ctx);

} // namespace server
