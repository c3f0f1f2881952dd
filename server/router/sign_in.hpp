#pragma once

#include "auth/authorization_code.hpp"
#include "core/call_context.hpp"
#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/task.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace server {

class SignInRequest {
public:
    explicit SignInRequest(std::string organization_) : organization(std::move(organization_)) {}
    std::string organization; ///< as the caller wrote it: a name or a URL
    std::string tenant;       ///< empty = the connector's, else found out
    std::string login_hint;   ///< account to offer; may be empty
    std::string prompt;       ///< login | consent | select_account | none; empty = chosen by the daemon
    std::string principal;    ///< id of who asks, for the log
};

/// A link that a person opens in a browser.
class SignInLink {
public:
    explicit SignInLink(std::string flow_id_) : flow_id(std::move(flow_id_)) {}
    std::string flow_id;
    std::string organization; ///< canonical name
    std::string tenant;
    std::string authorize_url;
    std::string redirect_uri; ///< what has to be registered for the application
    core::SystemTime expires_at{};
};

/// A code that a person enters on another device.
class DeviceSignIn {
public:
    explicit DeviceSignIn(std::string flow_id_) : flow_id(std::move(flow_id_)) {}
    std::string flow_id;
    std::string organization;
    std::string tenant;
    std::string user_code;
    std::string verification_uri;
    std::string message; ///< the authority's own sentence; may be empty
    core::SystemTime expires_at{};
    bool pending_before = false; ///< begun by an earlier call
};

enum class SignInState { pending, connected, failed };
std::string_view to_string(SignInState state) noexcept;

class SignInStatus {
public:
    explicit SignInStatus(std::string flow_id_) : flow_id(std::move(flow_id_)) {}
    std::string flow_id;
    std::string organization;
    std::string tenant;
    SignInState state = SignInState::pending;
    std::string identity;               ///< who signed in, when connected
    std::optional<core::Error> failure; ///< why, when failed
    core::SystemTime expires_at{};      ///< of the link or the code
};

/// Signing people in, for whoever shows them the way: the REST API, a tool call whose connector needs a
/// sign-in, the command line. The context outlives the task. One thread.
class SignIn {
public:
    virtual ~SignIn() = default;

    /// Makes a link. Nothing waits for it: whatever comes of it arrives at finish(). Fails with
    /// invalid_argument when the organization cannot be one, or the daemon is not set up for it.
    virtual core::Task<core::Result<SignInLink>> start(SignInRequest request,
                                                       core::CallContext const& ctx) = 0;
    /// Asks for a device code and polls for it in the background. An organization has one at a time: while
    /// one waits to be entered that one is the answer, with `pending_before`, unless another tenant is asked
    /// for or its time is nearly over; then it ends (`sign_in_superseded`).
    virtual core::Task<core::Result<DeviceSignIn>> start_device(SignInRequest request,
                                                                core::CallContext const& ctx) = 0;

    /// `state` is one that start() of this daemon, or of one with the same key, gave out.
    virtual bool knows(std::string_view state) const = 0;
    /// The browser came back. Redeems the code, tries the grant on the organization, stores it, makes it the
    /// next call's. Fails when there is no such sign-in (any more); a sign-in that did not work out is a
    /// status.
    virtual core::Task<core::Result<SignInStatus>> finish(auth::AuthorizationAnswer answer,
                                                          core::CallContext const& ctx) = 0;

    /// not_found for a flow that never was. A flow that another process ended counts as connected when the
    /// organization has a sign-in newer than the flow.
    virtual core::Task<core::Result<SignInStatus>> status(std::string flow_id,
                                                          core::CallContext const& ctx) = 0;
    /// The same once it is no longer pending; pending when the context's deadline comes first.
    virtual core::Task<core::Result<SignInStatus>> wait(std::string flow_id,
                                                        core::CallContext const& ctx) = 0;
    /// Ends a sign-in before its time: a link no longer works, a code is no longer polled for. Answers how it
    /// stands then; one that has ended stays as it ended, and one that is being completed is completed.
    virtual core::Task<core::Result<SignInStatus>>
    cancel(std::string flow_id, std::string principal, core::CallContext const& ctx) = 0;
};

} // namespace server
