#pragma once

#include "core/async.hpp"
#include "protocol/task_engine.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

/// What a task is while it runs here; only task_engine.cpp includes this.
namespace protocol {

/// Forwards to the request while there is one; afterwards nobody hears.
class RelayClient final : public RequestClient {
public:
    explicit RelayClient(ClientFeatures features) : features_(features) {}
    ClientFeatures const& features() const noexcept override { return features_; }
    void progress(double progress, std::optional<double> total, std::string_view message) override {
        if (live != nullptr) {
            live->progress(progress, total, message);
        } else if (!message.empty()) {
            last_message = message;
        }
    }
    void log(LogLevel level, std::string_view logger, Json const& data) override {
        if (live != nullptr) {
            live->log(level, logger, data);
        }
    }
    void release_connection() override {}

    RequestClient* live = nullptr;
    std::string last_message;

private:
    ClientFeatures features_;
};

class NoOutlet final : public Outlet {
public:
    void notify(std::string) override {}
    core::Task<core::Result<Json>> ask(std::string_view, Json, core::CallContext const&) override {
        co_return core::fail(core::ErrorKind::internal, "a task has no stream to ask on");
    }
    void release() override {}
    void stretch() override {}
};

/// A call that may outlive its request: owns what it works on.
class TaskEngine::Job {
public:
    Job(std::shared_ptr<Catalogue const> catalogue_,
        ToolHandler& handler_,
        Json arguments_,
        core::Principal caller_,
        core::CallContext ctx_,
        ClientFeatures features)
        : catalogue(std::move(catalogue_)), handler(handler_), arguments(std::move(arguments_)),
          caller(std::move(caller_)), ctx(std::move(ctx_)), client(features),
          scope(kModernRevision, caller, ctx, features, outlet), call(arguments, caller, ctx, client) {}
    Job(Job const&) = delete;
    Job& operator=(Job const&) = delete;

    std::shared_ptr<Catalogue const> catalogue;
    ToolHandler& handler;
    Json arguments;
    core::Principal caller;
    core::CallContext ctx;
    RelayClient client;
    NoOutlet outlet;
    RequestScope scope;
    ToolCall call;
    core::TaskGroup::Handle handle;
    core::Event done;
    std::optional<ToolResult> result; ///< absent when done: cancelled
    std::optional<TaskRecord> record; ///< set once it is a task
    bool running = false;             ///< it was started
    bool given_up = false;            ///< this process stops; another one goes on
    bool abandoned = false;           ///< its request ended before it was a task
    bool unsettled = false;           ///< it ended, and the store could not be told
};

} // namespace protocol
