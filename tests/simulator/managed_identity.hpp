#pragma once

#include "simulator/state.hpp"

#include <string>

namespace simulator {

bool is_managed_identity_path(Request const& request);
/// Which source is asked: imds, arc, service_fabric (one path, told apart by api-version), app_service and
/// app_service_2017 (likewise), azure_ml, cloud_shell. Routes and counts are named after it.
std::string managed_identity_source(Request const& request);
Reply managed_identity_request(State& state, Request const& request);
/// What the header of every source that has one must be: X-IDENTITY-HEADER, or `secret`.
inline constexpr std::string_view kIdentityHeader = "simulated-identity-header";

} // namespace simulator
