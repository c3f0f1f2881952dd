#pragma once

#include "core/call_context.hpp"
#include "core/http/http_message.hpp"
#include "core/principal.hpp"
#include "core/task.hpp"
#include "protocol/server_identity.hpp"
#include "protocol/tool.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace protocol {

class McpHttpReply {
public:
    int status = 200;
    core::HttpHeaders headers; ///< Content-Type and what the transport rules ask for; no Content-Length
    std::string body;          ///< empty for 202
    std::string rpc_method;    ///< for logs: `tools/call`, empty when the message was not understood
    std::string tool;          ///< for logs: the tool's name on tools/call
    bool failed = false;       ///< a JSON-RPC error or a tool result with isError
};

/// Streamable HTTP (2026-07-28 and the initialize era on one endpoint) without any I/O: bytes and values in,
/// a reply out. Era and header rules are in http_binding.hpp; methods in dispatcher.hpp.
class McpHttpEndpoint {
public:
    virtual ~McpHttpEndpoint() = default;

    /// A message that passed every rule that needs no handler, or the reply that says which one it broke.
    class Admitted {
    public:
        virtual ~Admitted() = default;
        /// 2026-07-28: the peer going away cancels the call. The initialize era: it does not.
        virtual bool cancel_on_disconnect() const noexcept = 0;
    };

    /// `method`: GET, POST, DELETE, OPTIONS …; `headers`, `body` as received. Host and Origin were checked by
    /// the front.
    virtual std::unique_ptr<Admitted>
    admit(std::string const& method, core::HttpHeaders const& headers, std::string body) = 0;
    /// Runs what was admitted. References outlive the task; cancellation reaches the tool.
    virtual core::Task<McpHttpReply>
    run(Admitted& message, core::Principal const& caller, core::CallContext const& ctx) = 0;
};

/// `tools` are published in the order given and outlive the endpoint.
std::unique_ptr<McpHttpEndpoint> make_mcp_http_endpoint(ServerIdentity identity,
                                                        std::vector<ToolHandler*> tools);

} // namespace protocol
