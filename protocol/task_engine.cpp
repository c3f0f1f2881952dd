#include "protocol/task_engine.hpp"

#include "core/crypto/digest.hpp"
#include "core/crypto/random.hpp"
#include "core/log.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/render.hpp"
#include "protocol/task_job.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace protocol {
namespace {

namespace asio = boost::asio;

constexpr char const* kExtension = "io.modelcontextprotocol/tasks";
/// Nobody waits for a task as one waits for a call; what it calls has deadlines of its own.
constexpr std::chrono::minutes kTaskTime{30};
/// Somebody else saved it at the same moment; each try reads it anew.
constexpr int kSaveTries = 5;
/// How often the store is asked for what other replicas did while somebody listens, and how far apart clocks
/// may be.
constexpr std::chrono::seconds kLookAround{1};
constexpr std::chrono::seconds kChangesLookBack{10};

Json parsed(std::string const& text) {
    auto value = core::parse_json(text, core::JsonLimits());
    return value ? std::move(*value) : Json();
}

std::string text_of(Json const& json) {
    std::string text;
    append_json(text, json);
    return text;
}

/// Sets it however its scope ends.
class SetAtEnd {
public:
    explicit SetAtEnd(core::Event& event) : event_(event) {}
    SetAtEnd(SetAtEnd const&) = delete;
    SetAtEnd& operator=(SetAtEnd const&) = delete;
    ~SetAtEnd() { event_.set(); }

private:
    core::Event& event_;
};

RpcReply store_failed(RequestId const& id, core::Error const& error) {
    core::log::error("mcp.task_store", {{"error", core::describe(error)}});
    return failure(id, RpcError(rpc_code::internal_error, "Internal error: the task could not be stored"));
}

} // namespace

/// What a request has of its job, however the request ends: without a task the job ends with it.
class TaskEngine::Attachment {
public:
    explicit Attachment(std::shared_ptr<Job> job) : job_(std::move(job)) {}
    Attachment(Attachment const&) = delete;
    Attachment& operator=(Attachment const&) = delete;
    ~Attachment() {
        job_->client.live = nullptr;
        if (!job_->record && !job_->done.is_set()) {
            job_->abandoned = true;
            job_->handle.cancel();
        }
    }

private:
    std::shared_ptr<Job> job_;
};

/// The making of a record, which goes on when its request is cancelled.
class TaskEngine::Creation {
public:
    core::Event done;
    std::optional<RpcReply> reply;
};

TaskEngine::TaskEngine(McpCore& core, TaskStore& store)
    : core_(core), store_(store), runner_(core::random_uuid()), group_(core.parts().executor) {
    core_.on_tick([this] { tick(); });
}

TaskEngine::~TaskEngine() = default;

RpcError TaskEngine::extension_missing() {
    Json data = Json::object();
    data["requiredCapabilities"]["extensions"][kExtension] = Json::object();
    return RpcError(
        rpc_code::missing_client_capability,
        "Missing required client capability: this needs the extension io.modelcontextprotocol/tasks",
        std::move(data));
}

core::Task<RpcReply> TaskEngine::call(RpcMessage& request,
                                      RequestScope const& scope,
                                      RegisteredTool const& tool,
                                      Json arguments,
                                      std::optional<Round> round) {
    ToolDescriptor const& about = tool.handler->descriptor();
    RoundBinding const binding(scope.caller, request.method, about.name, arguments);
    core::CallContext ctx = scope.ctx;
    ctx.deadline = core::Deadline::in(core_.parts().clock, kTaskTime);
    auto job = std::make_shared<Job>(
        core_.catalogue(), *tool.handler, std::move(arguments), scope.caller, std::move(ctx), scope.features);
    if (round) {
        job->call.inputs = std::move(round->inputs);
        job->call.state = std::move(round->state);
    }
    Attachment const attached(job);
    // Before it starts: whatever it writes is journalled under this id, should it become a task.
    job->call.task_id = core::hex_encode(core::random_bytes(16));
    bool const answered = round && !job->call.inputs.empty();
    if (about.task_use != TaskUse::when_slow && (!about.asks_first || answered)) {
        co_return co_await become_task(request.id, job);
    }
    RequestRun run(scope, request.params, core_.parts().clock);
    RunningRequests::Entry const under_way(core_.running(), run);
    job->client.live = &run;
    job->running = true;
    job->handle = group_.spawn("mcp.call", run_job(job));
    core::Deadline const patience = core::Deadline::in(core_.parts().clock, core_.parts().limits.task_after);
    bool done = co_await job->done.wait(patience);
    asio::cancellation_state const cancellation = co_await asio::this_coro::cancellation_state;
    if (!done && cancellation.cancelled() == asio::cancellation_type::none) {
        auto const open = co_await store_.count_open(scope.caller.id);
        if (open && *open < core_.parts().limits.tasks_per_principal && !job->done.is_set()) {
            job->client.live = nullptr;
            co_return co_await become_task(request.id, job);
        }
        done = co_await job->done.wait(scope.ctx.deadline); // it stays a call
    }
    if (!done) {
        asio::cancellation_state const now = co_await asio::this_coro::cancellation_state;
        if (now.cancelled() == asio::cancellation_type::none) {
            ToolResult const late = ToolResult::error("The call took too long and was given up.");
            co_return core_.tool_reply(request.id, late, kModernRevision);
        }
        throw boost::system::system_error(asio::error::operation_aborted, "cancelled");
    }
    run.finish();
    if (!job->result) {
        throw boost::system::system_error(asio::error::operation_aborted, "cancelled");
    }
    if (job->result->needed) {
        co_return core_.needed_reply(request.id, *job->result->needed, scope.features, binding);
    }
    co_return core_.tool_reply(request.id, *job->result, kModernRevision);
}

core::Task<void> TaskEngine::run_job(std::shared_ptr<Job> job) {
    job->running = true;
    co_await asio::this_coro::throw_if_cancelled(false);
    try {
        core::Task<ToolResult> work = core_.run_tool(job->handler, job->call, job->scope);
        ToolResult result = co_await std::move(work);
        job->result.emplace(std::move(result));
    } catch (std::exception const&) {
        job->result.reset(); // cancelled, whatever the handler made of it
    }
    job->done.set();
    if (job->record && !job->given_up) {
        // Whoever cancelled the work waits for the record to say so.
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        co_await settle(job);
    }
}

core::Task<RpcReply> TaskEngine::become_task(RequestId const& id, std::shared_ptr<Job> job) {
    // Apart from the request: a record that was written and then forgotten would be open for its whole time.
    auto const creation = std::make_shared<Creation>();
    group_.spawn("mcp.task_create", create(id, std::move(job), creation));
    bool const done = co_await creation->done.wait(core::Deadline::never());
    if (!done || !creation->reply) {
        throw boost::system::system_error(asio::error::operation_aborted, "cancelled");
    }
    co_return std::move(*creation->reply);
}

core::Task<void>
TaskEngine::create(RequestId id, std::shared_ptr<Job> job, std::shared_ptr<Creation> creation) {
    SetAtEnd const at_end(creation->done);
    ServerParts const& parts = core_.parts();
    TaskRecord record;
    record.id = job->call.task_id;
    record.owner = job->caller.id;
    record.owner_name = job->caller.name;
    record.owner_role = job->caller.role;
    record.tool = job->handler.descriptor().name;
    record.arguments = text_of(job->arguments);
    record.client_features = job->client.features().bits();
    record.state = job->call.state.is_null() ? std::string() : text_of(job->call.state);
    record.inputs = text_of(job->call.inputs);
    record.created_at = parts.clock.system_now();
    record.updated_at = record.created_at;
    record.ttl = parts.limits.task_ttl;
    record.runner = runner_;
    record.lease_until = record.created_at + parts.limits.task_lease;
    auto const open = co_await store_.count_open(record.owner);
    if (open && *open >= parts.limits.tasks_per_principal) {
        creation->reply =
            failure(id,
                    RpcError(rpc_code::overloaded,
                             "Too many tasks: " + std::to_string(*open) +
                                 " of yours are not at their end. Wait for some, or cancel them"));
        co_return;
    }
    auto const stored = co_await store_.insert(record);
    if (!stored) {
        creation->reply = store_failed(id, stored.error());
        co_return;
    }
    job->record = record;
    jobs_[record.id] = job;
    std::string body = begin_result(id, 512);
    body += text_of(describe(record));
    body.pop_back();
    ResultTail tail(kModernRevision, core_.server_info());
    tail.result_type = "task";
    end_result(body, tail, Json(), false);
    body += '}';
    if (!job->running && job->abandoned) {
        job->done.set(); // nobody knows its id
    }
    if (job->done.is_set()) {
        group_.spawn("mcp.task_settle", settle(job)); // it ended while the record was written
    } else if (!job->running) {
        job->handle = group_.spawn("mcp.task", run_job(job));
    }
    creation->reply.emplace(std::move(body), 0, false);
}

core::Task<void> TaskEngine::settle(std::shared_ptr<Job> job) {
    std::string const id = job->record->id;
    job->unsettled = false;
    for (int tries = 0; tries < kSaveTries; ++tries) {
        auto loaded = co_await store_.load(id);
        if (!loaded) {
            core::log::error("mcp.task_store", {{"task", id}, {"error", core::describe(loaded.error())}});
            job->unsettled = true; // look_after tries again
            co_return;
        }
        if (!*loaded || is_terminal((*loaded)->status) || (*loaded)->runner != runner_) {
            break; // gone, settled by somebody else, or no longer ours
        }
        TaskRecord record = std::move(**loaded);
        record.updated_at = core_.parts().clock.system_now();
        record.status_message = job->client.last_message;
        record.requests.clear();
        std::optional<RpcError> missing;
        if (job->result && job->result->needed) {
            missing = missing_capabilities(job->result->needed->requests, job->client.features());
        }
        if (!job->result) {
            record.status = TaskStatus::cancelled;
        } else if (missing || job->result->refusal) {
            RpcError const& error = missing ? *missing : *job->result->refusal;
            Json outcome = Json{{"code", error.code}, {"message", error.message}};
            if (!error.data.is_null()) {
                outcome["data"] = error.data;
            }
            record.status = TaskStatus::failed;
            record.outcome = text_of(outcome);
        } else if (job->result->needed && record.cancel_requested) {
            record.status = TaskStatus::cancelled;
        } else if (job->result->needed) {
            record.status = TaskStatus::input_required;
            record.requests = text_of(input_requests_json(job->result->needed->requests));
            record.state = text_of(job->result->needed->state);
            record.inputs = "{}";
        } else {
            record.status = TaskStatus::completed;
            record.outcome = core_.tool_result_text(*job->result, kModernRevision);
        }
        auto const saved = co_await store_.save(record);
        if (!saved) {
            core::log::error("mcp.task_store", {{"task", id}, {"error", core::describe(saved.error())}});
            job->unsettled = true;
            co_return;
        }
        if (*saved) {
            ++record.version; // as the store counts
            announce(record);
            break;
        }
    }
    jobs_.erase(id);
}

void TaskEngine::launch(TaskRecord const& record) {
    auto const catalogue = core_.catalogue();
    RegisteredTool const* tool = catalogue->tools.find(record.tool);
    if (tool == nullptr) {
        core::log::warn("mcp.task_without_tool", {{"task", record.id}, {"tool", record.tool}});
        group_.spawn("mcp.task_give_back", give_back(record.id));
        return;
    }
    core::CallContext ctx(core::random_uuid(), core::Deadline::in(core_.parts().clock, kTaskTime));
    auto job = std::make_shared<Job>(catalogue,
                                     *tool->handler,
                                     parsed(record.arguments),
                                     core::Principal(record.owner, record.owner_name, record.owner_role),
                                     std::move(ctx),
                                     ClientFeatures::from_bits(record.client_features));
    job->call.inputs = record.inputs.empty() ? Json::object() : parsed(record.inputs);
    job->call.state = record.state.empty() ? Json() : parsed(record.state);
    job->call.task_id = record.id;
    job->record = record;
    jobs_[record.id] = job;
    job->handle = group_.spawn("mcp.task", run_job(job));
}

/// A replica that has the tool may take it when the lease is over: it must not be renewed with ours.
core::Task<void> TaskEngine::give_back(std::string id) {
    auto loaded = co_await store_.load(std::move(id));
    if (loaded && *loaded && (*loaded)->status == TaskStatus::working && (*loaded)->runner == runner_) {
        TaskRecord record = std::move(**loaded);
        record.runner.clear();
        record.lease_until = core_.parts().clock.system_now() + core_.parts().limits.task_lease;
        co_await store_.save(std::move(record)); // unless somebody else was quicker
    }
}

void TaskEngine::announce(TaskRecord const& record) {
    auto const watched = watched_.find(record.id);
    if (watched == watched_.end() || watched->second.version >= record.version) {
        return;
    }
    watched->second.version = record.version;
    core_.parts().hub.publish(ChangeEvent(ChangeEvent::Kind::task, record.id, describe(record)));
}

void TaskEngine::watch(std::string const& id, std::int64_t version) {
    Watched& watched = watched_[id];
    ++watched.listeners;
    watched.version = std::max(watched.version, version);
}

void TaskEngine::unwatch(std::string const& id) noexcept {
    auto const it = watched_.find(id);
    if (it != watched_.end() && --it->second.listeners == 0) {
        watched_.erase(it);
    }
}

/// Tells of what other replicas did.
core::Task<void> TaskEngine::look_around(TaskEngine* self) {
    core::SystemTime const since = self->core_.parts().clock.system_now() - kChangesLookBack;
    auto const changed = co_await self->store_.changed_since(since);
    if (changed) {
        for (std::string const& id : *changed) {
            if (!self->watched_.contains(id)) {
                continue;
            }
            auto const record = co_await self->store_.load(id);
            if (record && *record) {
                self->announce(**record);
            }
        }
    }
    self->looking_around_ = false;
}

std::string TaskEngine::live_message(std::string const& id) const {
    auto const job = jobs_.find(id);
    return job == jobs_.end() ? std::string() : job->second->client.last_message;
}

void TaskEngine::stop_job(std::string const& id) {
    auto const job = jobs_.find(id);
    if (job != jobs_.end() && job->second->handler.descriptor().hints.read_only) {
        job->second->handle.cancel();
    }
}

void TaskEngine::tick() {
    core::SteadyTime const now = core_.parts().clock.now();
    if (!stopped_ && !watched_.empty() && !looking_around_ && now - looked_around_ >= kLookAround) {
        looked_around_ = now;
        looking_around_ = true;
        group_.spawn("mcp.task_changes", look_around(this));
    }
    auto const period = core_.parts().limits.task_lease / 3;
    if (stopped_ || looking_after_ ||
        (looked_after_ != core::SteadyTime::min() && now - looked_after_ < period)) {
        return;
    }
    looked_after_ = now;
    looking_after_ = true;
    group_.spawn("mcp.tasks", look_after(this));
}

core::Task<void> TaskEngine::look_after(TaskEngine* self) {
    ServerParts const& parts = self->core_.parts();
    core::SystemTime const now = parts.clock.system_now();
    core::SystemTime const lease = now + parts.limits.task_lease;
    auto const to_cancel = co_await self->store_.renew(self->runner_, lease);
    if (to_cancel) {
        for (std::string const& id : *to_cancel) {
            self->stop_job(id);
        }
    }
    auto const abandoned = co_await self->store_.claim_abandoned(self->runner_, now, lease);
    if (abandoned) {
        for (TaskRecord const& record : *abandoned) {
            if (!self->jobs_.contains(record.id)) {
                core::log::info("mcp.task_resumed", {{"task", record.id}, {"tool", record.tool}});
                self->launch(record);
            }
        }
    }
    std::vector<std::shared_ptr<Job>> unsettled; // settling takes them out of the map
    for (auto const& [id, job] : self->jobs_) {
        if (job->unsettled) {
            unsettled.push_back(job);
        }
    }
    for (std::shared_ptr<Job> const& job : unsettled) {
        self->group_.spawn("mcp.task_settle", self->settle(job));
    }
    co_await self->store_.forget_expired(now);
    self->looking_after_ = false;
}

core::Task<void> TaskEngine::stop(core::Deadline deadline) {
    core::Clock& clock = core_.parts().clock;
    while (!jobs_.empty() && !deadline.passed(clock.now())) {
        co_await clock.sleep_for(std::chrono::milliseconds(20));
    }
    for (auto const& [id, job] : jobs_) {
        job->given_up = true;
    }
    stopped_ = true; // or the next tick takes up what is given up here
    group_.cancel_all();
    co_await group_.wait();
    // Leases that end now let another process go on at once.
    co_await store_.renew(runner_, clock.system_now());
    jobs_.clear();
}

} // namespace protocol
