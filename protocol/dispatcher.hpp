#pragma once

#include "core/call_context.hpp"
#include "core/principal.hpp"
#include "core/task.hpp"
#include "protocol/jsonrpc.hpp"
#include "protocol/server_identity.hpp"
#include "protocol/tool_registry.hpp"
#include "protocol/version.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace protocol {

/// The answer to one request.
class RpcReply {
public:
    RpcReply(std::string body_, int error_code_, bool failed_)
        : body(std::move(body_)), error_code(error_code_), failed(failed_) {}

    std::string body; ///< the whole JSON-RPC response
    int error_code;   ///< 0 when it holds a result
    bool failed;      ///< an error, or a tool result with isError
};

/// Methods of both eras over one set of tools. Holds no state of any client; may be used by many calls at
/// once.
class Dispatcher {
public:
    /// `tools` outlive the dispatcher. Throws std::logic_error as ToolRegistry does.
    Dispatcher(ServerIdentity const& identity, std::vector<ToolHandler*> const& tools);

    /// Answers one request whose envelope and headers were found good. `request` is used up; all references
    /// outlive the task. Cancellation reaches the tool and leaves as the exception that Asio throws for it.
    core::Task<RpcReply> handle(RpcMessage& request,
                                Revision revision,
                                core::Principal const& caller,
                                core::CallContext const& ctx) const;

    ToolRegistry const& tools() const noexcept { return tools_; }
    /// `method` when some revision here knows it, else empty: for log fields and metric labels.
    static std::string_view known_method(std::string_view method) noexcept;

private:
    RpcReply answer(RpcMessage const& request, Revision revision) const;
    core::Task<RpcReply> call_tool(RpcMessage& request,
                                   Revision revision,
                                   core::Principal const& caller,
                                   core::CallContext const& ctx) const;
    RpcReply tool_reply(RequestId const& id, ToolResult const& result, Revision revision) const;

    ToolRegistry tools_;
    std::string server_info_;
    std::string discover_;
    // Rendered once per revision: the catalogue is by far the largest answer that never changes.
    std::array<std::string, kRevisions.size()> initialize_;
    std::array<std::string, kRevisions.size()> tool_lists_;
};

} // namespace protocol
