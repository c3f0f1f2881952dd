#pragma once

#include "simulator/route.hpp"

namespace simulator {

/// `/tfs/{collection}/…`: what an Azure DevOps Server (2020) answers.
bool is_server_path(Request const& request);

/// Settles call.api_version by the query or the Accept header, or says why it cannot be.
std::optional<Reply> negotiate_version(Call& call, Route const& route);

} // namespace simulator
