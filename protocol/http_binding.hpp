#pragma once

#include "core/http/http_message.hpp"
#include "protocol/jsonrpc.hpp"
#include "protocol/version.hpp"

#include <optional>
#include <string>
#include <utility>

/// The header rules of Streamable HTTP for both eras, as pure functions. They are applied in the order of
/// declaration; the first rule that is broken decides the answer.
namespace protocol {

/// How a reply to a request is written. Refusals are always plain JSON: clients tell the eras apart by them.
enum class ReplyForm { json, event_stream };

class HttpRefusal {
public:
    HttpRefusal(int status_, RpcFault fault_) : status(status_), fault(std::move(fault_)) {}

    int status;
    RpcFault fault;
};

/// HTTP method, Content-Type and Accept: all that can be said before the body is read.
tl::expected<ReplyForm, HttpRefusal> bind_head(std::string const& method, core::HttpHeaders const& headers);

/// 2026-07-28 or the initialize era: by the message's `_meta`, and without it by the version header.
bool belongs_to_modern_era(core::HttpHeaders const& headers, RpcMessage const& message);

/// A 2026-07-28 request: its envelope, then the headers that must repeat the body (MCP-Protocol-Version,
/// Mcp-Method, Mcp-Name). nullopt = all kept.
std::optional<HttpRefusal> check_modern_request(core::HttpHeaders const& headers, RpcMessage const& request);

/// The revision a message of the initialize era is written in. `initialize` settles it in its body, so that
/// its header is not looked at.
tl::expected<Revision, HttpRefusal> legacy_revision(core::HttpHeaders const& headers,
                                                    RpcMessage const& message);

/// The same for an array of messages, which only 2025-03-26 knows.
tl::expected<Revision, HttpRefusal> batch_revision(core::HttpHeaders const& headers);

/// The HTTP status that carries a JSON-RPC error which a method (not a header rule) answered with.
int status_of_error(int code, Revision revision) noexcept;

} // namespace protocol
