#pragma once

#include "core/json.hpp"
#include "server/knowledge/knowledge_index.hpp"

#include <optional>
#include <string>

namespace server {

/// How the indexes of sources stand, as REST and reports show it. One thread.
class KnowledgeStates {
public:
    virtual ~KnowledgeStates() = default;
    /// nullopt while nothing is known: it was never synced.
    virtual std::optional<SourceIndexState> state_of(std::string const& key) const = 0;
    /// Syncs the source as soon as there is room; one that is being synced is left alone.
    virtual core::Result<void> request_sync(std::string const& key) = 0;
    /// The source exists no more.
    virtual void forget(std::string const& key) = 0;
};

/// `{state: never_synced | syncing | synced | failed, synced_at, commit, branch, files, left_out, failed_at,
/// reason, code, fix}`, what is not known left out.
core::Json describe_index(std::optional<SourceIndexState> const& state);

} // namespace server
