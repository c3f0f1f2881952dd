#pragma once

#include "core/error.hpp"
#include "protocol/tool.hpp"

#include <string>

namespace server {

/// The one place where an Error becomes what a model reads: what failed, why, what to do, and the upstream's
/// code and activity id. Masked against credential-shaped text and bounded to `max_bytes`.
std::string error_text(core::Error const& error, std::size_t max_bytes);

protocol::ToolResult error_result(core::Error const& error, std::size_t max_bytes);

} // namespace server
