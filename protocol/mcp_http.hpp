#pragma once

#include "core/call_context.hpp"
#include "core/http/http_message.hpp"
#include "core/principal.hpp"
#include "core/task.hpp"
#include "protocol/mcp_server.hpp"
#include "protocol/reply_channel.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace protocol {

class McpHttpReply {
public:
    int status = 200;
    core::HttpHeaders headers; ///< Content-Type and what the transport rules ask for; no Content-Length
    std::string body;          ///< empty for 202; meaningless when the channel was opened
    std::string rpc_method;    ///< for logs: `tools/call`, empty when the message was not understood
    std::string tool;          ///< for logs: the tool's name on tools/call
    bool failed = false;       ///< a JSON-RPC error or a tool result with isError
};

/// Streamable HTTP (2026-07-28 and the initialize era on one endpoint) without any I/O: bytes and values in,
/// a reply out, frames of an event stream into a ReplyChannel. Era and header rules are in http_binding.hpp;
/// methods in mcp_server.hpp.
class McpHttpEndpoint {
public:
    virtual ~McpHttpEndpoint() = default;

    /// A message that passed every rule that needs no handler, or the reply that says which one it broke.
    class Admitted {
    public:
        virtual ~Admitted() = default;
        /// 2026-07-28: the peer going away cancels the call. The initialize era: it does not.
        virtual bool cancel_on_disconnect() const noexcept = 0;
        /// Work for a handler, which counts among the calls in flight. Everything else is settled at once
        /// (refusals, notifications, answers that calls in flight wait for) or is a stream that stays open.
        virtual bool is_call() const noexcept = 0;
    };

    /// `method`: GET, POST, DELETE …; `headers`, `body` as received. Host, Origin and the caller were checked
    /// by the front.
    virtual std::unique_ptr<Admitted> admit(std::string const& method,
                                            core::HttpHeaders const& headers,
                                            std::string body,
                                            core::Principal const& caller) = 0;
    /// Runs what was admitted. References outlive the task; cancellation reaches the tool.
    virtual core::Task<McpHttpReply> run(Admitted& message,
                                         core::Principal const& caller,
                                         core::CallContext const& ctx,
                                         ReplyChannel& channel) = 0;
    /// Ends the streams that would never end by themselves, each the way its era ends one: for a drain.
    virtual void end_streams() = 0;
    virtual std::size_t open_streams() const noexcept = 0;
    /// Completes when nothing runs by itself any more. After end_streams(), the end of every run() and that
    /// of McpServer::tend(), which begins such work: then the endpoint may go.
    virtual core::Task<void> wait() = 0;
};

/// `server` outlives the endpoint.
std::unique_ptr<McpHttpEndpoint> make_mcp_http_endpoint(McpServer& server);

} // namespace protocol
