#pragma once

#include "protocol/task_store.hpp"
#include "server/store/store_thread.hpp"
#include "server/store/task_table.hpp"

namespace server {

/// The store's tasks: every call is a job for its thread.
class StoredTasks final : public protocol::TaskStore {
public:
    StoredTasks(StoreThread& thread, SQLite::Database& database) : thread_(thread), table_(database) {}

    core::Task<core::Result<void>> insert(protocol::TaskRecord record) override;
    core::Task<core::Result<std::optional<protocol::TaskRecord>>> load(std::string id) override;
    core::Task<core::Result<bool>> save(protocol::TaskRecord record) override;
    core::Task<core::Result<std::size_t>> count_open(std::string owner) override;
    core::Task<core::Result<std::vector<protocol::TaskRecord>>>
    claim_abandoned(std::string runner, core::SystemTime now, core::SystemTime lease_until) override;
    core::Task<core::Result<std::vector<std::string>>> renew(std::string runner,
                                                             core::SystemTime lease_until) override;
    core::Task<core::Result<std::vector<std::string>>> changed_since(core::SystemTime since) override;
    core::Task<core::Result<std::size_t>> forget_expired(core::SystemTime now) override;

private:
    StoreThread& thread_;
    TaskTable table_; ///< on the store's thread
};

} // namespace server
