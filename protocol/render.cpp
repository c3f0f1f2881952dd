#include "protocol/render.hpp"

#include "protocol/envelope.hpp"
#include "protocol/json_writer.hpp"

#include <cstdint>

namespace protocol {
namespace {

constexpr bool has_annotations(Revision revision) {
    return revision >= Revision::v2025_03_26;
}
constexpr bool has_titles(Revision revision) {
    return revision >= Revision::v2025_06_18;
}
constexpr bool has_structured_output(Revision revision) {
    return revision >= Revision::v2025_06_18;
}

// The catalogue changes with the configuration only and is the same for every caller.
constexpr std::int64_t kCatalogueTtlMs = 300'000;

Json server_info(ServerIdentity const& identity, Revision revision) {
    Json info = Json::object();
    info["name"] = identity.name;
    info["version"] = identity.version;
    if (has_titles(revision) && !identity.title.empty()) {
        info["title"] = identity.title;
    }
    return info;
}

/// What handlers honour and no more: tools, without notices of a changed list.
Json capabilities() {
    Json json = Json::object();
    json["tools"] = Json::object();
    return json;
}

void make_modern(Json& result, ServerIdentity const& identity) {
    result["resultType"] = "complete";
    result["_meta"][std::string(meta_key::server_info)] = server_info(identity, kModernRevision);
}

void make_cacheable(Json& result) {
    result["ttlMs"] = kCatalogueTtlMs;
    result["cacheScope"] = "public";
}

Json annotations(ToolDescriptor const& tool, Revision revision) {
    Json json = Json::object();
    if (!has_titles(revision) && !tool.title.empty()) {
        json["title"] = tool.title;
    }
    json["readOnlyHint"] = tool.hints.read_only;
    json["destructiveHint"] = tool.hints.destructive;
    json["idempotentHint"] = tool.hints.idempotent;
    json["openWorldHint"] = tool.hints.open_world;
    return json;
}

/// Before 2026-07-28 structured output is an object and its schema says so at the root.
bool publishes_output(ToolDescriptor const& tool, Revision revision) {
    return has_structured_output(revision) && tool.output_schema.is_object() &&
           (is_modern(revision) || core::find_string(tool.output_schema, "type") == "object");
}

Json tool_json(ToolDescriptor const& tool, Revision revision) {
    Json json = Json::object();
    json["name"] = tool.name;
    json["description"] = tool.description;
    json["inputSchema"] = tool.input_schema;
    if (has_titles(revision) && !tool.title.empty()) {
        json["title"] = tool.title;
    }
    if (publishes_output(tool, revision)) {
        json["outputSchema"] = tool.output_schema;
    }
    if (has_annotations(revision)) {
        json["annotations"] = annotations(tool, revision);
    }
    return json;
}

std::string text_of(Json const& json) {
    std::string text;
    append_json(text, json);
    return text;
}

bool sends_structured(ToolResult const& result, Revision revision) {
    // Clients check it against the output schema even on errors, and hide the error's text when it does not
    // fit.
    return !result.is_error && !result.structured.is_null() && has_structured_output(revision) &&
           (is_modern(revision) || result.structured.is_object());
}

void append_meta(std::string& out, Json const& meta, Revision revision, std::string_view server_info) {
    bool const has_meta = meta.is_object() && !meta.empty();
    if (!is_modern(revision)) {
        if (has_meta) {
            out += R"(,"_meta":)";
            append_json(out, meta);
        }
        return;
    }
    out += R"(,"_meta":)";
    if (has_meta) {
        append_json(out, meta);
        out.back() = ',';
    } else {
        out += '{';
    }
    append_json_string(out, meta_key::server_info);
    out += ':';
    out += server_info;
    out += '}';
}

} // namespace

std::string render_server_info(ServerIdentity const& identity, Revision revision) {
    return text_of(server_info(identity, revision));
}

std::string render_initialize(ServerIdentity const& identity, Revision revision) {
    Json result = Json::object();
    result["protocolVersion"] = std::string(to_string(revision));
    result["capabilities"] = capabilities();
    result["serverInfo"] = server_info(identity, revision);
    if (!identity.instructions.empty()) {
        result["instructions"] = identity.instructions;
    }
    return text_of(result);
}

std::string render_discover(ServerIdentity const& identity) {
    Json result = Json::object();
    result["supportedVersions"] = Json::array({std::string(to_string(kModernRevision))});
    result["capabilities"] = capabilities();
    if (!identity.instructions.empty()) {
        result["instructions"] = identity.instructions;
    }
    make_cacheable(result);
    make_modern(result, identity);
    return text_of(result);
}

std::string render_tool_list(ServerIdentity const& identity, ToolRegistry const& tools, Revision revision) {
    Json result = Json::object();
    result["tools"] = Json::array();
    for (RegisteredTool const& tool : tools.tools()) {
        result["tools"].push_back(tool_json(tool.handler->descriptor(), revision));
    }
    if (is_modern(revision)) {
        make_cacheable(result);
        make_modern(result, identity);
    }
    return text_of(result);
}

void append_call_result(std::string& out,
                        ToolResult const& result,
                        Revision revision,
                        std::string_view server_info) {
    out += R"({"content":[{"type":"text","text":)";
    if (result.text.empty() && !result.structured.is_null()) {
        // Hosts that show text only still see the answer.
        append_json_string(out, text_of(result.structured));
    } else {
        append_json_string(out, result.text);
    }
    out += "}]";
    if (sends_structured(result, revision)) {
        out += R"(,"structuredContent":)";
        append_json(out, result.structured);
    }
    if (result.is_error) {
        out += R"(,"isError":true)";
    }
    if (is_modern(revision)) {
        out += R"(,"resultType":"complete")";
    }
    append_meta(out, result.meta, revision, server_info);
    out += '}';
}

} // namespace protocol
