#pragma once

#include "core/call_context.hpp"
#include "core/clock.hpp"
#include "core/principal.hpp"
#include "core/result.hpp"
#include "core/task.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace server {

/// A page on which a person can sign in for an organization.
class OfferedSignIn {
public:
    OfferedSignIn(std::string flow_id_, std::string url_)
        : flow_id(std::move(flow_id_)), url(std::move(url_)) {}

    std::string flow_id;
    std::string url; ///< nothing secret in it, and nothing of the person's
    core::SystemTime expires_at{};
    std::string user_code; ///< to be entered on the page; empty = none
};

class SignInProgress {
public:
    enum class State { pending, connected, failed };

    explicit SignInProgress(State state_) : state(state_) {}

    State state;
    std::string reason; ///< when failed
};

/// Sign-ins as tool calls offer them to the person behind the client. What comes of one is stored and given
/// to the organization's connector by whoever implements this. Contexts outlive the tasks. One thread.
class SignInLinks {
public:
    virtual ~SignInLinks() = default;

    /// `caller` asked for it and may: that has been checked. Fails when the daemon is not set up for it.
    virtual core::Task<core::Result<OfferedSignIn>>
    start(std::string organization, core::Principal const& caller, core::CallContext const& ctx) = 0;
    /// not_found for a flow that never was, or is forgotten.
    virtual core::Task<core::Result<SignInProgress>> status(std::string flow_id,
                                                            core::CallContext const& ctx) = 0;
    /// The same once it is no longer pending, but after `at_most` in any case.
    virtual core::Task<core::Result<SignInProgress>>
    wait(std::string flow_id, std::chrono::milliseconds at_most, core::CallContext const& ctx) = 0;
};

} // namespace server
