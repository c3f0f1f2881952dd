#pragma once

#include "core/call_context.hpp"
#include "core/clock.hpp"
#include "core/json.hpp"
#include "core/principal.hpp"
#include "core/result.hpp"
#include "core/task.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace server {

/// A write as the guard needs to see it.
class GuardedWrite {
public:
    std::string organization;
    std::string tool;
    std::optional<std::string> idempotency_key;
    core::Json arguments; ///< what the same key must repeat; without idempotency_key
    core::Json probe;     ///< what look_up needs to recognise the effect: project, type, title, digest of the
                          ///< description
};

class WriteOutcome {
public:
    std::string resource_id;
    core::Json result;   ///< the tool's structured content, without `created`
    bool created = true; ///< false: an earlier call with this key had made it
};

/// Makes a write happen once (CONTRACT §6): journals it before it is sent, answers a repeated key with the
/// first outcome, and after a lost answer looks for the effect instead of sending again. Writes with the same
/// probe run one after another, so that a look-up can tell its own effect from a twin's. Implemented in
/// server/router/journal_guard.
class WriteGuard {
public:
    virtual ~WriteGuard() = default;

    /// Sends the write; called again only after an error that is certain not to have had effect.
    using Send = std::function<core::Task<core::Result<WriteOutcome>>()>;
    /// Looks for the effect of a write that began at `since`; `known` are ids other journal entries account
    /// for. nullopt: not there (yet).
    using LookUp = std::function<core::Task<core::Result<std::optional<WriteOutcome>>>(
        core::SystemTime since, std::vector<std::string> known)>;

    /// `write`, `send`, `look_up`, `caller` and `ctx` outlive the task. When the caller is cancelled after
    /// the send began, the entry stays open in the journal and is settled by recovery.
    virtual core::Task<core::Result<WriteOutcome>> run(GuardedWrite const& write,
                                                       Send const& send,
                                                       LookUp const& look_up,
                                                       core::Principal const& caller,
                                                       core::CallContext const& ctx) = 0;
};

} // namespace server
