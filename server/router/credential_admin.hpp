#pragma once

#include "core/call_context.hpp"
#include "core/clock.hpp"
#include "core/principal.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"
#include "core/task.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace server {

class PatAccepted {
public:
    explicit PatAccepted(std::string organization_) : organization(std::move(organization_)) {}
    std::string organization; ///< canonical name
    std::string identity;     ///< who the organization says the PAT belongs to; may be empty
    std::optional<core::SystemTime> expires_at;
};

class CredentialMethodStatus {
public:
    explicit CredentialMethodStatus(std::string method_) : method(std::move(method_)) {}
    std::string method; ///< managed_identity | oauth | pat
    std::string state;
    std::optional<core::SystemTime> since;
    std::string identity;
    std::string tenant;
    std::optional<core::SystemTime> expires_at;
    std::optional<core::SystemTime> last_refresh;
    std::string last_error;
    std::string last_error_code;
    std::string fix;
};

class OrganizationCredentials {
public:
    explicit OrganizationCredentials(std::string organization_) : organization(std::move(organization_)) {}
    std::string organization;
    std::string connector;                       ///< its name; empty when the organization has none
    std::string state;                           ///< of the connector
    std::vector<CredentialMethodStatus> methods; ///< in the order they are tried
};

/// Managing the credentials of organizations, as the REST API needs it; implemented below the front.
/// `organization` is what the caller wrote: a name or any of its URLs. `caller` is who it is done for, for
/// the audit. The context outlives the task.
class CredentialAdmin {
public:
    virtual ~CredentialAdmin() = default;

    /// Tests the PAT against the organization, stores it durably, makes it the next call's. Nothing changes
    /// on an error: unauthorized when the organization refused it, invalid_argument for an organization that
    /// cannot be one.
    virtual core::Task<core::Result<PatAccepted>> attach_pat(std::string organization,
                                                             core::Secret pat,
                                                             std::optional<core::SystemTime> expires,
                                                             core::Principal caller,
                                                             core::CallContext const& ctx) = 0;
    virtual core::Task<core::Result<std::vector<OrganizationCredentials>>>
    list(core::CallContext const& ctx) = 0;
    /// not_found when the organization is not known here.
    virtual core::Task<core::Result<OrganizationCredentials>> get(std::string organization,
                                                                  core::CallContext const& ctx) = 0;
    /// Removes every stored credential of the organization and answers its canonical name; not_found when
    /// there is none.
    virtual core::Task<core::Result<std::string>>
    remove(std::string organization, core::Principal caller, core::CallContext const& ctx) = 0;
};

} // namespace server
