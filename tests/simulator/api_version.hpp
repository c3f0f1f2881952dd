#pragma once

#include "simulator/route.hpp"

namespace simulator {

/// Settles call.api_version by the query or the Accept header, or says why it cannot be.
std::optional<Reply> negotiate_version(Call& call, Route const& route);

} // namespace simulator
