#pragma once

#include "core/json.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace test {

/// server/front/rest/openapi.json.
core::Json const& openapi_document();

/// What is wrong with an answer, held against the document: an operation, a status or a media type it does
/// not describe, and everything that its schema refuses. Empty = as described. Paths outside the REST API
/// (`/mcp`, `/healthz`) are nobody's business here. `path` may hold a query.
std::vector<std::string> openapi_violations(std::string const& method,
                                            std::string_view path,
                                            int status,
                                            std::string_view content_type,
                                            std::string const& body);

/// The same for what is sent.
std::vector<std::string>
openapi_request_violations(std::string const& method, std::string_view path, std::string const& json_body);

/// `GET /api/v2/repos/{name}` for every operation, sorted.
std::vector<std::string> openapi_operations();

} // namespace test
