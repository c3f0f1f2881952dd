#include "server/store/stored_tasks.hpp"

namespace server {

core::Task<core::Result<void>> StoredTasks::insert(protocol::TaskRecord record) {
    return thread_.run([this, record = std::move(record)] { return table_.insert(record); });
}

core::Task<core::Result<std::optional<protocol::TaskRecord>>> StoredTasks::load(std::string id) {
    return thread_.run([this, id = std::move(id)] { return table_.load(id); });
}

core::Task<core::Result<bool>> StoredTasks::save(protocol::TaskRecord record) {
    return thread_.run([this, record = std::move(record)] { return table_.save(record); });
}

core::Task<core::Result<std::size_t>> StoredTasks::count_open(std::string owner) {
    return thread_.run([this, owner = std::move(owner)] { return table_.count_open(owner); });
}

core::Task<core::Result<std::vector<protocol::TaskRecord>>>
StoredTasks::claim_abandoned(std::string runner, core::SystemTime now, core::SystemTime lease_until) {
    return thread_.run([this, runner = std::move(runner), now, lease_until] {
        return table_.claim_abandoned(runner, now, lease_until);
    });
}

core::Task<core::Result<std::vector<std::string>>> StoredTasks::renew(std::string runner,
                                                                      core::SystemTime lease_until) {
    return thread_.run(
        [this, runner = std::move(runner), lease_until] { return table_.renew(runner, lease_until); });
}

core::Task<core::Result<std::vector<std::string>>> StoredTasks::changed_since(core::SystemTime since) {
    return thread_.run([this, since] { return table_.changed_since(since); });
}

core::Task<core::Result<std::size_t>> StoredTasks::forget_expired(core::SystemTime now) {
    return thread_.run([this, now] { return table_.forget_expired(now); });
}

} // namespace server
