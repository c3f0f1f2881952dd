#pragma once

#include "core/clock.hpp"
#include "core/task.hpp"
#include "protocol/change_hub.hpp"
#include "server/router/organization_directory.hpp"

#include <map>
#include <string>
#include <utility>

namespace server {

/// Tells subscribers of organization resources when the connector's state changes, and everyone when
/// connectors or knowledge sources come or go; and logs personal access tokens that end soon, once for each
/// of kPatWarningDays. Looks again and again: a state also changes with the time of day. One thread;
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
    void warn_of_pats();

    OrganizationDirectory const& directory_;
    protocol::ChangeHub& hub_;
    core::Clock& clock_;
    std::map<std::string, std::string> seen_;                        ///< URI -> state, and as whom
    std::map<std::string, std::pair<core::SystemTime, int>> warned_; ///< key -> end, days already told of
};

} // namespace server
