#pragma once

#include "server/router/connector_admin.hpp"
#include "server/router/connector_set.hpp"
#include "server/router/leg_walk.hpp"
#include "server/store/connector_store.hpp"

#include <memory>
#include <string>
#include <vector>

namespace server {

/// Connectors as the REST API manages them: kept in the store, taken up by the set. One thread; referents
/// outlive it.
class ConnectorService final : public ConnectorAdmin {
public:
    ConnectorService(ConnectorParts const& parts,
                     OrganizationDirectory& directory,
                     ConnectorSet& set,
                     ConnectorStore& store,
                     CredentialAdmin& credentials,
                     WayOut out);

    core::Task<core::Result<std::vector<ConnectorView>>> list(core::CallContext const& ctx) override;
    core::Task<core::Result<ConnectorView>> get(std::string name, core::CallContext const& ctx) override;
    core::Task<core::Result<ConnectorView>> put(std::string name,
                                                core::Json document,
                                                WriteCondition condition,
                                                core::Principal caller,
                                                core::CallContext const& ctx) override;
    core::Task<core::Result<ConnectorView>> patch(std::string name,
                                                  core::Json changes,
                                                  WriteCondition condition,
                                                  core::Principal caller,
                                                  core::CallContext const& ctx) override;
    core::Task<core::Result<std::string>> remove(std::string name,
                                                 WriteCondition condition,
                                                 core::Principal caller,
                                                 core::CallContext const& ctx) override;
    core::Task<core::Result<LegReport>> test(std::string name, core::CallContext const& ctx) override;

    /// The same walk for an organization by name or URL, connected or not.
    core::Task<core::Result<LegReport>> test_organization(std::string organization,
                                                          core::CallContext const& ctx);

private:
    ConnectorView view(Connector const& connector) const;
    core::Result<std::shared_ptr<Connector>> find(std::string const& name) const;
    core::Result<void> check_changeable(Connector const* found) const;
    /// Nothing else may have the name or the organization.
    core::Result<ado::Organization> check_free(std::string const& name, ConnectorConfig const& config) const;
    core::Task<core::Result<ConnectorView>>
    save(ConnectorConfig config, Precondition expected, core::Principal caller, core::CallContext const& ctx);
    core::Task<core::Result<LegReport>> walk(std::shared_ptr<Connector> connector,
                                             core::CallContext const& ctx);

    ConnectorParts const& parts_;
    OrganizationDirectory& directory_;
    ConnectorSet& set_;
    ConnectorStore& store_;
    CredentialAdmin& credentials_;
    LegWalk walk_;
};

} // namespace server
