#include "support/requests.hpp"

#include <algorithm>

namespace test {
namespace {

constexpr char const* kVersionKey = "io.modelcontextprotocol/protocolVersion";
constexpr char const* kCapabilitiesKey = "io.modelcontextprotocol/clientCapabilities";
constexpr char const* kClientInfoKey = "io.modelcontextprotocol/clientInfo";

Json call_params(std::string const& tool, Json arguments) {
    Json params = Json::object();
    params["name"] = tool;
    params["arguments"] = std::move(arguments);
    return params;
}

} // namespace

HeaderList modern_headers(std::string const& method, std::string const& name) {
    HeaderList headers{{"Content-Type", "application/json"},
                       {"Accept", "application/json, text/event-stream"},
                       {"MCP-Protocol-Version", "2026-07-28"},
                       {"Mcp-Method", method}};
    return name.empty() ? headers : with(std::move(headers), "Mcp-Name", name);
}

HeaderList legacy_headers(std::optional<Revision> revision) {
    HeaderList headers{{"Content-Type", "application/json"},
                       {"Accept", "application/json, text/event-stream"}};
    return revision
               ? with(std::move(headers), "MCP-Protocol-Version", std::string(protocol::to_string(*revision)))
               : headers;
}

HeaderList without(HeaderList headers, std::string_view name) {
    headers.erase(std::remove_if(headers.begin(),
                                 headers.end(),
                                 [&](auto const& field) { return core::iequals(field.first, name); }),
                  headers.end());
    return headers;
}

HeaderList with(HeaderList headers, std::string const& name, std::string const& value) {
    headers = without(std::move(headers), name);
    headers.emplace_back(name, value);
    return headers;
}

Json legacy_request(std::string const& method, Json params, Json id) {
    Json request = Json::object();
    request["jsonrpc"] = "2.0";
    request["id"] = std::move(id);
    request["method"] = method;
    request["params"] = std::move(params);
    return request;
}

Json modern_request(std::string const& method, Json params, Json id) {
    Json& meta = params["_meta"];
    for (auto const& [key, value] : {std::pair<char const*, Json>(kVersionKey, "2026-07-28"),
                                     std::pair<char const*, Json>(kCapabilitiesKey, Json::object())}) {
        if (!meta.contains(key)) {
            meta[key] = value;
        }
    }
    if (!meta.contains(kClientInfoKey)) {
        meta[kClientInfoKey] = Json::parse(R"({"name":"test","version":"1"})");
    }
    return legacy_request(method, std::move(params), std::move(id));
}

Json modern_call(std::string const& tool, Json arguments, Json id) {
    return modern_request("tools/call", call_params(tool, std::move(arguments)), std::move(id));
}

Json legacy_call(std::string const& tool, Json arguments, Json id) {
    return legacy_request("tools/call", call_params(tool, std::move(arguments)), std::move(id));
}

Json notification(std::string const& method, Json params) {
    Json message = legacy_request(method, std::move(params));
    message.erase("id");
    return message;
}

Json declaring(Json request, Json capabilities) {
    return with_meta(std::move(request), kCapabilitiesKey, std::move(capabilities));
}

Json with_meta(Json request, std::string const& key, Json value) {
    request["params"]["_meta"][key] = std::move(value);
    return request;
}

Json json_of(protocol::McpHttpReply const& reply) {
    constexpr std::string_view kEvent = "event: message\ndata: ";
    std::string_view text = reply.body;
    if (!text.starts_with(kEvent)) {
        return Json::parse(text);
    }
    text.remove_prefix(kEvent.size());
    return Json::parse(text.substr(0, text.find("\n\n")));
}

int code_of(protocol::McpHttpReply const& reply) {
    if (reply.body.empty()) {
        return 0;
    }
    Json const json = json_of(reply);
    return json.is_object() && json.contains("error") ? json["error"]["code"].get<int>() : 0;
}

Json result_of(protocol::McpHttpReply const& reply) {
    Json const json = json_of(reply);
    return json.value("result", Json());
}

std::string text_of(protocol::McpHttpReply const& reply) {
    return result_of(reply)["content"][0]["text"].get<std::string>();
}

core::CallContext call_context() {
    core::CallContext ctx("req-1", core::Deadline::never());
    ctx.traceparent = "00-11111111111111111111111111111111-2222222222222222-01";
    return ctx;
}

core::Principal const& caller() {
    static core::Principal const principal("agent-1", "Agent", core::Role::user);
    return principal;
}

core::Principal const& other_caller() {
    static core::Principal const principal("agent-2", "Other agent", core::Role::user);
    return principal;
}

core::HttpHeaders to_headers(HeaderList const& list) {
    core::HttpHeaders headers;
    for (auto const& [name, value] : list) {
        headers.add(name, value);
    }
    return headers;
}

} // namespace test
