#include "support/official_schema.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <optional>

namespace test {
namespace {

bool is_type(Json const& value, std::string const& type) {
    if (type == "integer") {
        return value.is_number_integer() ||
               (value.is_number_float() && std::trunc(value.get<double>()) == value.get<double>());
    }
    return (type == "object" && value.is_object()) || (type == "array" && value.is_array()) ||
           (type == "string" && value.is_string()) || (type == "number" && value.is_number()) ||
           (type == "boolean" && value.is_boolean()) || (type == "null" && value.is_null());
}

bool has_any_type(Json const& types, Json const& value) {
    if (types.is_string()) {
        return is_type(value, types.get<std::string>());
    }
    return std::any_of(types.begin(), types.end(), [&](Json const& type) {
        return is_type(value, type.get<std::string>());
    });
}

std::optional<Json> load(std::string const& path) {
    std::ifstream file(path);
    if (!file) {
        return std::nullopt;
    }
    return Json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
}

} // namespace

std::string official_folder(protocol::Revision revision) {
    return std::string(MCP_SCHEMA_DIR) + "/" + std::string(protocol::to_string(revision));
}

OfficialSchema const* OfficialSchema::of(protocol::Revision revision) {
    static std::map<protocol::Revision, std::optional<OfficialSchema>> loaded;
    auto it = loaded.find(revision);
    if (it == loaded.end()) {
        std::string const path = official_folder(revision) + "/schema.json";
        auto root = load(path);
        it = loaded.try_emplace(revision).first;
        if (root) {
            it->second.emplace(std::move(*root));
        } else {
            std::cout << "skipped: messages of " << protocol::to_string(revision)
                      << " are not compared with the official schema, because "
                      << std::filesystem::path(path).lexically_normal().string() << " is not there\n";
        }
    }
    return it->second ? &*it->second : nullptr;
}

Json const* OfficialSchema::definition(std::string_view name) const {
    for (char const* key : {"$defs", "definitions"}) {
        auto const group = root_.find(key);
        if (group == root_.end()) {
            continue;
        }
        auto const it = group->find(std::string(name));
        if (it != group->end()) {
            return &*it;
        }
    }
    return nullptr;
}

bool OfficialSchema::defines(std::string_view name) const {
    return definition(name) != nullptr;
}

std::vector<std::string> OfficialSchema::violations(std::string_view name, Json const& value) const {
    Json const* schema = definition(name);
    if (schema == nullptr) {
        return {"no definition " + std::string(name)};
    }
    std::vector<std::string> out;
    check(*schema, value, std::string(name), out);
    return out;
}

bool OfficialSchema::accepts(Json const& schema, Json const& value) const {
    std::vector<std::string> out;
    check(schema, value, {}, out);
    return out.empty();
}

void OfficialSchema::check(Json const& schema,
                           Json const& value,
                           std::string const& at,
                           std::vector<std::string>& out) const {
    if (schema.is_boolean()) {
        if (!schema.get<bool>()) {
            out.push_back(at + ": false");
        }
        return;
    }
    if (auto const ref = schema.find("$ref"); ref != schema.end()) {
        std::string const target = ref->get<std::string>();
        Json const* found = definition(target.substr(target.rfind('/') + 1));
        if (found == nullptr) {
            out.push_back(at + ": $ref " + target);
        } else {
            check(*found, value, at, out);
        }
    }
    if (auto const type = schema.find("type"); type != schema.end() && !has_any_type(*type, value)) {
        out.push_back(at + ": type " + type->dump());
        return;
    }
    if (auto const only = schema.find("const"); only != schema.end() && *only != value) {
        out.push_back(at + ": const " + only->dump());
    }
    if (auto const values = schema.find("enum");
        values != schema.end() && std::find(values->begin(), values->end(), value) == values->end()) {
        out.push_back(at + ": enum " + values->dump());
    }
    if (value.is_number()) {
        if (schema.contains("minimum") && value.get<double>() < schema["minimum"].get<double>()) {
            out.push_back(at + ": minimum");
        }
        if (schema.contains("maximum") && value.get<double>() > schema["maximum"].get<double>()) {
            out.push_back(at + ": maximum");
        }
    }
    check_combinations(schema, value, at, out);
    check_members(schema, value, at, out);
}

void OfficialSchema::check_combinations(Json const& schema,
                                        Json const& value,
                                        std::string const& at,
                                        std::vector<std::string>& out) const {
    auto const fits = [&](Json const& option) { return accepts(option, value); };
    if (auto const all = schema.find("allOf"); all != schema.end()) {
        for (Json const& part : *all) {
            check(part, value, at, out);
        }
    }
    if (auto const any = schema.find("anyOf");
        any != schema.end() && std::none_of(any->begin(), any->end(), fits)) {
        out.push_back(at + ": anyOf");
    }
    if (auto const one = schema.find("oneOf");
        one != schema.end() && std::count_if(one->begin(), one->end(), fits) != 1) {
        out.push_back(at + ": oneOf");
    }
}

void OfficialSchema::check_members(Json const& schema,
                                   Json const& value,
                                   std::string const& at,
                                   std::vector<std::string>& out) const {
    if (value.is_array()) {
        if (schema.contains("minItems") && value.size() < schema["minItems"].get<std::size_t>()) {
            out.push_back(at + ": minItems");
        }
        if (schema.contains("maxItems") && value.size() > schema["maxItems"].get<std::size_t>()) {
            out.push_back(at + ": maxItems");
        }
        for (std::size_t i = 0; schema.contains("items") && i < value.size(); ++i) {
            check(schema["items"], value[i], at + "/" + std::to_string(i), out);
        }
    }
    if (!value.is_object()) {
        return;
    }
    for (Json const& name : schema.value("required", Json::array())) {
        if (!value.contains(name.get<std::string>())) {
            out.push_back(at + ": required " + name.get<std::string>());
        }
    }
    Json const properties = schema.value("properties", Json::object());
    for (auto const& [name, member] : value.items()) {
        if (properties.contains(name)) {
            check(properties[name], member, at + "/" + name, out);
        } else if (schema.contains("additionalProperties")) {
            check(schema["additionalProperties"], member, at + "/" + name, out);
        }
    }
}

namespace {

std::string result_definition(std::string_view method) {
    static std::map<std::string_view, std::string> const definitions{{"server/discover", "DiscoverResult"},
                                                                     {"initialize", "InitializeResult"},
                                                                     {"tools/list", "ListToolsResult"},
                                                                     {"tools/call", "CallToolResult"},
                                                                     {"ping", "EmptyResult"}};
    auto const it = definitions.find(method);
    return it == definitions.end() ? "Result" : it->second;
}

void check_response(OfficialSchema const& schema,
                    std::string_view method,
                    Json response,
                    std::vector<std::string>& out) {
    auto const add = [&](std::string_view definition, Json const& value) {
        auto found = schema.violations(definition, value);
        out.insert(out.end(), found.begin(), found.end());
    };
    if (response.contains("error")) {
        // JSON-RPC demands a null id where none could be read; the MCP schemas describe answers to readable
        // ones.
        if (response.contains("id") && response["id"].is_null()) {
            response["id"] = 0;
        }
        add(schema.defines("JSONRPCErrorResponse") ? "JSONRPCErrorResponse" : "JSONRPCError", response);
        return;
    }
    add(schema.defines("JSONRPCResultResponse") ? "JSONRPCResultResponse" : "JSONRPCResponse", response);
    if (response.contains("result")) {
        add(result_definition(method), response["result"]);
    }
}

} // namespace

std::vector<std::string>
official_violations(protocol::Revision revision, std::string_view method, std::string const& body) {
    OfficialSchema const* schema = OfficialSchema::of(revision);
    std::vector<std::string> out;
    if (schema == nullptr || body.empty()) {
        return out;
    }
    Json const json = Json::parse(body);
    if (!json.is_array()) {
        check_response(*schema, method, json, out);
        return out;
    }
    for (Json const& response : json) {
        check_response(*schema, {}, response, out);
    }
    return out;
}

} // namespace test
