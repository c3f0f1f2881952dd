#pragma once

#include "core/call_context.hpp"
#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"
#include "core/task.hpp"

#include <optional>
#include <string>
#include <vector>

namespace server {

class PatAccepted {
public:
    std::string organization;
    std::string identity;
    std::optional<core::SystemTime> expires_at;
    std::vector<std::string> warnings;
};

/// One method of one organization as the REST API lists it. Never a secret.
class MethodReport {
public:
    std::string method; ///< managed_identity | oauth | pat
    std::string state;
    std::string identity;
    std::string tenant;
    std::optional<core::SystemTime> expires_at;
    std::optional<core::SystemTime> last_refresh;
    std::string last_error;
    std::string fix;
    std::string code;
};

class OrganizationReport {
public:
    std::string organization;
    std::string connector; ///< its name
    bool declared = false; ///< in the configuration file, hence read-only here
    std::string state;
    core::SystemTime since{};
    std::string reason;
    std::string fix;
    std::vector<MethodReport> methods;
};

/// What the REST API does to credentials. `organization` may be a name or a URL.
class CredentialAdmin {
public:
    virtual ~CredentialAdmin() = default;
    /// Tests the PAT against the organization, then stores it durably, then puts it to use. Nothing is kept on failure.
    virtual core::Task<core::Result<PatAccepted>> attach_pat(std::string organization,
                                                             core::Secret pat,
                                                             std::optional<core::SystemTime> expires_at,
                                                             core::CallContext const& ctx) = 0;
    virtual std::vector<OrganizationReport> list() const = 0;
    virtual core::Result<OrganizationReport> get(std::string const& organization) const = 0;
    /// Removes the stored credentials (PAT and grant); false when none was stored.
    virtual core::Task<core::Result<bool>> remove(std::string organization) = 0;
};

} // namespace server
