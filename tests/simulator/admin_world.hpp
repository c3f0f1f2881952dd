#pragma once

#include "simulator/state.hpp"

namespace simulator {

/// Everything a test needs to know by name: tenants, people, credentials, organizations, projects,
/// repositories.
Json describe_world(State const& state);

} // namespace simulator
