#include "protocol/render.hpp"

#include "protocol/envelope.hpp"
#include "protocol/json_writer.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

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

constexpr bool has_resource_links(Revision revision) {
    return revision >= Revision::v2025_06_18;
}
constexpr bool has_audio(Revision revision) {
    return revision >= Revision::v2025_03_26;
}
constexpr bool has_completions(Revision revision) {
    return revision >= Revision::v2025_03_26;
}

// The catalogue changes with the configuration only and is the same for every caller.
constexpr std::chrono::milliseconds kCatalogueTtl{300'000};

Json server_info(ServerIdentity const& identity, Revision revision) {
    Json info = Json::object();
    info["name"] = identity.name;
    info["version"] = identity.version;
    if (has_titles(revision) && !identity.title.empty()) {
        info["title"] = identity.title;
    }
    return info;
}

void set_titled(Json& json, std::string const& title, std::string const& description, Revision revision) {
    if (has_titles(revision) && !title.empty()) {
        json["title"] = title;
    }
    if (!description.empty()) {
        json["description"] = description;
    }
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
    json["inputSchema"] = tool.input_schema;
    set_titled(json, tool.title, tool.description, revision);
    if (publishes_output(tool, revision)) {
        json["outputSchema"] = tool.output_schema;
    }
    if (has_annotations(revision)) {
        json["annotations"] = annotations(tool, revision);
    }
    return json;
}

Json prompt_json(PromptDescriptor const& prompt, Revision revision) {
    Json json = Json::object();
    json["name"] = prompt.name;
    set_titled(json, prompt.title, prompt.description, revision);
    if (!prompt.arguments.empty()) {
        json["arguments"] = Json::array();
        for (PromptArgument const& argument : prompt.arguments) {
            Json entry = Json::object();
            entry["name"] = argument.name;
            set_titled(entry, {}, argument.description, revision);
            entry["required"] = argument.required;
            json["arguments"].push_back(std::move(entry));
        }
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

/// What a revision does not know is shown as text rather than lost.
Json block_for(Json block, Revision revision) {
    auto const type = core::find_string(block, "type").value_or(std::string_view());
    Json fallback = Json::object();
    fallback["type"] = "text";
    if (type == "resource_link" && !has_resource_links(revision)) {
        fallback["text"] = std::string(core::find_string(block, "uri").value_or(std::string_view()));
        return fallback;
    }
    if (type == "audio" && !has_audio(revision)) {
        fallback["text"] =
            "(audio, " + std::string(core::find_string(block, "mimeType").value_or("unknown")) + ")";
        return fallback;
    }
    return block;
}

Json contents_json(ResourceContents const& contents) {
    Json json = Json::object();
    json["uri"] = contents.uri;
    if (!contents.mime_type.empty()) {
        json["mimeType"] = contents.mime_type;
    }
    json[contents.is_binary ? "blob" : "text"] = contents.text;
    if (contents.meta.is_object()) {
        json["_meta"] = contents.meta;
    }
    return json;
}

} // namespace

Json render_capabilities(ServerFeatures const& features, Revision revision) {
    Json json = Json::object();
    auto const family = [&json](char const* name, bool changes) -> Json& {
        Json& entry = json[name] = Json::object();
        if (changes) {
            entry["listChanged"] = true;
        }
        return entry;
    };
    if (!features.tools.empty()) {
        family("tools", features.tools_change);
    }
    if (!features.prompts.empty()) {
        family("prompts", features.prompts_change);
    }
    if (!features.resources.empty()) {
        Json& resources = family("resources", features.resources_change);
        if (features.subscriptions) {
            resources["subscribe"] = true;
        }
    }
    if (features.completer != nullptr && has_completions(revision)) {
        family("completions", false);
    }
    if (features.logging) {
        family("logging", false);
    }
    if (is_modern(revision)) {
        Json extensions = Json::object();
        if (features.tasks != nullptr) {
            extensions["io.modelcontextprotocol/tasks"] = Json::object();
        }
        if (features.skills != nullptr) {
            extensions["io.modelcontextprotocol/skills"] = Json{{"directoryRead", true}};
        }
        if (!extensions.empty()) {
            json["extensions"] = std::move(extensions);
        }
    }
    return json;
}

std::string render_server_info(ServerIdentity const& identity, Revision revision) {
    return text_of(server_info(identity, revision));
}

std::string render_initialize(ServerFeatures const& features, Revision revision) {
    Json result = Json::object();
    result["protocolVersion"] = std::string(to_string(revision));
    result["capabilities"] = render_capabilities(features, revision);
    result["serverInfo"] = server_info(features.identity, revision);
    if (!features.identity.instructions.empty()) {
        result["instructions"] = features.identity.instructions;
    }
    return text_of(result);
}

std::string render_discover(ServerFeatures const& features) {
    Json result = Json::object();
    result["supportedVersions"] = Json::array({std::string(to_string(kModernRevision))});
    result["capabilities"] = render_capabilities(features, kModernRevision);
    if (!features.identity.instructions.empty()) {
        result["instructions"] = features.identity.instructions;
    }
    std::string text = text_of(result);
    text.pop_back();
    std::string const info = render_server_info(features.identity, kModernRevision);
    ResultTail tail(kModernRevision, info);
    tail.ttl = kCatalogueTtl;
    end_result(text, tail, Json(), false);
    return text;
}

std::vector<ListItem> render_tools(std::vector<ToolHandler*> const& tools, Revision revision) {
    std::vector<ListItem> items;
    for (ToolHandler const* handler : tools) {
        ToolDescriptor const& tool = handler->descriptor();
        if (tool.listed) {
            items.emplace_back(tool.name, text_of(tool_json(tool, revision)));
        }
    }
    return items;
}

std::vector<ListItem> render_prompts(std::vector<PromptHandler*> const& prompts, Revision revision) {
    std::vector<ListItem> items;
    for (PromptHandler const* handler : prompts) {
        PromptDescriptor const& prompt = handler->descriptor();
        if (prompt.listed) {
            items.emplace_back(prompt.name, text_of(prompt_json(prompt, revision)));
        }
    }
    return items;
}

std::vector<ListItem> render_resources(std::vector<ResourceDescriptor> const& resources, Revision revision) {
    std::vector<ListItem> items;
    for (ResourceDescriptor const& resource : resources) {
        Json json = Json::object();
        json["uri"] = resource.uri;
        json["name"] = resource.name;
        set_titled(json, resource.title, resource.description, revision);
        if (!resource.mime_type.empty()) {
            json["mimeType"] = resource.mime_type;
        }
        if (resource.size) {
            json["size"] = *resource.size;
        }
        items.emplace_back(resource.uri, text_of(json));
    }
    return items;
}

std::vector<ListItem> render_templates(std::vector<ResourceTemplate> const& templates, Revision revision) {
    std::vector<ListItem> items;
    for (ResourceTemplate const& entry : templates) {
        Json json = Json::object();
        json["uriTemplate"] = entry.uri_template;
        json["name"] = entry.name;
        set_titled(json, entry.title, entry.description, revision);
        if (!entry.mime_type.empty()) {
            json["mimeType"] = entry.mime_type;
        }
        items.emplace_back(entry.uri_template, text_of(json));
    }
    return items;
}

void end_result(std::string& out, ResultTail const& tail, Json const& meta, bool empty) {
    bool const modern = is_modern(tail.revision);
    auto const comma = [&out, &empty] {
        if (!empty) {
            out += ',';
        }
        empty = false;
    };
    if (modern) {
        comma();
        out += R"("resultType":)";
        append_json_string(out, tail.result_type);
        if (tail.ttl) {
            out += R"(,"ttlMs":)" + std::to_string(tail.ttl->count());
            out += tail.is_private ? R"(,"cacheScope":"private")" : R"(,"cacheScope":"public")";
        }
    }
    bool const has_meta = meta.is_object() && !meta.empty();
    if (modern || has_meta) {
        comma();
        out += R"("_meta":)";
        if (has_meta) {
            append_json(out, meta);
        }
        if (modern) {
            if (has_meta) {
                out.back() = ',';
            } else {
                out += '{';
            }
            append_json_string(out, meta_key::server_info);
            out += ':';
            out += tail.server_info;
            out += '}';
        }
    }
    out += '}';
}

void append_call_result(std::string& out, ToolResult const& result, ResultTail const& tail) {
    out += R"({"content":[)";
    bool const twin = result.text.empty() && !result.structured.is_null();
    bool const has_text = twin || !result.text.empty() || !result.content.is_array();
    if (has_text) {
        out += R"({"type":"text","text":)";
        // Hosts that show text only still see the answer.
        append_json_string(out, twin ? text_of(result.structured) : result.text);
        out += '}';
    }
    if (result.content.is_array()) {
        bool first = !has_text;
        for (Json const& block : result.content) {
            if (!std::exchange(first, false)) {
                out += ',';
            }
            append_json(out, block_for(block, tail.revision));
        }
    }
    out += ']';
    if (sends_structured(result, tail.revision)) {
        out += R"(,"structuredContent":)";
        append_json(out, result.structured);
    }
    if (result.is_error) {
        out += R"(,"isError":true)";
    }
    end_result(out, tail, result.meta, false);
}

void append_prompt_result(std::string& out, PromptResult const& result, ResultTail const& tail) {
    out += R"({"messages":[)";
    for (PromptMessage const& message : result.messages) {
        if (out.back() == '}') {
            out += ',';
        }
        out += R"({"role":)";
        append_json_string(out, message.role);
        out += R"(,"content":)";
        append_json(out, block_for(message.content, tail.revision));
        out += '}';
    }
    out += ']';
    if (!result.description.empty()) {
        out += R"(,"description":)";
        append_json_string(out, result.description);
    }
    end_result(out, tail, Json(), false);
}

void append_read_result(std::string& out, ResourceResult const& result, ResultTail const& tail) {
    out += R"({"contents":[)";
    for (ResourceContents const& contents : result.contents) {
        if (out.back() == '}') {
            out += ',';
        }
        append_json(out, contents_json(contents));
    }
    out += ']';
    end_result(out, tail, Json(), false);
}

void append_completions(std::string& out, Completions const& completions, ResultTail const& tail) {
    Json json = Json::object();
    bool const cut = completions.values.size() > kMaxCompletions;
    json["values"] = Json::array();
    for (std::size_t i = 0; i < std::min(completions.values.size(), kMaxCompletions); ++i) {
        json["values"].push_back(completions.values[i]);
    }
    std::size_t const total = completions.total.value_or(completions.values.size());
    json["total"] = total;
    json["hasMore"] = cut || total > completions.values.size();
    out += R"({"completion":)";
    append_json(out, json);
    end_result(out, tail, Json(), false);
}

Json input_requests_json(std::vector<InputRequest> const& requests) {
    Json json = Json::object();
    for (InputRequest const& request : requests) {
        Json entry = Json::object();
        entry["method"] = request.method;
        entry["params"] = request.params.is_object() ? request.params : Json::object();
        json[request.key] = std::move(entry);
    }
    return json;
}

void append_input_required(std::string& out,
                           std::vector<InputRequest> const& requests,
                           std::string_view request_state,
                           std::string_view server_info) {
    out += '{';
    if (!requests.empty()) {
        out += R"("inputRequests":)";
        append_json(out, input_requests_json(requests));
    }
    if (!request_state.empty()) {
        out += requests.empty() ? R"("requestState":)" : R"(,"requestState":)";
        append_json_string(out, request_state);
    }
    ResultTail tail(kModernRevision, server_info);
    tail.result_type = "input_required";
    end_result(out, tail, Json(), requests.empty() && request_state.empty());
}

} // namespace protocol
