#pragma once

#include "core/clock.hpp"
#include "core/json.hpp"
#include "core/result.hpp"
#include "core/task.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace server {

/// One write, noted before it is sent. What is needed to recognise its effect afterwards is in `probe`
/// (project, title, type, description digest): never a credential.
class JournalEntry {
public:
    enum class State {
        pending,   ///< may have been sent; outcome not known yet
        done,      ///< `result` holds the answer
        abandoned, ///< certainly without effect
        unresolved ///< outcome unknown, looked for and not found (yet)
    };

    std::int64_t id = 0; ///< given by the store
    std::string caller;
    std::string organization;
    std::string tool;
    std::optional<std::string> idempotency_key;
    std::string arguments_sha256; ///< hex, over the canonical arguments
    std::string probe;            ///< JSON
    std::string result;           ///< JSON, when done
    std::string resource_id;      ///< work item id, when done
    std::string lane;             ///< the same for writes of the same content: twins
    State state = State::pending;
    core::SystemTime created_at{};
    core::SystemTime sent_at{};    ///< when it was last about to be sent
    core::SystemTime busy_until{}; ///< while pending: until then its process may be at work on it
    core::SystemTime updated_at{};
};

/// Durable (fsync) when a task completes. SQLite behind it; one writer thread.
class Journal {
public:
    virtual ~Journal() = default;

    class Begun {
    public:
        /// True: the entry is new and pending, go and send. False: `entry` is the earlier one with the same
        /// key, scoped to caller, organization and tool; compare its arguments and state.
        bool fresh = true;
        JournalEntry entry;
    };
    /// What came of the wish to take a resource for an entry's effect.
    enum class Claim {
        claimed,
        taken,     ///< another entry accounts for it
        contested, ///< a twin is being sent and may be about to say that it is its own; or the entry is
                   ///< settled otherwise by now
    };

    /// Inserts `entry` as pending, or finds the one with its idempotency key that is younger than
    /// `key_lifetime` (an abandoned one does not count). One transaction.
    virtual core::Task<core::Result<Begun>> begin(JournalEntry entry, std::chrono::hours key_lifetime) = 0;
    virtual core::Task<core::Result<void>>
    complete(std::int64_t id, std::string resource_id, std::string result) = 0;
    /// The same for a resource that was found, not answered: only where it is certain whose it is. One
    /// transaction, so that of several processes one gets it.
    virtual core::Task<core::Result<Claim>>
    claim(std::int64_t id, std::string resource_id, std::string result) = 0;
    /// Takes an open entry up again, to be sent once more: false when it is another one's to do, because it
    /// is busy or not as `seen` any more.
    virtual core::Task<core::Result<bool>> reopen(JournalEntry seen, core::SystemTime busy_until) = 0;
    /// Settles an open entry as without effect, under the same condition.
    virtual core::Task<core::Result<bool>> abandon(JournalEntry seen) = 0;
    virtual core::Task<core::Result<JournalEntry>> load(std::int64_t id) = 0;
    virtual core::Task<core::Result<void>> set_state(std::int64_t id, JournalEntry::State state) = 0;
    /// Pending and unresolved ones, oldest first, of all processes.
    virtual core::Task<core::Result<std::vector<JournalEntry>>> list_open() = 0;
    /// Resource ids that entries of this organization and tool, created at or after `since`, already account
    /// for.
    virtual core::Task<core::Result<std::vector<std::string>>>
    known_resources(std::string organization, std::string tool, core::SystemTime since) = 0;
    /// Forgets what is older than `before` and not open.
    virtual core::Task<core::Result<std::size_t>> forget_before(core::SystemTime before) = 0;
};

} // namespace server
