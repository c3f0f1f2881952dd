#pragma once

#include "protocol/resource.hpp"
#include "server/config/limits.hpp"
#include "server/router/ado_uri.hpp"
#include "server/router/organization_directory.hpp"

#include <memory>

namespace server {

/// `ado://` resources: each connected organization, how it stands and what may be done there, and through a
/// template every file of its repositories at a branch, tag or commit. Referents outlive it.
class AdoResources final : public protocol::ResourceSource {
public:
    /// `read_only`: tools.read_only of the configuration.
    AdoResources(OrganizationDirectory& directory, Limits const& limits, bool read_only, bool masks = true)
        : directory_(directory), limits_(limits), read_only_(read_only), masks_(masks) {}

    bool owns(std::string_view uri) const noexcept override { return uri.starts_with(kAdoScheme); }
    std::vector<protocol::ResourceDescriptor> resources() const override;
    std::vector<protocol::ResourceTemplate> templates() const override;
    core::Task<protocol::ResourceResult> read(protocol::ResourceRead const& call) override;
    /// Organizations can be: ConnectorWatch announces how they stand.
    bool can_subscribe(std::string_view uri) const noexcept override;

private:
    core::Task<core::Result<protocol::ResourceResult>>
    read_file(AdoUri wanted, std::shared_ptr<Connector> connector, protocol::ResourceRead const& call) const;
    protocol::ResourceResult failed(core::Error const& error, std::string_view uri) const;

    OrganizationDirectory& directory_;
    Limits const& limits_;
    bool read_only_;
    bool masks_; ///< secrets
};

} // namespace server
