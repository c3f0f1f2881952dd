#include "protocol/tool_registry.hpp"

#include "protocol/json_writer.hpp"

#include <algorithm>
#include <stdexcept>

namespace protocol {
namespace {

// Model APIs stop at 64 characters, and hosts put a prefix of their own before the name.
constexpr std::size_t kLongestName = 64;
constexpr std::size_t kLongestPrefixedName = 40;

bool is_tool_name(std::string_view name) {
    constexpr std::string_view kNameCharacters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
    return !name.empty() && name.size() <= kLongestName &&
           name.find_first_not_of(kNameCharacters) == std::string_view::npos;
}

/// Those without which clients refuse the tool or the whole list.
std::vector<std::string> protocol_findings(ToolDescriptor const& tool) {
    std::vector<std::string> findings;
    if (!is_tool_name(tool.name)) {
        findings.push_back("name: 1 to 64 of A-Z a-z 0-9 _ . -");
    }
    if (core::find_string(tool.input_schema, "type") != "object") {
        findings.emplace_back("input schema: the root must have the type object");
    }
    auto params = ParamHeaders::of_schema(tool.input_schema);
    findings.insert(findings.end(), params.findings.begin(), params.findings.end());
    return findings;
}

/// Some hosts translate schemas into the dialect of a model API and fail on these.
void collect_host_traps(Json const& schema, std::string const& pointer, std::vector<std::string>& findings) {
    if (Json const* items = core::find(schema, "items")) {
        collect_host_traps(*items, pointer + "/items", findings);
    } else if (core::find_string(schema, "type") == "array") {
        findings.push_back(pointer + ": an array must say what its items are");
    }
    if (Json const* properties = core::find_object(schema, "properties")) {
        for (auto it = properties->begin(); it != properties->end(); ++it) {
            if (it.key().find('$') != std::string::npos) {
                findings.push_back(pointer + "/" + it.key() + ": no $ in property names");
            }
            collect_host_traps(*it, pointer + "/" + it.key(), findings);
        }
    }
    for (char const* const keyword :
         {"$defs", "definitions", "patternProperties", "anyOf", "oneOf", "allOf", "prefixItems"}) {
        Json const* parts = core::find(schema, keyword);
        if (parts == nullptr || !parts->is_structured()) {
            continue;
        }
        for (Json const& part : *parts) {
            collect_host_traps(part, pointer + "/" + keyword, findings);
        }
    }
    for (char const* const keyword : {"additionalProperties", "not", "if", "then", "else"}) {
        if (Json const* part = core::find_object(schema, keyword)) {
            collect_host_traps(*part, pointer + "/" + keyword, findings);
        }
    }
}

} // namespace

ToolRegistry::ToolRegistry(std::vector<ToolHandler*> const& tools) {
    tools_.reserve(tools.size());
    for (ToolHandler* handler : tools) {
        ToolDescriptor const& tool = handler->descriptor();
        auto const findings = protocol_findings(tool);
        if (!findings.empty()) {
            throw std::logic_error("tool " + tool.name + ": " + findings.front());
        }
        if (find(tool.name) != nullptr) {
            throw std::logic_error("tool " + tool.name + " is there twice");
        }
        tools_.emplace_back(handler,
                            ParamHeaders::of_schema(tool.input_schema).headers,
                            CompiledSchema::compile(tool.input_schema));
    }
}

RegisteredTool const* ToolRegistry::find(std::string_view name) const noexcept {
    auto const it = std::find_if(tools_.begin(), tools_.end(), [&](RegisteredTool const& tool) {
        return tool.handler->descriptor().name == name;
    });
    return it == tools_.end() ? nullptr : &*it;
}

std::string ToolRegistry::unknown_tool_message(std::string_view name) const {
    std::vector<std::string_view> names;
    for (RegisteredTool const& tool : tools_) {
        names.emplace_back(tool.handler->descriptor().name);
    }
    std::string const message = "Unknown tool: " + json_quoted(name);
    std::string_view const near = nearest_name(name, names);
    return near.empty() ? message : message + "; did you mean " + json_quoted(near) + "?";
}

std::vector<std::string> check_descriptor(ToolDescriptor const& tool) {
    std::vector<std::string> findings = protocol_findings(tool);
    if (tool.name.size() > kLongestPrefixedName) {
        findings.emplace_back("name: with the prefix of a host it may pass 64 characters; stay within 40");
    }
    auto const check_schema = [&](std::string const& which, Json const& schema) {
        for (std::string const& finding : check_schema_supported(schema)) {
            findings.push_back(which + finding);
        }
        collect_host_traps(schema, which, findings);
    };
    check_schema("input schema ", tool.input_schema);
    if (!tool.output_schema.is_null()) {
        check_schema("output schema ", tool.output_schema);
    }
    return findings;
}

} // namespace protocol
