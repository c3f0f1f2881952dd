#pragma once

#include "simulator/admin.hpp"

namespace simulator {

/// Writes `pages` pages into a wiki of `organization` and `project` in one commit.
Reply fill_wiki(State& state, Json const& args);

} // namespace simulator
