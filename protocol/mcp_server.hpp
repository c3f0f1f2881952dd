#pragma once

#include "core/deadline.hpp"
#include "core/task.hpp"
#include "protocol/server_features.hpp"

#include <memory>
#include <vector>

namespace protocol {

/// One set of tools, prompts and resources, served to clients of every revision. Transports
/// (mcp_http.hpp, mcp_stdio.hpp) put messages in; it holds no state of any client but what is being worked
/// on. One thread.
class McpServer {
public:
    virtual ~McpServer() = default;

    /// Replaces the published tools (or prompts) and tells the listeners. Calls under way finish with the old
    /// ones; all pointers outlive the server. Throws std::logic_error as ToolRegistry does.
    virtual void set_tools(std::vector<ToolHandler*> tools) = 0;
    virtual void set_prompts(std::vector<PromptHandler*> prompts) = 0;

    /// Heartbeats, leases of tasks, letters of other replicas, expiry. Takes up abandoned tasks. Runs until
    /// cancelled.
    virtual core::Task<void> tend() = 0;
    /// Lets tasks under way finish until `deadline`, then gives them up for another process to go on with.
    virtual core::Task<void> stop(core::Deadline deadline) = 0;
};

/// Throws std::logic_error when a tool or prompt would make clients drop it.
std::unique_ptr<McpServer> make_mcp_server(ServerFeatures features, ServerParts parts);

} // namespace protocol
