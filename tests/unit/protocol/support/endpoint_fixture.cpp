#include "support/endpoint_fixture.hpp"

#include "support/official_schema.hpp"
#include "support/run_coro.hpp"

#include "core/async.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

namespace test {
namespace {

constexpr char const* kVersionKey = "io.modelcontextprotocol/protocolVersion";
constexpr char const* kCapabilitiesKey = "io.modelcontextprotocol/clientCapabilities";
constexpr char const* kClientInfoKey = "io.modelcontextprotocol/clientInfo";

protocol::ToolHints read_only() {
    protocol::ToolHints hints;
    hints.read_only = true;
    hints.idempotent = true;
    return hints;
}

protocol::ToolDescriptor echo_tool() {
    return protocol::ToolDescriptor(
        "echo",
        "Echo",
        "Says its arguments again.",
        Json::parse(R"({"type":"object","additionalProperties":false,
        "properties":{"query":{"type":"string","description":"What to look for.","minLength":1,"maxLength":20},
                      "top":{"type":"integer","minimum":1,"maximum":50,"default":10},
                      "paths":{"type":"array","maxItems":3,"items":{"type":"string"}},
                      "mode":{"type":"string","enum":["fast","deep"]}},
        "required":["query"]})"),
        Json::parse(R"({"type":"object","properties":{"echo":{"type":"object"}}})"),
        read_only());
}

protocol::ToolDescriptor plain_tool(std::string name) {
    return protocol::ToolDescriptor(std::move(name),
                                    "",
                                    "A tool without arguments.",
                                    Json::parse(R"({"type":"object","additionalProperties":false})"),
                                    Json(),
                                    protocol::ToolHints());
}

protocol::ToolDescriptor route_tool() {
    auto tool = plain_tool("route");
    tool.input_schema = Json::parse(R"({"type":"object","additionalProperties":false,"properties":{
        "region":{"type":"string","x-mcp-header":"Region"},
        "shard":{"type":"integer","x-mcp-header":"Shard"},
        "dry":{"type":"boolean","x-mcp-header":"Dry"},
        "free":{"type":"string"}}})");
    return tool;
}

protocol::ToolResult answer_echo(Json const& args) {
    Json structured = Json::object();
    structured["echo"] = args;
    protocol::ToolResult result("echo: " + args.dump(), std::move(structured));
    result.meta = Json::object();
    result.meta["ado-mcpd/identity"] = "someone";
    return result;
}

protocol::ToolResult answer_fail(Json const&) {
    auto result = protocol::ToolResult::error("It failed. Do this.");
    result.structured = Json::object();
    return result;
}

protocol::ToolResult answer_crash(Json const&) {
    throw std::runtime_error("internals: db at 10.0.0.7");
}

protocol::ToolResult answer_route(Json const&) {
    return protocol::ToolResult("routed", Json());
}

/// The revision whose schema an answer has to fit, told from the request as a client would.
Revision revision_of(HeaderList const& headers, Json const& request, Json const& answer) {
    if (request.is_object() && request.value("method", Json()) == "initialize" && answer.contains("result")) {
        auto const negotiated = answer["result"].value("protocolVersion", std::string());
        return protocol::parse_revision(negotiated).value_or(protocol::kModernRevision);
    }
    if (request.is_object()) {
        Json const* params = core::find_object(request, "params");
        Json const* meta = params != nullptr ? core::find_object(*params, "_meta") : nullptr;
        if (meta != nullptr && meta->contains(kVersionKey)) {
            return protocol::kModernRevision;
        }
    }
    core::HttpHeaders const fields = to_headers(headers);
    auto const header = fields.get("MCP-Protocol-Version");
    return header ? protocol::parse_revision(*header).value_or(protocol::kLatestLegacyRevision)
                  : protocol::kRevisionWithoutHeader;
}

} // namespace

FakeTool::FakeTool(protocol::ToolDescriptor descriptor, Behaviour behaviour)
    : descriptor_(std::move(descriptor)), behaviour_(std::move(behaviour)) {}

core::Task<protocol::ToolResult> FakeTool::call(protocol::ToolCall const& call) {
    ++calls;
    last_arguments = call.arguments;
    last_caller = call.caller.id;
    last_traceparent = call.ctx.traceparent;
    if (hang) {
        core::Event never;
        bool const set = co_await never.wait(core::Deadline::never());
        static_cast<void>(set);
        throw boost::system::system_error(boost::asio::error::operation_aborted);
    }
    protocol::ToolResult result = behaviour_(call.arguments);
    co_return result;
}

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
    meta[kVersionKey] = "2026-07-28";
    meta[kCapabilitiesKey] = Json::object();
    meta[kClientInfoKey] = Json::parse(R"({"name":"test","version":"1"})");
    return legacy_request(method, std::move(params), std::move(id));
}

Json legacy_call(std::string const& tool, Json arguments) {
    Json params = Json::object();
    params["name"] = tool;
    params["arguments"] = std::move(arguments);
    return legacy_request("tools/call", std::move(params));
}

EndpointFixture::EndpointFixture()
    : echo(echo_tool(), answer_echo), fail(plain_tool("fail"), answer_fail),
      crash(plain_tool("crash"), answer_crash), route(route_tool(), answer_route) {
    protocol::ServerIdentity identity;
    identity.version = "9.8.7";
    identity.instructions = "Search before you read.";
    std::vector<protocol::ToolHandler*> tools{&echo, &fail, &crash, &route};
    endpoint = protocol::make_mcp_http_endpoint(identity, tools);
}

protocol::McpHttpReply
EndpointFixture::exchange(HeaderList const& headers, std::string body, std::string const& method) {
    Json const request = Json::parse(body, nullptr, false);
    auto admitted = endpoint->admit(method, to_headers(headers), std::move(body));
    auto const ctx = call_context();
    auto reply = run_coro(endpoint->run(*admitted, caller(), ctx));
    if (!reply.body.empty()) {
        Json const answer = json_of(reply);
        std::string const rpc_method = request.is_object() && request.value("method", Json()).is_string()
                                           ? request["method"].get<std::string>()
                                           : std::string();
        auto const revision = revision_of(headers, request, answer);
        for (auto const& violation : official_violations(revision, rpc_method, answer.dump())) {
            ADD_FAILURE() << "official schema of " << protocol::to_string(revision) << ": " << violation
                          << "\nanswer: " << reply.body;
        }
    }
    return reply;
}

protocol::McpHttpReply EndpointFixture::exchange(HeaderList const& headers, Json const& body) {
    return exchange(headers, body.dump(), "POST");
}

protocol::McpHttpReply
EndpointFixture::call_modern(std::string const& tool, Json arguments, HeaderList extra) {
    Json params = Json::object();
    params["name"] = tool;
    params["arguments"] = std::move(arguments);
    HeaderList headers = modern_headers("tools/call", tool);
    headers.insert(headers.end(), extra.begin(), extra.end());
    return exchange(headers, modern_request("tools/call", std::move(params)));
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

core::HttpHeaders to_headers(HeaderList const& list) {
    core::HttpHeaders headers;
    for (auto const& [name, value] : list) {
        headers.add(name, value);
    }
    return headers;
}

} // namespace test
