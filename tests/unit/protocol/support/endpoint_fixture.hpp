#pragma once

#include "core/json.hpp"
#include "protocol/mcp_http.hpp"
#include "protocol/version.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace test {

using core::Json;
using protocol::Revision;

/// A tool whose behaviour the test gives as a function; it records what it was called with.
class FakeTool final : public protocol::ToolHandler {
public:
    using Behaviour = std::function<protocol::ToolResult(Json const&)>;
    FakeTool(protocol::ToolDescriptor descriptor, Behaviour behaviour);

    protocol::ToolDescriptor const& descriptor() const noexcept override { return descriptor_; }
    core::Task<protocol::ToolResult> call(protocol::ToolCall const& call) override;

    int calls = 0;
    Json last_arguments;
    std::string last_caller;
    std::string last_traceparent;
    bool hang = false; ///< wait until cancelled instead of answering

private:
    protocol::ToolDescriptor descriptor_;
    Behaviour behaviour_;
};

using HeaderList = std::vector<std::pair<std::string, std::string>>;

/// Headers of a well-formed 2026-07-28 request. `name` is Mcp-Name; empty = none.
HeaderList modern_headers(std::string const& method, std::string const& name = {});
HeaderList legacy_headers(std::optional<Revision> revision);
/// The list without that header; with_header also removes what was there.
HeaderList without(HeaderList headers, std::string_view name);
HeaderList with(HeaderList headers, std::string const& name, std::string const& value);

/// A request as JSON; `params` gets a full `_meta` when the request is of 2026-07-28.
Json modern_request(std::string const& method, Json params = Json::object(), Json id = 1);
Json legacy_request(std::string const& method, Json params = Json::object(), Json id = 1);
Json legacy_call(std::string const& tool, Json arguments = Json::object());

/// An endpoint with four tools: `echo` (text and structured twin of its arguments), `fail` (is_error with
/// structured content left in), `crash` (throws), `route` (asks for the header Mcp-Param-Region). Every
/// answer is compared with the official schema of its revision.
class EndpointFixture {
public:
    EndpointFixture();

    protocol::McpHttpReply
    exchange(HeaderList const& headers, std::string body, std::string const& method = "POST");
    protocol::McpHttpReply exchange(HeaderList const& headers, Json const& body);
    /// tools/call of a tool, all headers right.
    protocol::McpHttpReply call_modern(std::string const& tool, Json arguments, HeaderList extra = {});

    FakeTool echo;
    FakeTool fail;
    FakeTool crash;
    FakeTool route;
    std::unique_ptr<protocol::McpHttpEndpoint> endpoint;
};

/// The parsed body of a reply in either form.
Json json_of(protocol::McpHttpReply const& reply);
/// The JSON-RPC error code, 0 when the reply holds a result or nothing.
int code_of(protocol::McpHttpReply const& reply);
Json result_of(protocol::McpHttpReply const& reply);
std::string text_of(protocol::McpHttpReply const& reply); ///< text of the first content block

core::CallContext call_context();
core::Principal const& caller();
core::HttpHeaders to_headers(HeaderList const& list);

} // namespace test
