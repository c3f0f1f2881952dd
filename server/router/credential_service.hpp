#pragma once

#include "core/async.hpp"
#include "core/clock.hpp"
#include "server/router/connector_factory.hpp"
#include "server/router/connector_set.hpp"
#include "server/router/credential_admin.hpp"
#include "server/router/organization_directory.hpp"
#include "server/store/audit.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>

namespace server {

/// Credentials as the REST API manages them, and the connectors that follow from what is stored. One thread;
/// referents outlive it.
class CredentialService final : public CredentialAdmin {
public:
    CredentialService(ConnectorParts const& parts,
                      OrganizationDirectory& directory,
                      ConnectorSet& set,
                      ConnectorStore& store,
                      core::Clock& clock,
                      AuditDesk& audit);

    core::Task<core::Result<PatAccepted>> attach_pat(std::string organization,
                                                     core::Secret pat,
                                                     std::optional<core::SystemTime> expires,
                                                     core::Principal caller,
                                                     core::CallContext const& ctx) override;
    core::Task<core::Result<IdentityAccepted>>
    attach_identity(IdentityRequest request, core::Principal caller, core::CallContext const& ctx) override;
    core::Task<core::Result<std::vector<OrganizationCredentials>>>
    list(core::CallContext const& ctx) override;
    core::Task<core::Result<OrganizationCredentials>> get(std::string organization,
                                                          core::CallContext const& ctx) override;
    core::Task<core::Result<std::string>>
    remove(std::string organization, core::Principal caller, core::CallContext const& ctx) override;

    core::Task<void> note_reach(std::string key, core::CallContext const& ctx) override;

    /// Makes connectors for stored credentials whose organization is not declared, and tells connectors whose
    /// stored credential changed since the last call (another process may have written it).
    core::Task<core::Result<void>> follow_store();

private:
    void note_taken_up(std::string const& key, std::int64_t pat_generation);
    /// Whether the PAT is one for all organizations: another stored one is the same, or another organization
    /// takes it.
    core::Task<bool>
    reaches_elsewhere(std::string key, core::AccessToken candidate, core::CallContext const& ctx);
    core::Task<bool> is_stored_elsewhere(std::string key, core::Secret pat);
    /// Whoever remembers a credential of the organization forgets it.
    void forget(std::string const& key);
    core::Result<void> check_identity(IdentityRequest const& request, std::string const& key) const;

    ConnectorParts const& parts_;
    OrganizationDirectory& directory_;
    ConnectorSet& set_;
    ConnectorStore& store_;
    core::Clock& clock_;
    AuditDesk& audit_;
    /// Organization -> generations of what is stored: `p` and the PAT's, `g` and when the grant was obtained.
    std::map<std::string, std::string> seen_;
};

} // namespace server
