#include "integration/support/mcp_client.hpp"

#include "core/json.hpp"
#include "core/text/percent_encoding.hpp"
#include "integration/support/official.hpp"
#include "openapi/openapi_check.hpp"

#include <gtest/gtest.h>

#include <string_view>
#include <utility>

namespace test {
namespace {

constexpr char const* kRevision = "2026-07-28";

ToolAnswer answer_of(std::string const& asked, core::Result<core::HttpResponse> const& response) {
    ToolAnswer answer;
    if (!response) {
        answer.transport_error = core::describe(response.error());
        return answer;
    }
    answer.http_status = response->status;
    // A call that took its time is answered on an event stream: its last message is the response.
    for (std::string_view const text : messages_in(response->body)) {
        answer.message = Json::parse(text, nullptr, false);
        if (answer.message.is_discarded()) {
            answer.message = Json();
        }
    }
    expect_official(asked, kRevision, response->body);
    return answer;
}

} // namespace

bool ToolAnswer::ok() const {
    return message.is_object() && message.contains("result") && !result().value("isError", false);
}

bool ToolAnswer::failed() const {
    return message.is_object() && message.contains("result") && result().value("isError", false);
}

std::string ToolAnswer::text() const {
    std::string all;
    for (Json const& block : result().value("content", Json::array())) {
        all += block.value("text", "") + "\n";
    }
    return all;
}

Json ToolAnswer::identity() const {
    return result().value("_meta", Json::object()).value("ado-mcpd/identity", Json::object());
}

std::string ToolAnswer::describe() const {
    return "HTTP " + std::to_string(http_status) + " " + transport_error + " " + core::dump_json(message);
}

McpClient::McpClient(std::string base_url, std::string token, std::size_t connections)
    : base_url_(std::move(base_url)), token_(std::move(token)), http_(std::nullopt, connections) {}

core::HttpRequest McpClient::request(std::string const& tool, Json const& arguments) const {
    return rpc("tools/call", Json{{"name", tool}, {"arguments", arguments}}, tool);
}

core::HttpRequest McpClient::rpc(std::string const& method, Json params, std::string const& name) const {
    Json meta = Json::object();
    meta["io.modelcontextprotocol/protocolVersion"] = kRevision;
    meta["io.modelcontextprotocol/clientCapabilities"] = Json::object();
    meta["io.modelcontextprotocol/clientInfo"] = Json{{"name", "integration test"}, {"version", "1"}};
    params["_meta"] = std::move(meta);
    Json message = Json{{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}};
    message["params"] = std::move(params);
    core::HttpRequest request =
        make_request(base_url_ + "/mcp", core::dump_json(message), "application/json");
    request.headers.add("Accept", "application/json, text/event-stream");
    request.headers.add("MCP-Protocol-Version", kRevision);
    request.headers.add("Mcp-Method", method);
    if (!name.empty()) {
        request.headers.add("Mcp-Name", name);
    }
    request.credential = core::Secret(token_);
    return request;
}

ToolAnswer McpClient::call(std::string const& tool, Json const& arguments) {
    core::HttpRequest asking = request(tool, arguments);
    std::string const asked = asking.body;
    return answer_of(asked, http_.send(std::move(asking)));
}

ToolAnswer McpClient::ask(std::string const& method, Json params, std::string const& name) {
    core::HttpRequest asking = rpc(method, std::move(params), name);
    std::string const asked = asking.body;
    return answer_of(asked, http_.send(std::move(asking)));
}

std::vector<ToolAnswer> McpClient::call_all(std::string const& tool, std::vector<Json> const& arguments) {
    std::vector<ToolRequest> calls;
    for (Json const& one : arguments) {
        calls.emplace_back(tool, one);
    }
    return call_each(calls);
}

std::vector<ToolAnswer> McpClient::call_each(std::vector<ToolRequest> const& calls) {
    std::vector<core::HttpRequest> requests;
    for (auto const& [tool, arguments] : calls) {
        requests.push_back(request(tool, arguments));
    }
    std::vector<ToolAnswer> answers;
    std::size_t index = 0;
    for (auto const& response : http_.send_all(requests)) {
        answers.push_back(answer_of(requests[index++].body, response));
    }
    return answers;
}

core::Result<core::HttpResponse> McpClient::rest(std::string const& path, std::string form) {
    core::HttpRequest asked =
        make_request(base_url_ + path, std::move(form), "application/x-www-form-urlencoded");
    return send_rest(path, std::move(asked));
}

core::Result<core::HttpResponse>
McpClient::rest_json(std::string const& method,
                     std::string const& path,
                     Json const& body,
                     std::vector<std::pair<std::string, std::string>> const& headers) {
    core::HttpRequest asked = make_request(base_url_ + path);
    asked.method = method;
    if (!body.is_null()) {
        asked.body = core::dump_json(body);
        asked.headers.add("Content-Type", "application/json");
    }
    for (auto const& [name, value] : headers) {
        asked.headers.add(name, value);
    }
    return send_rest(path, std::move(asked));
}

core::Result<core::HttpResponse> McpClient::send_rest(std::string const& path, core::HttpRequest asked) {
    asked.credential = core::Secret(token_);
    std::string const method = asked.method;
    core::Result<core::HttpResponse> answer = http_.send(std::move(asked));
    if (answer) {
        std::string const type(answer->headers.get("Content-Type").value_or(""));
        for (std::string const& violation :
             openapi_violations(method, path, answer->status, type, answer->body)) {
            ADD_FAILURE() << violation << "\nbody: " << answer->body;
        }
    }
    return answer;
}

core::Result<core::HttpResponse> McpClient::attach_pat(std::string const& organization,
                                                       std::string const& pat) {
    std::string form =
        "organization=" + core::percent_encode(organization) + "&pat=" + core::percent_encode(pat);
    return rest("/api/v1/azuredevops/auth/pat", std::move(form));
}

} // namespace test
