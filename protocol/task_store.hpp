#pragma once

#include "core/clock.hpp"
#include "core/principal.hpp"
#include "core/result.hpp"
#include "core/task.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Tasks of the extension io.modelcontextprotocol/tasks (SEP-2663) as they are kept.
namespace protocol {

enum class TaskStatus { working, input_required, completed, failed, cancelled };
std::string_view to_string(TaskStatus status) noexcept;
std::optional<TaskStatus> parse_task_status(std::string_view text) noexcept;
constexpr bool is_terminal(TaskStatus status) noexcept {
    return status >= TaskStatus::completed;
}

class TaskRecord {
public:
    std::string id; ///< unguessable
    std::string owner;
    std::string owner_name;
    core::Role owner_role = core::Role::reader;
    std::string tool;
    std::string arguments;            ///< JSON
    std::uint8_t client_features = 0; ///< ClientFeatures::bits
    TaskStatus status = TaskStatus::working;
    std::string status_message;
    std::string state;    ///< JSON the handler left between rounds; may be empty
    std::string requests; ///< JSON object of outstanding input requests; empty unless input_required
    std::string inputs;   ///< JSON object of the answers so far
    std::string outcome;  ///< JSON: the result when completed, the error when failed
    core::SystemTime created_at{};
    core::SystemTime updated_at{};
    std::chrono::milliseconds ttl{0}; ///< kept until created_at + ttl
    bool cancel_requested = false;
    std::string runner;             ///< process that works on it
    core::SystemTime lease_until{}; ///< after that another one may take it
    std::int64_t version = 0;       ///< given by the store; save() compares it
};

/// When it is past its ttl. Saturates: a ttl of centuries does not wrap around.
core::SystemTime expiry_of(TaskRecord const& record) noexcept;

/// The rest of what a crashed process left is for the next call, or for another replica.
inline constexpr std::size_t kClaimedAtOnce = 64;

/// Durable (fsync) when a task completes. Shared by replicas.
class TaskStore {
public:
    virtual ~TaskStore() = default;

    /// Conflict when there is one of this id.
    virtual core::Task<core::Result<void>> insert(TaskRecord record) = 0;
    virtual core::Task<core::Result<std::optional<TaskRecord>>> load(std::string id) = 0;
    /// Compare and swap: false when somebody saved or claimed it since it was loaded; otherwise its version
    /// is one higher. What its runner renewed meanwhile is not shortened: while the task goes on under the
    /// same runner the later of the two leases counts. To hand it over, clear `runner`.
    virtual core::Task<core::Result<bool>> save(TaskRecord record) = 0;
    /// Tasks of this owner that are not at their end.
    virtual core::Task<core::Result<std::size_t>> count_open(std::string owner) = 0;
    /// Working tasks whose lease ran out before `now`, now leased to `runner` until `lease_until`: the
    /// longest abandoned first, at most kClaimedAtOnce. Their versions rise (who lost one can save it no
    /// more); `updated_at` stays, as nothing a client sees has changed.
    virtual core::Task<core::Result<std::vector<TaskRecord>>>
    claim_abandoned(std::string runner, core::SystemTime now, core::SystemTime lease_until) = 0;
    /// Renews the leases of what `runner` works on (the version stays) and tells which of those somebody
    /// asked to cancel.
    virtual core::Task<core::Result<std::vector<std::string>>> renew(std::string runner,
                                                                     core::SystemTime lease_until) = 0;
    /// Ids whose record changed at or after `since`: for telling listeners of what other replicas did.
    virtual core::Task<core::Result<std::vector<std::string>>> changed_since(core::SystemTime since) = 0;
    /// Removes what is past its ttl.
    virtual core::Task<core::Result<std::size_t>> forget_expired(core::SystemTime now) = 0;
};

/// In memory, for one process.
std::unique_ptr<TaskStore> make_memory_task_store();

} // namespace protocol
