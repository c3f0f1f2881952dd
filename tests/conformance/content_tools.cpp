#include "fixtures.hpp"

#include "protocol/content.hpp"

namespace conformance {
namespace {

namespace content = protocol::content;
using protocol::ToolCall;
using protocol::ToolResult;

ToolResult only(Json block) {
    ToolResult result("", Json());
    result.content = Json::array({std::move(block)});
    return result;
}

Json text_resource(char const* uri, char const* mime_type, char const* text) {
    return Json{{"uri", uri}, {"mimeType", mime_type}, {"text", text}};
}

ToolResult simple_text(ToolCall const& /*call*/) {
    return ToolResult("This is a simple text response for testing.", Json());
}

ToolResult image_content(ToolCall const& /*call*/) {
    return only(content::image(std::string(kPng), "image/png"));
}

ToolResult audio_content(ToolCall const& /*call*/) {
    return only(content::audio(std::string(kWav), "audio/wav"));
}

ToolResult embedded_resource(ToolCall const& /*call*/) {
    return only(content::resource(
        text_resource("test://embedded-resource", "text/plain", "This is an embedded resource content.")));
}

ToolResult multiple_content_types(ToolCall const& /*call*/) {
    ToolResult result("Multiple content types test:", Json());
    result.content = Json::array();
    result.content.push_back(content::image(std::string(kPng), "image/png"));
    result.content.push_back(content::resource(text_resource(
        "test://mixed-content-resource", "application/json", R"({"test":"data","value":123})")));
    return result;
}

ToolResult error_handling(ToolCall const& /*call*/) {
    return ToolResult::error("This tool intentionally returns an error for testing");
}

ToolResult echo(ToolCall const& call) {
    return ToolResult("Called with " + core::dump_json(call.arguments), Json());
}

/// Every keyword has to arrive in tools/list as it stands here.
Json full_dialect_schema() {
    return Json::parse(R"({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": {"street": {"type": "string"}, "city": {"type": "string"}}
            }
        },
        "properties": {
            "name": {"type": "string"},
            "address": {"$ref": "#/$defs/address"},
            "contactMethod": {"type": "string", "enum": ["phone", "email"]},
            "phone": {"type": "string"},
            "email": {"type": "string"}
        },
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
        "then": {"required": ["phone"]},
        "else": {"required": ["email"]},
        "additionalProperties": false
    })");
}

Json mirrored_argument_schema() {
    return Json::parse(R"({
        "type": "object",
        "properties": {
            "region": {"type": "string", "x-mcp-header": "Region"},
            "query": {"type": "string"}
        }
    })");
}

} // namespace

void add_content_tools(Tools& tools) {
    auto const add = [&tools](char const* name, char const* description, ToolAnswer answer) {
        tools.push_back(make_tool(describe(name, description, no_arguments()), answer));
    };
    add("test_simple_text", "One text block", &simple_text);
    add("test_image_content", "One image block", &image_content);
    add("test_audio_content", "One audio block", &audio_content);
    add("test_embedded_resource", "One embedded resource", &embedded_resource);
    add("test_multiple_content_types", "A text, an image and a resource", &multiple_content_types);
    add("test_error_handling", "Always fails", &error_handling);
    tools.push_back(make_tool(
        describe("json_schema_2020_12_tool", "Tool with JSON Schema 2020-12 features", full_dialect_schema()),
        &echo));
    tools.push_back(make_tool(
        describe("test_x_mcp_header", "An argument that is repeated in a header", mirrored_argument_schema()),
        &echo));
}

} // namespace conformance
