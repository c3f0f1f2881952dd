#pragma once

#include "core/call_context.hpp"
#include "core/error.hpp"
#include "core/json.hpp"
#include "core/principal.hpp"
#include "core/task.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace protocol {

using core::Json;

/// MCP tool annotations (2026-07-28, server/tools). Hints for the host, never a substitute for enforcement.
class ToolHints {
public:
    bool read_only = false;
    bool destructive = false;
    bool idempotent = false;
    bool open_world = true;
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

    std::string text;
    Json structured; ///< null = none
    Json meta;       ///< null, or an object that becomes the result's `_meta`
    bool is_error = false;
};

class ToolHandler {
public:
    virtual ~ToolHandler() = default;
    virtual ToolDescriptor const& descriptor() const noexcept = 0;
    /// `args` has been validated against the input schema. All references outlive the task. Cancellation
    /// (terminal) reaches the upstream call. May be called concurrently.
    virtual core::Task<ToolResult>
    call(Json const& args, core::Principal const& caller, core::CallContext const& ctx) = 0;
};

} // namespace protocol
