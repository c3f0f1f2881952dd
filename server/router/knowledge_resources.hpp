#pragma once

#include "protocol/resource.hpp"
#include "server/router/source_service.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace server {

/// `ado-knowledge://NAME` resources: each knowledge source, what it is and whose credentials read it.
class KnowledgeResources final : public protocol::ResourceSource {
public:
    /// `sources` outlives it.
    explicit KnowledgeResources(SourceService const& sources) : sources_(sources) {}

    bool owns(std::string_view uri) const noexcept override;
    std::vector<protocol::ResourceDescriptor> resources() const override;
    std::vector<protocol::ResourceTemplate> templates() const override { return {}; }
    core::Task<protocol::ResourceResult> read(protocol::ResourceRead const& call) override;
    bool can_subscribe(std::string_view /*uri*/) const noexcept override { return false; }

private:
    SourceService const& sources_;
};

} // namespace server
