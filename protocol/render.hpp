#pragma once

#include "protocol/server_identity.hpp"
#include "protocol/tool_registry.hpp"
#include "protocol/version.hpp"

#include <string>
#include <string_view>

/// Results as each revision writes them, as JSON text.
namespace protocol {

/// Name and version, and the title for revisions that know one.
std::string render_server_info(ServerIdentity const& identity, Revision revision);
/// The result of `initialize`. `revision` is the negotiated one.
std::string render_initialize(ServerIdentity const& identity, Revision revision);
/// The result of `server/discover`.
std::string render_discover(ServerIdentity const& identity);
std::string render_tool_list(ServerIdentity const& identity, ToolRegistry const& tools, Revision revision);

/// Appends the result of `tools/call`. `server_info` is rendered text; used by 2026-07-28 only.
void append_call_result(std::string& out,
                        ToolResult const& result,
                        Revision revision,
                        std::string_view server_info);

} // namespace protocol
