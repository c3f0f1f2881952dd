#pragma once

#include "simulator/route.hpp"

namespace simulator {

/// OPTIONS _apis[/{area}]: what this host serves, as the official clients ask for it.
Reply locations(Call const& call, Service service, std::size_t api_at);
/// GET _apis/ResourceAreas[/{id}]
Reply resource_areas(Call& call);
/// Requests on app.vssps.visualstudio.com that belong to no organization: profile and accounts.
Reply account_request(Call& call, RouteKey& key);

} // namespace simulator
