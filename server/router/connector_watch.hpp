#pragma once

#include "core/clock.hpp"
#include "core/task.hpp"
#include "protocol/change_hub.hpp"
#include "server/router/organization_directory.hpp"

#include <map>
#include <string>

namespace server {

/// Tells subscribers of organization resources when the connector's state changes, and everyone when
/// connectors come or go. Looks again and again: a state also changes with the time of day. One thread;
/// referents outlive it.
class ConnectorWatch {
public:
    ConnectorWatch(OrganizationDirectory const& directory, protocol::ChangeHub& hub, core::Clock& clock);

    /// Until cancelled. At most one at a time.
    core::Task<void> run();
    /// One look; publishes what changed since the one before.
    void look();

private:
    std::map<std::string, std::string> states() const;

    OrganizationDirectory const& directory_;
    protocol::ChangeHub& hub_;
    core::Clock& clock_;
    std::map<std::string, std::string> seen_; ///< URI -> state, and as whom
};

} // namespace server
