#pragma once

#include "core/call_context.hpp"
#include "core/http/http_message.hpp"
#include "core/json.hpp"
#include "core/principal.hpp"
#include "core/task.hpp"
#include "protocol/reply_channel.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace server {

/// What a handler answers. The session adds Content-Length, Date, the request id and the security and CORS
/// fields.
class HttpReply {
public:
    explicit HttpReply(int status_) : status(status_) {}
    HttpReply(int status_, std::string content_type, std::string body_);

    int status;
    core::HttpHeaders headers;
    std::string body;
    // For the access log.
    std::string rpc_method;
    std::string tool;
    bool failed =
        false; ///< a failure that the status does not show (a JSON-RPC error, a result with isError)
};

/// The peer went away before there was an answer; logged, never written (the number nginx uses).
inline constexpr int kClientClosedRequest = 499;

HttpReply json_reply(int status, core::Json const& body);

/// The connection as a handler sees it.
class RequestConnection {
public:
    virtual ~RequestConnection() = default;
    /// Cancels the handler (terminal) when the peer goes away first; the reply then has status
    /// kClientClosedRequest. Without this a handler works on for a peer that is gone.
    virtual void cancel_on_disconnect() noexcept = 0;
    /// The response as an event stream. Once opened, the handler's reply is only logged.
    virtual protocol::ReplyChannel& events() = 0;
};

/// One request that passed Host, Origin, routing and the gate, with its body.
class InboundRequest {
public:
    /// `headers_` and `connection_` outlive it.
    InboundRequest(std::string method_,
                   std::string path_,
                   std::string query_,
                   core::HttpHeaders const& headers_,
                   RequestConnection& connection_)
        : method(std::move(method_)), path(std::move(path_)), query(std::move(query_)), headers(headers_),
          connection(connection_), principal("anonymous", "anonymous", core::Role::reader) {}

    /// A `{name}` segment of the route, decoded.
    std::string_view parameter(std::string_view name) const noexcept;
    /// Media type of Content-Type in lower case, without parameters; empty when absent.
    std::string media_type() const;

    std::string method; ///< of the route: HEAD arrives as GET
    std::string path;   ///< as received, without query
    std::string query;  ///< as received, without `?`
    core::HttpHeaders const& headers;
    std::string body;
    RequestConnection& connection;
    core::Principal principal; ///< meaningful when the route asks for a role
    std::vector<std::pair<std::string, std::string>> parameters;
};

/// `request` and `ctx` outlive the task. An exception is answered with 500. Cancelled (terminal) when the
/// daemon's drain has run out of grace.
using HttpHandler =
    std::function<core::Task<HttpReply>(InboundRequest& request, core::CallContext const& ctx)>;

/// The caller's X-Request-Id when it is short and plain, else a new one.
std::string choose_request_id(core::HttpHeaders const& headers);
/// The caller's traceparent when it is well formed (W3C Trace Context), else empty.
std::string accept_traceparent(core::HttpHeaders const& headers);
/// `Sun, 06 Nov 1994 08:49:37 GMT`
std::string format_http_date(core::SystemTime time);

} // namespace server
