#pragma once

#include "ado/organization.hpp"
#include "auth/device_code.hpp"
#include "auth/providers.hpp"
#include "core/crypto/sealer.hpp"
#include "core/task_group.hpp"
#include "server/config/config.hpp"
#include "server/router/audit_notes.hpp"
#include "server/router/device_sign_ins.hpp"
#include "server/router/organization_directory.hpp"
#include "server/router/sign_in.hpp"
#include "server/router/sign_in_flows.hpp"
#include "server/router/sign_in_redirect.hpp"
#include "server/router/sign_in_settlement.hpp"
#include "server/store/audit.hpp"

#include <memory>
#include <optional>
#include <string>

namespace server {

/// What signing in needs. Referents outlive the service.
class SignInEnvironment {
public:
    SignInEnvironment(Config const& config_,
                      auth::ProviderEnvironment provider_environment_,
                      core::HttpClient& retrying_,
                      auth::GrantStore& grants_,
                      core::Sealer const& sealer_,
                      core::TaskGroup& tasks_)
        : config(config_), provider_environment(std::move(provider_environment_)), retrying(retrying_),
          grants(grants_), sealer(sealer_), tasks(tasks_) {}

    Config const& config;
    auth::ProviderEnvironment provider_environment;
    core::HttpClient& retrying; ///< repeats idempotent requests
    auth::GrantStore& grants;
    core::Sealer const& sealer;
    core::TaskGroup& tasks;     ///< for polling device codes
    AuditDesk* audit = nullptr; ///< nullptr: nothing is recorded
    /// Whose connectors hear of a new grant; nullptr where none serves (the command line).
    OrganizationDirectory* directory = nullptr;
};

/// Its tasks in the group end before it goes.
class SignInService final : public SignIn {
public:
    explicit SignInService(SignInEnvironment environment);

    /// Once the listener is bound.
    void set_return(SignInReturn where) { return_ = std::move(where); }

    core::Task<core::Result<SignInLink>> start(SignInRequest request, core::CallContext const& ctx) override;
    core::Task<core::Result<DeviceSignIn>> start_device(SignInRequest request,
                                                        core::CallContext const& ctx) override;
    bool knows(std::string_view state) const override;
    core::Task<core::Result<SignInStatus>> finish(auth::AuthorizationAnswer answer,
                                                  core::CallContext const& ctx) override;
    core::Task<core::Result<SignInStatus>> status(std::string flow_id, core::CallContext const& ctx) override;
    core::Task<core::Result<SignInStatus>> wait(std::string flow_id, core::CallContext const& ctx) override;
    core::Task<core::Result<SignInStatus>>
    cancel(std::string flow_id, std::string principal, core::CallContext const& ctx) override;

private:
    core::Task<core::Result<std::string>> tenant_of(std::string organization, core::CallContext const& ctx);
    core::Task<core::Result<SignInTarget>> aim(SignInRequest const& request, core::CallContext const& ctx);
    core::Task<core::Result<std::string>> connect(auth::OAuthState const& state,
                                                  auth::AuthorizationAnswer const& answer,
                                                  core::CallContext const& ctx);
    core::Task<core::Result<std::string>> keep(ado::Organization organization,
                                               auth::OAuthGrant grant,
                                               std::string principal,
                                               core::CallContext const& ctx);
    /// The organization's grant, when it was obtained after `since`.
    core::Task<core::Result<std::optional<auth::GrantStore::ListedGrant>>>
    newer_grant(std::string organization, core::SystemTime since);
    core::Task<core::Result<DeviceSignIn>>
    begin_device(SignInTarget target, std::string principal, core::CallContext const& ctx);
    static core::Task<void> poll_device(SignInService* self, std::shared_ptr<DeviceJob> job);
    void end_device(DeviceJob const& job,
                    core::Error const& error,
                    std::string const& principal,
                    std::string const& request_id);
    void forget_tenant(std::string const& organization, core::Error const& error);
    std::string new_flow_id(SignInTarget const& target, core::SystemTime expires_at) const;

    SignInEnvironment environment_;
    core::Clock& clock_;
    SignInAudit audit_;
    SignInReturn return_;
    /// Shared with the flows under way: a frame may be destroyed after the service, and settles its flow.
    std::shared_ptr<SignInFlows> flows_;
    std::shared_ptr<DeviceSignIns> devices_; ///< likewise
};

} // namespace server
