#include "protocol/task_store.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace protocol {
namespace {

class MemoryTaskStore final : public TaskStore {
public:
    core::Task<core::Result<void>> insert(TaskRecord record) override {
        record.version = 1;
        std::string id = record.id;
        auto const [at, fresh] = tasks_.try_emplace(std::move(id), std::move(record));
        if (!fresh) {
            co_return core::fail(core::ErrorKind::conflict, "there is a task of this id already");
        }
        co_return core::Result<void>();
    }

    core::Task<core::Result<std::optional<TaskRecord>>> load(std::string id) override {
        auto const found = tasks_.find(id);
        co_return found != tasks_.end() ? std::optional(found->second) : std::nullopt;
    }

    core::Task<core::Result<bool>> save(TaskRecord record) override {
        auto const found = tasks_.find(record.id);
        if (found == tasks_.end() || found->second.version != record.version) {
            co_return false;
        }
        TaskRecord& kept = found->second;
        if (kept.runner == record.runner && kept.status == TaskStatus::working &&
            record.status == TaskStatus::working) {
            record.lease_until = std::max(record.lease_until, kept.lease_until);
        }
        ++record.version;
        kept = std::move(record);
        co_return true;
    }

    core::Task<core::Result<std::size_t>> count_open(std::string owner) override {
        auto const open =
            std::count_if(tasks_.begin(), tasks_.end(), [&owner](Tasks::value_type const& entry) {
                return entry.second.owner == owner && !is_terminal(entry.second.status);
            });
        co_return static_cast<std::size_t>(open);
    }

    core::Task<core::Result<std::vector<TaskRecord>>>
    claim_abandoned(std::string runner, core::SystemTime now, core::SystemTime lease_until) override {
        std::vector<TaskRecord*> abandoned;
        for (auto& [id, record] : tasks_) {
            if (record.status == TaskStatus::working && record.lease_until < now) {
                abandoned.push_back(&record);
            }
        }
        std::sort(abandoned.begin(), abandoned.end(), [](TaskRecord const* a, TaskRecord const* b) {
            return std::tie(a->lease_until, a->id) < std::tie(b->lease_until, b->id);
        });
        abandoned.resize(std::min(abandoned.size(), kClaimedAtOnce));
        std::vector<TaskRecord> out;
        for (TaskRecord* const record : abandoned) {
            record->runner = runner;
            record->lease_until = lease_until;
            ++record->version;
            out.push_back(*record);
        }
        co_return out;
    }

    core::Task<core::Result<std::vector<std::string>>> renew(std::string runner,
                                                             core::SystemTime lease_until) override {
        std::vector<std::string> to_cancel;
        for (auto& [id, record] : tasks_) {
            if (record.status == TaskStatus::working && record.runner == runner) {
                record.lease_until = lease_until;
                if (record.cancel_requested) {
                    to_cancel.push_back(id);
                }
            }
        }
        co_return to_cancel;
    }

    core::Task<core::Result<std::vector<std::string>>> changed_since(core::SystemTime since) override {
        std::vector<std::string> out;
        for (auto const& [id, record] : tasks_) {
            if (record.updated_at >= since) {
                out.push_back(id);
            }
        }
        co_return out;
    }

    core::Task<core::Result<std::size_t>> forget_expired(core::SystemTime now) override {
        co_return std::erase_if(
            tasks_, [now](Tasks::value_type const& entry) { return expiry_of(entry.second) <= now; });
    }

private:
    using Tasks = std::unordered_map<std::string, TaskRecord>;
    Tasks tasks_;
};

} // namespace

std::unique_ptr<TaskStore> make_memory_task_store() {
    return std::make_unique<MemoryTaskStore>();
}

} // namespace protocol
