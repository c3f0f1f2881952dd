#pragma once

#include "ado/organization.hpp"
#include "core/call_context.hpp"
#include "core/clock.hpp"
#include "core/http/http_client.hpp"
#include "core/task.hpp"
#include "core/token_source.hpp"

#include <vector>

namespace server {

/// Organizations a PAT is tried on, at most.
inline constexpr std::size_t kReachProbes = 3;

/// Whether a PAT that works in its organization works in one of `others` too: then it is one for all
/// organizations of its owner, which stop working on 2026-12-01. A token cannot tell by itself. One
/// connectionData request to each of the first kReachProbes; what cannot be asked counts as no. References
/// outlive the task.
core::Task<bool> pat_works_elsewhere(core::AccessToken pat,
                                     std::vector<ado::Organization> const& others,
                                     core::HttpClient& http,
                                     core::Clock& clock,
                                     core::CallContext const& ctx);

} // namespace server
