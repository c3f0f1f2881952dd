#pragma once

#include "ado/organization.hpp"
#include "auth/device_code.hpp"
#include "core/async.hpp"
#include "core/task_group.hpp"
#include "server/router/sign_in.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace server {

/// A device code that is polled for.
class DeviceJob {
public:
    DeviceJob(DeviceSignIn shown_,
              ado::Organization organization_,
              auth::DeviceCodeFlow flow_,
              auth::DeviceCodePrompt prompt_)
        : shown(std::move(shown_)), organization(std::move(organization_)), flow(std::move(flow_)),
          prompt(std::move(prompt_)) {}
    DeviceSignIn shown;
    ado::Organization organization;
    auth::DeviceCodeFlow flow;
    auth::DeviceCodePrompt prompt;
    std::string principal;
    std::string request_id;
    core::TaskGroup::Handle polling;
    bool has_grant = false; ///< the person is done: it is brought to its end whatever else is asked for
};

/// At most one device code for each organization. One thread.
class DeviceSignIns {
public:
    /// The right to ask for the organization's code; given back when it goes. Shared with whoever waits.
    class Turn {
    public:
        Turn(std::shared_ptr<DeviceSignIns> owner, std::string key);
        ~Turn();
        Turn(Turn const&) = delete;
        Turn& operator=(Turn const&) = delete;

    private:
        std::shared_ptr<DeviceSignIns> owner_;
        std::string key_;
    };

    /// Waits while somebody else asks for a code of this organization; nullptr when the deadline came first.
    static core::Task<std::unique_ptr<Turn>>
    take_turn(std::shared_ptr<DeviceSignIns> owner, std::string key, core::Deadline deadline);

    /// The one that is polled for; nullptr = none.
    std::shared_ptr<DeviceJob> find(std::string const& key) const;
    std::shared_ptr<DeviceJob> find_flow(std::string const& flow_id) const;
    void put(std::string const& key, std::shared_ptr<DeviceJob> job);
    /// When it still is this one.
    void drop(std::string const& key, DeviceJob const& job);

private:
    std::map<std::string, std::shared_ptr<core::Event>> turns_; ///< set when the turn is over
    std::map<std::string, std::shared_ptr<DeviceJob>> jobs_;    ///< shared with the polling
};

} // namespace server
