#pragma once

#include "core/json.hpp"

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace protocol {

using core::Json;

/// -32000 to -32019 are leftovers of the initialize era, -32020 to -32099 belong to the MCP specification.
namespace rpc_code {
inline constexpr int parse_error = -32700;
inline constexpr int invalid_request = -32600;
inline constexpr int method_not_found = -32601;
inline constexpr int invalid_params = -32602;
inline constexpr int internal_error = -32603;
inline constexpr int transport = -32000; ///< what the reference server answers when HTTP itself is misused
inline constexpr int header_mismatch = -32020;
inline constexpr int missing_client_capability = -32021;
inline constexpr int unsupported_protocol_version = -32022;
/// Initialize era only.
inline constexpr int resource_not_found = -32002;
inline constexpr int session_not_found = -32001;
/// Ours, outside what JSON-RPC and MCP keep for themselves: a limit of this server.
inline constexpr int overloaded = -31000;
} // namespace rpc_code

/// A request id, kept as the string or 64-bit integer it was: an answer repeats it exactly. Empty when none
/// was readable.
class RequestId {
public:
    RequestId() = default;
    explicit RequestId(std::int64_t number) : value_(number) {}
    explicit RequestId(std::string text) : value_(std::move(text)) {}

    /// nullopt for anything but a string or an integer of 64 bits: null, 1.5 and booleans are no ids in MCP.
    static std::optional<RequestId> from_json(Json const& value);

    bool empty() const noexcept { return std::holds_alternative<std::monostate>(value_); }
    void append_to(std::string& out) const; ///< as JSON; `null` when empty
    std::string text() const;               ///< the same alone
    friend bool operator==(RequestId const&, RequestId const&) = default;

private:
    std::variant<std::monostate, std::int64_t, std::string> value_;
};

class RpcError {
public:
    RpcError(int code_, std::string message_, Json data_ = Json())
        : code(code_), message(std::move(message_)), data(std::move(data_)) {}

    int code;
    std::string message; ///< one or two sentences
    Json data;           ///< null = none
};

/// An error and the id it answers.
class RpcFault {
public:
    RpcFault(RequestId id_, RpcError error_) : id(std::move(id_)), error(std::move(error_)) {}

    RequestId id;
    RpcError error;
};

enum class MessageKind { request, notification, response };

class RpcMessage {
public:
    RpcMessage(MessageKind kind_, RequestId id_, std::string method_, Json params_)
        : kind(kind_), id(std::move(id_)), method(std::move(method_)), params(std::move(params_)) {}

    MessageKind kind;
    RequestId id;       ///< empty on notifications
    std::string method; ///< empty on responses
    Json params;        ///< an object, or null when absent; of a response: {"result"} or {"error"}
};

/// One JSON-RPC message with the shape MCP gives it (params are an object). The fault carries the id when it
/// was readable.
tl::expected<RpcMessage, RpcFault> read_message(Json value);

std::string error_response(RequestId const& id, RpcError const& error);
/// `result` is JSON text.
std::string result_response(RequestId const& id, std::string_view result);
/// The response up to its result, with room for that many bytes: the caller appends the result and one `}`.
std::string begin_result(RequestId const& id, std::size_t result_bytes);

} // namespace protocol
