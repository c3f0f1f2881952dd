#pragma once

#include "core/clock.hpp"
#include "protocol/server_features.hpp"
#include "server/config/config.hpp"
#include "server/router/ado_completion.hpp"
#include "server/router/ado_resources.hpp"
#include "server/router/connector_watch.hpp"
#include "server/router/knowledge_resources.hpp"
#include "server/router/organization_directory.hpp"
#include "server/router/routed_tool.hpp"
#include "server/tools/knowledge_base.hpp"

#include <memory>
#include <vector>

namespace server {

/// What the daemon offers through MCP: its tools, prompts, resources, completions and skills.
class McpOffer {
public:
    /// Tools as `config.tools` lets them through. Referents outlive it.
    McpOffer(Config const& config,
             OrganizationDirectory& directory,
             SourceService const& sources,
             KnowledgeBase& knowledge,
             RoutedToolEnvironment const& routing,
             protocol::ChangeHub& hub,
             core::Clock& clock);
    McpOffer(McpOffer const&) = delete;
    McpOffer& operator=(McpOffer const&) = delete;

    /// Refers to this object. `tasks` outlives the server.
    protocol::ServerFeatures features(protocol::TaskStore& tasks) const;
    /// Tells clients when connectors come, go or change; until cancelled.
    core::Task<void> watch() { return watch_.run(); }

private:
    std::vector<std::unique_ptr<protocol::ToolHandler>> tools_;
    std::vector<std::unique_ptr<protocol::PromptHandler>> prompts_;
    std::unique_ptr<AdoResources> resources_;
    std::unique_ptr<KnowledgeResources> knowledge_;
    std::unique_ptr<AdoCompletion> completion_;
    std::unique_ptr<protocol::SkillLibrary> skills_;
    ConnectorWatch watch_;
};

} // namespace server
