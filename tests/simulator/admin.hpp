#pragma once

#include "simulator/state.hpp"

namespace simulator {

/// /__sim/*: counts, faults, tokens, device, index, push, world, work-items, settings, clock, assertion,
/// reset. Never counted, never delayed, never faulted. What POST takes as JSON, GET takes as query
/// parameters.
Reply admin_request(State& state, Request const& request);

} // namespace simulator
