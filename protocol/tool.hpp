#pragma once

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/task.hpp"
#include "protocol/input_request.hpp"
#include "protocol/jsonrpc.hpp"
#include "protocol/request_client.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace protocol {

/// MCP tool annotations (2026-07-28, server/tools). Hints for the host, never a substitute for enforcement.
class ToolHints {
public:
    bool read_only = false;
    bool destructive = false;
    bool idempotent = false;
    bool open_world = true;
};

/// When a call becomes a task (io.modelcontextprotocol/tasks), for clients that declare the extension. Others
/// get the plain result, or -32021 where there is no call without a task.
enum class TaskUse {
    when_slow, ///< after the time the server's limits set
    at_once,
    required, ///< at once, and refused without the extension
};

/// A tool as data: everything `tools/list` publishes. Schemas are JSON Schema as
/// protocol/schema.hpp validates it.
class ToolDescriptor {
public:
    ToolDescriptor(std::string name_,
                   std::string title_,
                   std::string description_,
                   Json input_schema_,
                   Json output_schema_,
                   ToolHints hints_)
        : name(std::move(name_)), title(std::move(title_)), description(std::move(description_)),
          input_schema(std::move(input_schema_)), output_schema(std::move(output_schema_)), hints(hints_) {}

    std::string name;
    std::string title;
    std::string description;
    Json input_schema;
    Json output_schema; ///< null when the tool has no structured output
    ToolHints hints;
    TaskUse task_use = TaskUse::when_slow;
    bool listed = true;         ///< false: callable, but not in tools/list
    bool asks_first = false;    ///< with at_once and required: rounds that ask run before there is a task
    Json required_capabilities; ///< a client capabilities object; null = none. Without them: -32021
};

/// What a call came to. Failures of the domain or the upstream are results too (`is_error`), so that a model
/// can act on them; they carry no structured content, because clients validate that against the output
/// schema.
class ToolResult {
public:
    ToolResult(std::string text_, Json structured_)
        : text(std::move(text_)), structured(std::move(structured_)) {}
    static ToolResult error(std::string text_) {
        ToolResult result(std::move(text_), Json());
        result.is_error = true;
        return result;
    }

    static ToolResult ask(InputNeeded needed_) {
        ToolResult result("", Json());
        result.needed.emplace(std::move(needed_));
        return result;
    }
    /// A JSON-RPC error: for what is wrong with the request as such, never for failures of the domain.
    static ToolResult refuse(RpcError error_) {
        ToolResult result("", Json());
        result.refusal.emplace(std::move(error_));
        return result;
    }

    std::string text; ///< the first content block; empty with `structured`: its JSON; empty without: no block
    Json structured;  ///< null = none
    Json content;     ///< null, or an array of further content blocks (content.hpp)
    Json meta;        ///< null, or an object that becomes the result's `_meta`
    bool is_error = false;
    std::optional<InputNeeded> needed; ///< set: this is no result yet
    std::optional<RpcError> refusal;   ///< set: answered with this error instead
};

/// One round of a tool call.
class ToolCall : public HandlerContext {
public:
    ToolCall(Json const& arguments_,
             core::Principal const& caller_,
             core::CallContext const& ctx_,
             RequestClient& client_)
        : HandlerContext(caller_, ctx_, client_), arguments(arguments_) {}

    Json const& arguments;        ///< valid under the input schema
    Json inputs = Json::object(); ///< the client's answers to what an earlier round asked, by key
    Json state;                   ///< what the earlier round left; null in the first
    std::string task_id; ///< when it is a task or may become one: the same when it is run again; else empty
};

class ToolHandler {
public:
    virtual ~ToolHandler() = default;
    virtual ToolDescriptor const& descriptor() const noexcept = 0;
    /// May put arguments a caller wrote in another form into the one the input schema says, before they are
    /// held against it. What it cannot understand it leaves as it is.
    virtual void normalize(Json& /*arguments*/) const {}
    /// `call` outlives the task. Cancellation (terminal) reaches the upstream call. May be called
    /// concurrently.
    virtual core::Task<ToolResult> call(ToolCall const& call) = 0;
};

} // namespace protocol
