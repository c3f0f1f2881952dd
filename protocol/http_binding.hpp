#pragma once

#include "core/http/http_message.hpp"
#include "protocol/envelope.hpp"
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

/// Content-Type and Accept of a POST: all that can be said before the body is read.
tl::expected<ReplyForm, HttpRefusal> bind_head(std::string const& method, core::HttpHeaders const& headers);
/// GET and DELETE, which only the initialize era knows; a GET opens an event stream and must accept one.
std::optional<HttpRefusal> check_bodyless(std::string const& method, core::HttpHeaders const& headers);
/// True when the client takes an event stream as an answer.
bool accepts_events(core::HttpHeaders const& headers);

/// 2026-07-28 or the initialize era: by the message's `_meta`, and without it by the version header.
bool belongs_to_modern_era(core::HttpHeaders const& headers, RpcMessage const& message);

/// A 2026-07-28 request: its envelope, then the headers that must repeat the body (MCP-Protocol-Version,
/// Mcp-Method, Mcp-Name).
tl::expected<Envelope, HttpRefusal> check_modern_request(core::HttpHeaders const& headers,
                                                         RpcMessage const& request);

/// Initialize era: MCP-Protocol-Version is absent (Gemini CLI, everything of 2025-03-26) or names a revision
/// of that era. What a session speaks was settled when it was opened; the header is a cross-check.
std::optional<HttpRefusal> check_legacy_version(core::HttpHeaders const& headers, RequestId const& id);

/// The HTTP status that carries a JSON-RPC error which a method (not a header rule) answered with.
int status_of_error(int code, Revision revision) noexcept;

} // namespace protocol
