#include "core/crypto/random.hpp"
#include "core/log.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/render.hpp"
#include "protocol/task_engine.hpp"

#include <utility>

namespace protocol {
namespace {

/// Somebody else saved it at the same moment; each try reads it anew.
constexpr int kSaveTries = 5;

Json parsed(std::string const& text) {
    auto value = core::parse_json(text, core::JsonLimits());
    return value ? std::move(*value) : Json::object();
}

RpcReply not_found(RequestId const& id) {
    return invalid_params(id, "there is no such task");
}

RpcReply store_failed(RequestId const& id, core::Error const& error) {
    core::log::error("mcp.task_store", {{"error", core::describe(error)}});
    return failure(id, RpcError(rpc_code::internal_error, "Internal error: the task could not be reached"));
}

} // namespace

Json TaskEngine::describe(TaskRecord const& record) const {
    Json task = Json::object();
    task["taskId"] = record.id;
    task["status"] = std::string(to_string(record.status));
    if (!record.status_message.empty()) {
        task["statusMessage"] = record.status_message;
    }
    task["createdAt"] = core::format_utc(record.created_at);
    task["lastUpdatedAt"] = core::format_utc(record.updated_at);
    task["ttlMs"] = record.ttl.count();
    task["pollIntervalMs"] = core_.parts().limits.task_poll.count();
    if (record.status == TaskStatus::input_required) {
        task["inputRequests"] = parsed(record.requests);
    } else if (record.status == TaskStatus::completed) {
        task["result"] = parsed(record.outcome);
    } else if (record.status == TaskStatus::failed) {
        task["error"] = parsed(record.outcome);
    }
    return task;
}

core::Task<core::Result<std::optional<TaskRecord>>> TaskEngine::find(std::string id, std::string owner) {
    CO_TRY(std::optional<TaskRecord> record, co_await store_.load(std::move(id)));
    core::SystemTime const now = core_.parts().clock.system_now();
    if (record && (record->owner != owner || record->created_at + record->ttl < now)) {
        record.reset(); // somebody else's tasks do not exist
    }
    co_return record;
}

core::Task<std::optional<std::int64_t>> TaskEngine::version(std::string id, std::string owner) {
    auto const record = co_await find(std::move(id), std::move(owner));
    if (!record || !*record) {
        co_return std::optional<std::int64_t>();
    }
    co_return std::optional<std::int64_t>((*record)->version);
}

core::Task<RpcReply> TaskEngine::handle(RpcMessage& request, RequestScope const& scope) {
    if (!scope.features.tasks) {
        co_return failure(request.id, extension_missing());
    }
    auto const id = core::find_string(request.params, "taskId");
    if (!id) {
        co_return invalid_params(request.id, "params.taskId must be a string");
    }
    auto record = co_await find(std::string(*id), scope.caller.id);
    if (!record) {
        co_return store_failed(request.id, record.error());
    }
    if (!*record) {
        co_return not_found(request.id);
    }
    if (request.method == "tasks/get") {
        co_return co_await get(request.id, std::move(**record));
    }
    if (request.method == "tasks/update") {
        co_return co_await update(request.id, request.params, std::move(**record));
    }
    co_return co_await cancel(request.id, std::move(**record));
}

RpcReply TaskEngine::acknowledge(RequestId const& id) const {
    std::string body = begin_result(id, 256);
    body += '{';
    end_result(body, ResultTail(kModernRevision, core_.server_info()), Json(), true);
    body += '}';
    return RpcReply(std::move(body), 0, false);
}

core::Task<RpcReply> TaskEngine::get(RequestId id, TaskRecord record) {
    if (record.status == TaskStatus::working) {
        record.status_message = live_message(record.id);
    }
    std::string body = begin_result(id, record.outcome.size() + 512);
    append_json(body, describe(record));
    body.pop_back();
    end_result(body, ResultTail(kModernRevision, core_.server_info()), Json(), false);
    body += '}';
    co_return RpcReply(std::move(body), 0, false);
}

core::Task<RpcReply> TaskEngine::update(RequestId id, Json const& params, TaskRecord record) {
    Json const* given = core::find_object(params, "inputResponses");
    if (given == nullptr) {
        co_return invalid_params(id, "params.inputResponses must be an object");
    }
    for (auto it = given->begin(); it != given->end(); ++it) {
        if (!it->is_object()) {
            co_return invalid_params(
                id, "params.inputResponses[" + json_quoted(it.key()) + "] must be a result object");
        }
    }
    for (int tries = 0; tries < kSaveTries; ++tries) {
        if (record.status != TaskStatus::input_required) {
            co_return acknowledge(id); // answered already, or at its end
        }
        Json requests = parsed(record.requests);
        Json inputs = parsed(record.inputs);
        bool changed = false;
        for (auto it = given->begin(); it != given->end(); ++it) {
            if (requests.erase(it.key()) != 0) {
                inputs[it.key()] = *it;
                changed = true;
            }
        }
        if (!changed) {
            co_return acknowledge(id);
        }
        record.requests.clear();
        append_json(record.requests, requests);
        record.inputs.clear();
        append_json(record.inputs, inputs);
        record.updated_at = core_.parts().clock.system_now();
        if (requests.empty()) {
            record.status = TaskStatus::working;
            record.requests.clear();
            record.runner = runner_;
            record.lease_until = record.updated_at + core_.parts().limits.task_lease;
        }
        auto const saved = co_await store_.save(record);
        if (!saved) {
            co_return store_failed(id, saved.error());
        }
        if (*saved) {
            ++record.version; // as the store counts
            announce(record);
            if (record.status == TaskStatus::working) {
                launch(record);
            }
            co_return acknowledge(id);
        }
        auto again = co_await find(record.id, record.owner);
        if (!again || !*again) {
            co_return not_found(id);
        }
        record = std::move(**again);
    }
    co_return failure(id, RpcError(rpc_code::internal_error, "Internal error: the task is being changed"));
}

core::Task<RpcReply> TaskEngine::cancel(RequestId id, TaskRecord record) {
    for (int tries = 0; tries < kSaveTries; ++tries) {
        if (is_terminal(record.status)) {
            co_return acknowledge(id);
        }
        record.updated_at = core_.parts().clock.system_now();
        if (record.status == TaskStatus::input_required) {
            record.status = TaskStatus::cancelled;
            record.requests.clear();
        } else {
            record.cancel_requested = true;
        }
        auto const saved = co_await store_.save(record);
        if (!saved) {
            co_return store_failed(id, saved.error());
        }
        if (*saved) {
            ++record.version; // as the store counts
            if (is_terminal(record.status)) {
                announce(record);
            } else {
                stop_job(record.id);
            }
            co_return acknowledge(id);
        }
        auto again = co_await find(record.id, record.owner);
        if (!again || !*again) {
            co_return not_found(id);
        }
        record = std::move(**again);
    }
    co_return failure(id, RpcError(rpc_code::internal_error, "Internal error: the task is being changed"));
}

} // namespace protocol
