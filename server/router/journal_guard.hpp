#pragma once

#include "core/async.hpp"
#include "core/call_context.hpp"
#include "core/clock.hpp"
#include "core/json.hpp"
#include "core/principal.hpp"
#include "core/result.hpp"
#include "core/task.hpp"
#include "server/store/journal.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace server {

/// A write as the guard needs to see it.
class GuardedWrite {
public:
    std::string organization;
    std::string tool;
    std::optional<std::string> idempotency_key;
    core::Json arguments; ///< what the same key must repeat; without idempotency_key
    core::Json probe;     ///< what look_up needs to recognise the effect
};

class WriteOutcome {
public:
    std::string resource_id;
    core::Json result;    ///< the tool's structured content, without `created`
    bool created = true;  ///< false: an earlier call with this key had made it
};

/// Makes a write happen once (CONTRACT §6): journals it before it is sent, answers a repeated key with the first outcome,
/// and after a lost answer looks for the effect instead of sending again. Writes with the same probe run one after another,
/// so that a look-up can tell its own effect from a twin's.
class JournalGuard {
public:
    JournalGuard(Journal& journal, core::Clock& clock, std::chrono::hours key_lifetime);
    ~JournalGuard();

    /// Sends the write; called at most twice, the second time only after an error that is certain not to have had effect.
    using Send = std::function<core::Task<core::Result<WriteOutcome>>()>;
    /// Looks for the effect of a write that began at `since`; `known` are ids other journal entries account for.
    /// nullopt: not there (yet).
    using LookUp = std::function<core::Task<core::Result<std::optional<WriteOutcome>>>(core::SystemTime since,
                                                                                       std::vector<std::string> known)>;

    /// `write`, `send` and `look_up` outlive the task. Cancellation after the send began does not stop the bookkeeping.
    core::Task<core::Result<WriteOutcome>> run(GuardedWrite const& write,
                                               Send const& send,
                                               LookUp const& look_up,
                                               core::Principal const& caller,
                                               core::CallContext const& ctx);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace server
