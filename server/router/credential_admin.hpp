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
    std::vector<std::string> notes; ///< what to know about it: it ends soon, it works elsewhere too
};

/// A managed identity to attach to an organization.
class IdentityRequest {
public:
    explicit IdentityRequest(std::string organization_) : organization(std::move(organization_)) {}
    std::string organization; ///< as written: a name or a URL
    std::string client_id;    ///< of the user-assigned identity, at most one of the three; none =
    std::string object_id;    ///< system-assigned
    std::string resource_id;
    std::string federated_client_id; ///< both or neither
    std::string federated_tenant_id;
};

class IdentityAccepted {
public:
    explicit IdentityAccepted(std::string organization_) : organization(std::move(organization_)) {}
    std::string organization; ///< canonical name
    std::string identity;     ///< who the organization says it is
    std::string tenant;       ///< where its token is from, when it is exchanged
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
    bool all_organizations = false; ///< a PAT that other organizations take too
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
    std::vector<std::string> notes;
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
    /// Gets a token of the identity (exchanged in the other tenant when the request says so), tries it on the
    /// organization, stores it durably, makes it the next call's. Nothing changes on an error.
    virtual core::Task<core::Result<IdentityAccepted>>
    attach_identity(IdentityRequest request, core::Principal caller, core::CallContext const& ctx) = 0;
    virtual core::Task<core::Result<std::vector<OrganizationCredentials>>>
    list(core::CallContext const& ctx) = 0;
    /// not_found when the organization is not known here.
    virtual core::Task<core::Result<OrganizationCredentials>> get(std::string organization,
                                                                  core::CallContext const& ctx) = 0;
    /// Removes every stored credential of the organization (PAT, sign-in, attached managed identity) and
    /// answers its canonical name; not_found when there is none, and then too nothing of it is remembered.
    virtual core::Task<core::Result<std::string>>
    remove(std::string organization, core::Principal caller, core::CallContext const& ctx) = 0;
    /// The stored PAT of this organization (its key) was seen to work in another one: it is warned of from
    /// now on.
    virtual core::Task<void> note_reach(std::string key, core::CallContext const& ctx) = 0;
};

} // namespace server
