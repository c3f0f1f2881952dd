#pragma once

#include "simulator/state.hpp"

namespace simulator {

bool is_managed_identity_path(Request const& request);
/// IMDS (`/metadata/identity/oauth2/token`) and App Service (`/msi/token`). `route` gets the name to count
/// under.
Reply managed_identity_request(State& state, Request const& request);
/// What App Service's X-IDENTITY-HEADER must be.
inline constexpr std::string_view kAppServiceHeader = "simulated-identity-header";

} // namespace simulator
