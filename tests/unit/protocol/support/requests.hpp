#pragma once

#include "core/call_context.hpp"
#include "core/json.hpp"
#include "core/principal.hpp"
#include "protocol/mcp_http.hpp"
#include "protocol/version.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Requests as clients write them, and answers as they read them.
namespace test {

using core::Json;
using protocol::Revision;

using HeaderList = std::vector<std::pair<std::string, std::string>>;

/// Headers of a well-formed 2026-07-28 request. `name` is Mcp-Name; empty = none.
HeaderList modern_headers(std::string const& method, std::string const& name = {});
HeaderList legacy_headers(std::optional<Revision> revision);
/// The list without that header; with() also removes what was there.
HeaderList without(HeaderList headers, std::string_view name);
HeaderList with(HeaderList headers, std::string const& name, std::string const& value);

/// A request as JSON; a 2026-07-28 one gets a full `_meta`, save for the keys that are there already.
Json modern_request(std::string const& method, Json params = Json::object(), Json id = 1);
Json legacy_request(std::string const& method, Json params = Json::object(), Json id = 1);
/// tools/call
Json modern_call(std::string const& tool, Json arguments = Json::object(), Json id = 1);
Json legacy_call(std::string const& tool, Json arguments = Json::object(), Json id = 1);
Json notification(std::string const& method, Json params = Json::object());
/// The 2026-07-28 request with these client capabilities, or another member of its `_meta`.
Json declaring(Json request, Json capabilities);
Json with_meta(Json request, std::string const& key, Json value);

/// The parsed body of a reply in either form.
Json json_of(protocol::McpHttpReply const& reply);
/// The JSON-RPC error code, 0 when the reply holds a result or nothing.
int code_of(protocol::McpHttpReply const& reply);
Json result_of(protocol::McpHttpReply const& reply);
std::string text_of(protocol::McpHttpReply const& reply); ///< text of the first content block

core::CallContext call_context();
core::Principal const& caller();
core::Principal const& other_caller();
core::HttpHeaders to_headers(HeaderList const& list);

} // namespace test
