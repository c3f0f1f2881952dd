#pragma once

#include "integration/support/daemon.hpp"
#include "integration/support/http.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <vector>

namespace test {

/// What came back for one tools/call.
class ToolAnswer {
public:
    int http_status = 0;
    Json message; ///< the JSON-RPC message; null when there was none
    std::string transport_error;

    /// A result without isError.
    bool ok() const;
    /// A result with isError.
    bool failed() const;
    Json result() const { return message.is_object() ? message.value("result", Json::object()) : Json(); }
    Json structured() const { return result().value("structuredContent", Json::object()); }
    /// All text blocks, one after another.
    std::string text() const;
    /// `_meta["ado-mcpd/identity"]`
    Json identity() const;
    /// For assertion messages.
    std::string describe() const;
};

/// A tool and its arguments.
using ToolRequest = std::pair<std::string, Json>;

/// Calls tools as a 2026-07-28 client does: stateless, one POST a call. One thread at a time.
class McpClient {
public:
    /// `token` empty: none is presented.
    McpClient(std::string base_url, std::string token, std::size_t connections = 64);
    explicit McpClient(Daemon const& daemon, std::size_t connections = 64)
        : McpClient(daemon.url(), daemon.admin_token(), connections) {}

    ToolAnswer call(std::string const& tool, Json const& arguments);
    /// All side by side, in the order of `arguments`.
    std::vector<ToolAnswer> call_all(std::string const& tool, std::vector<Json> const& arguments);
    /// The same with a tool each.
    std::vector<ToolAnswer> call_each(std::vector<ToolRequest> const& calls);
    core::HttpRequest request(std::string const& tool, Json const& arguments) const;
    /// Any method; `name` is Mcp-Name, empty = none.
    ToolAnswer ask(std::string const& method, Json params, std::string const& name = {});

    /// The REST side: `GET`, or `POST` of a form when `form` is not empty. `path` begins with a slash. Every
    /// answer is held against the OpenAPI document.
    core::Result<core::HttpResponse> rest(std::string const& path, std::string form = {});
    /// The same with any method; `body` is sent as JSON unless it is null.
    core::Result<core::HttpResponse>
    rest_json(std::string const& method,
              std::string const& path,
              Json const& body = nullptr,
              std::vector<std::pair<std::string, std::string>> const& headers = {});
    /// POST /api/v1/azuredevops/auth/pat
    core::Result<core::HttpResponse> attach_pat(std::string const& organization, std::string const& pat);

private:
    core::HttpRequest rpc(std::string const& method, Json params, std::string const& name) const;
    core::Result<core::HttpResponse> send_rest(std::string const& path, core::HttpRequest asked);

    std::string base_url_;
    std::string token_;
    Http http_;
};

} // namespace test
