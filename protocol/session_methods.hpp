#pragma once

#include "protocol/mcp_core.hpp"

#include <string>
#include <string_view>

/// What the initialize era has beside the methods of mcp_core.hpp, the same over HTTP and stdio.
namespace protocol {

/// resources/subscribe, resources/unsubscribe and logging/setLevel, where the server has them.
bool is_session_method(McpCore const& core, std::string_view method);
/// Carries one out on the session's state; the caller keeps the state when the reply is no error.
RpcReply apply_session_method(McpCore const& core, RpcMessage const& request, SessionState& state);

/// True when the session is to be told: what the server announces to all, or a subscribed resource.
bool is_told(McpCore const& core, SessionState const* state, ChangeEvent const& event);

/// A request to the client. `id` is JSON text.
std::string client_request(std::string_view id, std::string_view method, Json const& params);
/// What the client answered: `outcome` is {"result"} or {"error"}.
core::Result<Json> client_outcome(Json outcome);
core::Error client_silent();

} // namespace protocol
