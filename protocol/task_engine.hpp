#pragma once

#include "core/task_group.hpp"
#include "protocol/mcp_core.hpp"
#include "protocol/task_store.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace protocol {

/// The tasks extension (io.modelcontextprotocol/tasks, SEP-2663): calls that go on after their request was
/// answered. A task is durable before its id leaves; whoever shares the store can answer for it, and goes on
/// with it when its runner is gone. A task that waits for its client costs nothing. One thread.
class TaskEngine {
public:
    TaskEngine(McpCore& core, TaskStore& store);
    ~TaskEngine();
    TaskEngine(TaskEngine const&) = delete;
    TaskEngine& operator=(TaskEngine const&) = delete;

    /// -32021 that names the extension.
    static RpcError extension_missing();

    /// tools/call of a client that declared the extension: a result, or a task.
    core::Task<RpcReply> call(RpcMessage& request,
                              RequestScope const& scope,
                              RegisteredTool const& tool,
                              Json arguments,
                              std::optional<Round> round);
    /// tasks/get, tasks/update, tasks/cancel.
    core::Task<RpcReply> handle(RpcMessage& request, RequestScope const& scope);
    /// The version of the task as it is kept; nullopt when it is not this caller's.
    core::Task<std::optional<std::int64_t>> version(std::string id, std::string owner);
    /// Changes of this task are published from now on, those of other replicas within about a second;
    /// `version` is known already. As often as it is called, unwatch() has to be.
    void watch(std::string const& id, std::int64_t version);
    void unwatch(std::string const& id) noexcept;

    core::Task<void> stop(core::Deadline deadline);

private:
    class Job;
    class Attachment;
    class Creation;
    class Watched {
    public:
        std::size_t listeners = 0;
        std::int64_t version = 0; ///< the last that was told
    };

    core::Task<void> run_job(std::shared_ptr<Job> job);
    core::Task<RpcReply> become_task(RequestId const& id, std::shared_ptr<Job> job);
    core::Task<void> create(RequestId id, std::shared_ptr<Job> job, std::shared_ptr<Creation> creation);
    core::Task<void> settle(std::shared_ptr<Job> job);
    void launch(TaskRecord const& record);
    core::Task<void> give_back(std::string id);
    core::Task<core::Result<std::optional<TaskRecord>>> find(std::string id, std::string owner);
    core::Task<RpcReply> get(RequestId id, TaskRecord record);
    core::Task<RpcReply> update(RequestId id, Json const& params, TaskRecord record);
    core::Task<RpcReply> cancel(RequestId id, TaskRecord record);
    RpcReply acknowledge(RequestId const& id) const;
    Json describe(TaskRecord const& record) const;
    void announce(TaskRecord const& record);
    /// What the task said last, while it runs here.
    std::string live_message(std::string const& id) const;
    /// Cancels the work where it runs here and may be cancelled: a write goes on to its end, since half of
    /// one is worse than all of it.
    void stop_job(std::string const& id);
    void tick();
    static core::Task<void> look_after(TaskEngine* self);
    static core::Task<void> look_around(TaskEngine* self);

    McpCore& core_;
    TaskStore& store_;
    std::string runner_;
    std::unordered_map<std::string, std::shared_ptr<Job>> jobs_; ///< tasks that run here, by id
    std::unordered_map<std::string, Watched> watched_;           ///< by id
    core::TaskGroup group_;
    core::SteadyTime looked_after_ = core::SteadyTime::min();
    bool looking_after_ = false;
    bool stopped_ = false;
    core::SteadyTime looked_around_{};
    bool looking_around_ = false;
};

} // namespace protocol
