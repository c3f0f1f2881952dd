#pragma once

#include "core/clock.hpp"
#include "core/task.hpp"
#include "server/router/organization_directory.hpp"

#include <chrono>
#include <functional>
#include <utility>

namespace server {

/// Fetches the token of every connector some time after the start, and again and again while nobody calls:
/// the first call finds it there, a sign-in that lapsed shows in the status before a call meets it, and a
/// refresh token does not die of disuse (Entra forgets one after 90 days). One thread; referents outlive it.
class CredentialKeeper {
public:
    /// `warm_up`: the first round begins after half of it to all of it, so that many daemons started together
    /// do not ask together. `interval`: between rounds, a tenth more or less. `random` in [0, 1).
    CredentialKeeper(OrganizationDirectory const& directory,
                     core::Clock& clock,
                     std::chrono::milliseconds warm_up,
                     std::chrono::milliseconds interval,
                     std::function<double()> random)
        : directory_(directory), clock_(clock), warm_up_(warm_up), interval_(interval),
          random_(std::move(random)) {}

    /// Until cancelled. At most one at a time.
    core::Task<void> run();
    /// One round. What fails is in the providers' states and logs.
    core::Task<void> touch();

private:
    OrganizationDirectory const& directory_;
    core::Clock& clock_;
    std::chrono::milliseconds warm_up_;
    std::chrono::milliseconds interval_;
    std::function<double()> random_;
};

} // namespace server
