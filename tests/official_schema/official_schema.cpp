#include "official_schema/official_schema.hpp"

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

using Definitions = std::map<std::string_view, std::string_view>;

std::string_view look_up(Definitions const& definitions, std::string_view method) {
    auto const it = definitions.find(method);
    return it == definitions.end() ? std::string_view() : it->second;
}

std::string_view result_definition(std::string_view method) {
    static Definitions const definitions{{"server/discover", "DiscoverResult"},
                                         {"initialize", "InitializeResult"},
                                         {"tools/list", "ListToolsResult"},
                                         {"tools/call", "CallToolResult"},
                                         {"prompts/list", "ListPromptsResult"},
                                         {"prompts/get", "GetPromptResult"},
                                         {"resources/list", "ListResourcesResult"},
                                         {"resources/templates/list", "ListResourceTemplatesResult"},
                                         {"resources/read", "ReadResourceResult"},
                                         {"resources/directory/read", "ListResourcesResult"},
                                         {"completion/complete", "CompleteResult"},
                                         {"subscriptions/listen", "SubscriptionsListenResult"},
                                         {"ping", "EmptyResult"}};
    std::string_view const name = look_up(definitions, method);
    return name.empty() ? "Result" : name;
}

std::string_view notification_definition(std::string_view method) {
    static Definitions const definitions{
        {"notifications/progress", "ProgressNotification"},
        {"notifications/message", "LoggingMessageNotification"},
        {"notifications/resources/updated", "ResourceUpdatedNotification"},
        {"notifications/resources/list_changed", "ResourceListChangedNotification"},
        {"notifications/tools/list_changed", "ToolListChangedNotification"},
        {"notifications/prompts/list_changed", "PromptListChangedNotification"},
        {"notifications/elicitation/complete", "ElicitationCompleteNotification"},
        {"notifications/subscriptions/acknowledged", "SubscriptionsAcknowledgedNotification"},
        {"notifications/cancelled", "CancelledNotification"}};
    return look_up(definitions, method);
}

std::string_view request_definition(std::string_view method) {
    static Definitions const definitions{{"elicitation/create", "ElicitRequest"},
                                         {"sampling/createMessage", "CreateMessageRequest"},
                                         {"roots/list", "ListRootsRequest"},
                                         {"ping", "PingRequest"}};
    return look_up(definitions, method);
}

std::string_view error_definition(int code) {
    switch (code) {
    case -32020:
        return "HeaderMismatchError";
    case -32021:
        return "MissingRequiredClientCapabilityError";
    case -32022:
        return "UnsupportedProtocolVersionError";
    default:
        return "Error";
    }
}

/// What SEP-2663 says of a task; its schema is not among the published files of a revision.
void check_task(Json const& task, std::vector<std::string>& out) {
    for (char const* member : {"taskId", "status", "createdAt", "lastUpdatedAt"}) {
        if (!task.contains(member) || !task[member].is_string()) {
            out.push_back(std::string("task: ") + member);
        }
    }
    if (!task.contains("ttlMs") || !(task["ttlMs"].is_null() || task["ttlMs"].is_number_integer())) {
        out.emplace_back("task: ttlMs");
    }
    std::string const status = task.value("status", std::string());
    bool const asks = status == "input_required";
    for (auto const& [member, here] : {std::pair<char const*, bool>("inputRequests", asks),
                                       std::pair<char const*, bool>("result", status == "completed"),
                                       std::pair<char const*, bool>("error", status == "failed")}) {
        if (task.contains(member) != here) {
            out.push_back("task " + status + ": " + member);
        }
    }
}

class Checker {
public:
    Checker(OfficialSchema const& schema, protocol::Revision revision)
        : schema_(schema), modern_(protocol::is_modern(revision)) {}

    void check_sent(Json const& message, std::vector<std::string>& out) const {
        std::string const method = message["method"].get<std::string>();
        bool const request = message.contains("id");
        add(request ? "JSONRPCRequest" : "JSONRPCNotification", message, out);
        if (request && modern_) {
            out.emplace_back("a server sends no requests");
            return;
        }
        if (modern_ && method == "notifications/tasks") {
            check_task(message["params"], out);
            return;
        }
        std::string_view const definition =
            request ? request_definition(method) : notification_definition(method);
        if (definition.empty()) {
            out.push_back("not for a server to send: " + method);
        } else {
            add(definition, message, out);
        }
    }

    void check_response(std::string_view method, Json response, std::vector<std::string>& out) const {
        if (response.contains("error")) {
            check_error(std::move(response), out);
            return;
        }
        add(schema_.defines("JSONRPCResultResponse") ? "JSONRPCResultResponse" : "JSONRPCResponse",
            response,
            out);
        if (!response.contains("result")) {
            return;
        }
        Json const& result = response["result"];
        std::string const type = result.value("resultType", std::string());
        if (!modern_ || type == "complete") {
            add(result_definition(method), result, out);
            if (method == "tasks/get") {
                check_task(result, out);
            }
        } else if (type == "input_required") {
            bool const may_ask =
                method == "tools/call" || method == "prompts/get" || method == "resources/read";
            bool const says_what = result.contains("inputRequests") || result.contains("requestState");
            if (!may_ask || !says_what || result.contains("ttlMs")) {
                out.emplace_back("input_required where it may not be, without content or with cache hints");
            }
            add("InputRequiredResult", result, out);
        } else if (type == "task" && method == "tools/call") {
            check_task(result, out);
        } else {
            out.push_back("resultType " + type);
        }
    }

private:
    void check_error(Json response, std::vector<std::string>& out) const {
        // JSON-RPC demands a null id where none could be read; the MCP schemas describe answers to readable
        // ones.
        if (response.contains("id") && response["id"].is_null()) {
            response["id"] = 0;
        }
        add(schema_.defines("JSONRPCErrorResponse") ? "JSONRPCErrorResponse" : "JSONRPCError", response, out);
        std::string_view const special = error_definition(response["error"].value("code", 0));
        if (modern_ && special != "Error" && schema_.defines(special)) {
            add(special, response, out);
        }
    }

    void add(std::string_view definition, Json const& value, std::vector<std::string>& out) const {
        auto found = schema_.violations(definition, value);
        out.insert(out.end(), found.begin(), found.end());
    }

    OfficialSchema const& schema_;
    bool modern_;
};

} // namespace

std::vector<std::string>
official_violations(protocol::Revision revision, std::string_view method, Json const& message) {
    OfficialSchema const* schema = OfficialSchema::of(revision);
    std::vector<std::string> out;
    if (schema == nullptr) {
        return out;
    }
    Checker const checker(*schema, revision);
    if (message.contains("method")) {
        checker.check_sent(message, out);
    } else {
        checker.check_response(method, message, out);
    }
    return out;
}

} // namespace test
