#pragma once

#include "server/front/routes.hpp"

#include <string_view>

namespace server {

/// The OpenAPI document of the REST API, as server/front/rest/openapi.json has it.
std::string_view openapi_text() noexcept;

/// `GET /api/openapi.json`, for anyone.
void add_openapi_route(RouteTable& routes);

} // namespace server
