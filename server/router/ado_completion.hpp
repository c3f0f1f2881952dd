#pragma once

#include "core/clock.hpp"
#include "protocol/completion.hpp"
#include "protocol/prompt.hpp"
#include "server/router/name_lists.hpp"
#include "server/router/organization_directory.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace server {

/// Completes `organization`, `project`, `repository`, `type` and `area_path` in the daemon's prompts and in
/// the template of its files, from what the connectors may see; only projects they may use. Referents outlive
/// it.
class AdoCompletion final : public protocol::Completer {
public:
    AdoCompletion(OrganizationDirectory& directory,
                  core::Clock& clock,
                  std::vector<protocol::PromptHandler*> prompts);

    core::Task<protocol::Completions> complete(protocol::CompletionRequest const& request) override;

private:
    /// True when the prompt or template asked about has this argument.
    bool is_known(protocol::CompletionRequest const& request) const;
    core::Task<std::vector<std::string>> candidates(protocol::CompletionRequest const& request,
                                                    std::shared_ptr<Connector> connector);

    OrganizationDirectory& directory_;
    core::Clock& clock_;
    std::vector<protocol::PromptHandler*> prompts_;
    NameLists lists_;
};

/// Those that begin with `typed`, then those that hold it elsewhere, each in alphabetical order; without
/// case, doubles once. `total` counts what exceeds kMaxCompletions too.
protocol::Completions rank_completions(std::vector<std::string> names, std::string_view typed);

} // namespace server
