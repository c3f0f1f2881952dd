#pragma once

#include "core/json.hpp"
#include "protocol/tool.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace server {

/// Short hand for the descriptors' schemas; they use only the keywords protocol/schema.hpp knows.
inline core::Json schema_string(char const* description = nullptr) {
    core::Json schema{{"type", "string"}};
    if (description != nullptr) {
        schema["description"] = description;
    }
    return schema;
}

inline core::Json schema_integer(char const* description = nullptr) {
    core::Json schema = schema_string(description);
    schema["type"] = "integer";
    return schema;
}

inline core::Json
schema_integer(std::int64_t minimum, std::int64_t maximum, char const* description = nullptr) {
    core::Json schema = schema_integer(description);
    schema["minimum"] = minimum;
    schema["maximum"] = maximum;
    return schema;
}

inline core::Json schema_array(core::Json items) {
    return {{"type", "array"}, {"items", std::move(items)}};
}

inline core::Json schema_object(core::Json properties, std::vector<std::string> const& required) {
    core::Json schema{{"type", "object"}, {"properties", std::move(properties)}};
    if (!required.empty()) {
        schema["required"] = required;
    }
    return schema;
}

/// Arguments: a misspelt one must not be ignored.
inline core::Json schema_arguments(core::Json properties, std::vector<std::string> const& required) {
    core::Json schema = schema_object(std::move(properties), required);
    schema["additionalProperties"] = false;
    return schema;
}

inline core::Json schema_organization() {
    return schema_string("Organization name or URL; optional where only one is connected");
}

inline core::Json schema_max_bytes() {
    return schema_integer(1024, 1048576, "Budget of the answer");
}

inline core::Json schema_cursor() {
    return schema_string("From the previous answer, to go on");
}

/// Of a tool that only reads.
inline protocol::ToolHints reading_hints() {
    protocol::ToolHints hints;
    hints.read_only = true;
    hints.idempotent = true;
    return hints;
}

} // namespace server
