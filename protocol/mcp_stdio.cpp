#include "protocol/mcp_stdio.hpp"

#include "core/async.hpp"
#include "core/crypto/random.hpp"
#include "core/task_group.hpp"
#include "protocol/envelope.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/listen_stream.hpp"
#include "protocol/mcp_core.hpp"
#include "protocol/outlet.hpp"
#include "protocol/session_methods.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace protocol {
namespace {

RpcFault fault(RequestId id, int code, std::string message) {
    return RpcFault(std::move(id), RpcError(code, std::move(message)));
}

class StdioEndpoint final : public McpStdioEndpoint, private ChangeHub::Listener {
public:
    StdioEndpoint(McpCore& core, LineSink& sink, core::Principal caller, StdioLimits limits)
        : core_(core), sink_(sink), caller_(std::move(caller)), limits_(limits),
          group_(core.parts().executor) {
        core_.parts().hub.add(*this);
    }
    StdioEndpoint(StdioEndpoint const&) = delete;
    StdioEndpoint& operator=(StdioEndpoint const&) = delete;
    ~StdioEndpoint() override { core_.parts().hub.remove(*this); }

    void receive(std::string line) override;
    void refuse_long_line(std::size_t limit) override {
        refuse(fault({},
                     rpc_code::invalid_request,
                     "Invalid request: a line is longer than " + std::to_string(limit) + " bytes"));
    }
    core::Task<void> finish(core::Deadline deadline) override;

private:
    /// A request under way; owns what it works on.
    class Running final : public Outlet {
    public:
        Running(StdioEndpoint& owner, RpcMessage message_, Revision revision, core::CallContext ctx_)
            : owner_(owner), message(std::move(message_)), ctx(std::move(ctx_)), id(message.id),
              scope(revision, owner.caller_, ctx, ClientFeatures(), *this) {}
        Running(Running const&) = delete;
        Running& operator=(Running const&) = delete;

        void notify(std::string text) override {
            if (!cancelled) {
                owner_.sink_.write(std::move(text));
            }
        }
        core::Task<core::Result<Json>>
        ask(std::string_view method, Json params, core::CallContext const&) override {
            return owner_.ask(std::string(method), std::move(params));
        }
        void release() override {}
        void stretch() override {}

    private:
        StdioEndpoint& owner_;

    public:
        RpcMessage message;
        core::CallContext ctx;
        RequestId id;
        RequestScope scope;
        core::TaskGroup::Handle handle;
        ListenStream* listen = nullptr;
        bool cancelled = false;
    };
    class Pending {
    public:
        core::Event answered;
        Json outcome;
    };
    class Batch {
    public:
        std::vector<std::string> answers;
        std::size_t outstanding = 0;
    };

    void refuse(RpcFault const& refused) { sink_.write(error_response(refused.id, refused.error)); }
    void take(RpcMessage message, std::shared_ptr<Batch> batch);
    void take_batch(Json batch);
    void take_notification(RpcMessage const& message);
    void start_modern(RpcMessage message);
    void start_legacy(RpcMessage message, std::shared_ptr<Batch> batch);
    void initialize(RpcMessage const& message);
    std::shared_ptr<Running> start(RpcMessage message, Revision revision);
    void answer(std::string body, std::shared_ptr<Batch> const& batch);
    core::Task<void> run(std::shared_ptr<Running> running, std::shared_ptr<Batch> batch);
    core::Task<void> run_listen(std::shared_ptr<Running> running);
    core::Task<core::Result<Json>> ask(std::string method, Json params);
    void changed(ChangeEvent const& event) override;

    McpCore& core_;
    LineSink& sink_;
    core::Principal caller_;
    StdioLimits limits_;
    core::TaskGroup group_;
    std::unordered_map<std::string, std::shared_ptr<Running>> running_; ///< by request id
    std::unordered_map<std::string, std::shared_ptr<Pending>> pending_; ///< by id of our request
    // The session of the initialize era.
    std::optional<Revision> revision_;
    ClientFeatures features_;
    SessionState state_;
};

void StdioEndpoint::receive(std::string line) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) {
        return;
    }
    core::JsonLimits json_limits;
    json_limits.max_bytes = std::numeric_limits<std::size_t>::max(); // the transport caps lines
    json_limits.max_depth = core_.parts().limits.json_depth;
    json_limits.max_string_bytes = core_.parts().limits.string_bytes;
    auto json = core::parse_json(line, json_limits);
    if (!json) {
        refuse(fault({}, rpc_code::parse_error, "Parse error: " + json.error().message()));
        return;
    }
    if (json->is_array()) {
        take_batch(std::move(*json));
        return;
    }
    auto message = read_message(std::move(*json));
    if (!message) {
        refuse(message.error());
        return;
    }
    take(std::move(*message), nullptr);
}

void StdioEndpoint::take(RpcMessage message, std::shared_ptr<Batch> batch) {
    if (message.kind == MessageKind::response) {
        auto const it = pending_.find(message.id.text());
        if (it != pending_.end()) {
            it->second->outcome = std::move(message.params);
            it->second->answered.set();
            pending_.erase(it);
        }
        return;
    }
    if (message.kind == MessageKind::notification) {
        take_notification(message);
        return;
    }
    if (running_.contains(message.id.text())) {
        RpcError const error(rpc_code::invalid_request,
                             "Invalid request: a request with this id is under way");
        answer(error_response(message.id, error), batch);
        return;
    }
    if (running_.size() >= limits_.requests) {
        RpcError const error(rpc_code::overloaded,
                             "Too many requests in flight: " + std::to_string(limits_.requests));
        answer(error_response(message.id, error), batch);
        return;
    }
    if (claims_modern_era(message.params)) {
        start_modern(std::move(message));
    } else {
        start_legacy(std::move(message), std::move(batch));
    }
}

void StdioEndpoint::take_batch(Json batch) {
    if (revision_ != Revision::v2025_03_26 || batch.empty() || batch.size() > core_.parts().limits.batch) {
        refuse(fault({},
                     rpc_code::invalid_request,
                     "Invalid request: an array of messages is part of revision 2025-03-26 only, 1 to " +
                         std::to_string(core_.parts().limits.batch) + " of them"));
        return;
    }
    std::vector<RpcMessage> messages;
    auto shared = std::make_shared<Batch>();
    for (Json& item : batch) {
        auto message = read_message(std::move(item));
        if (!message || message->method == "initialize" || claims_modern_era(message->params)) {
            refuse(fault({},
                         rpc_code::invalid_request,
                         "Invalid request: a message of the batch is malformed or must not be in one"));
            return;
        }
        shared->outstanding += message->kind == MessageKind::request ? 1U : 0U;
        messages.push_back(std::move(*message));
    }
    for (RpcMessage& message : messages) {
        take(std::move(message), shared);
    }
}

void StdioEndpoint::take_notification(RpcMessage const& message) {
    if (message.method != "notifications/cancelled") {
        return;
    }
    Json const* named = core::find(message.params, "requestId");
    auto const id = named != nullptr ? RequestId::from_json(*named) : std::nullopt;
    auto const it = id ? running_.find(id->text()) : running_.end();
    if (it != running_.end()) {
        std::shared_ptr<Running> const running = it->second;
        running->cancelled = true; // nothing more is said of it
        running->handle.cancel();
    }
}

std::shared_ptr<StdioEndpoint::Running> StdioEndpoint::start(RpcMessage message, Revision revision) {
    core::CallContext ctx(core::random_uuid(), core::Deadline::in(core_.parts().clock, limits_.call));
    auto running = std::make_shared<Running>(*this, std::move(message), revision, std::move(ctx));
    running_[running->id.text()] = running;
    return running;
}

void StdioEndpoint::start_modern(RpcMessage message) {
    auto envelope = read_envelope(message.params);
    if (!envelope) {
        refuse(RpcFault(message.id, envelope.error()));
        return;
    }
    auto const revision = parse_revision(envelope->version);
    if (!revision || !is_modern(*revision)) {
        refuse(RpcFault(message.id, unsupported_version(envelope->version)));
        return;
    }
    if (message.method == "tools/call") {
        auto const name = core::find_string(message.params, "name");
        auto const catalogue = core_.catalogue();
        RegisteredTool const* tool = name ? catalogue->tools.find(*name) : nullptr;
        auto missing =
            tool != nullptr
                ? undeclared_capabilities(tool->handler->descriptor().required_capabilities, message.params)
                : std::nullopt;
        if (missing) {
            refuse(RpcFault(message.id, std::move(*missing)));
            return;
        }
    }
    bool const listens = message.method == "subscriptions/listen" && core_.announces();
    auto running = start(std::move(message), *revision);
    running->scope.features = envelope->features;
    running->scope.log_level = core_.features().logging ? envelope->log_level : std::nullopt;
    running->handle = group_.spawn("mcp.stdio", listens ? run_listen(running) : run(running, nullptr));
}

void StdioEndpoint::initialize(RpcMessage const& message) {
    auto const asked = core::find_string(message.params, "protocolVersion");
    if (revision_ || !asked) {
        refuse(fault(message.id,
                     revision_ ? rpc_code::invalid_request : rpc_code::invalid_params,
                     revision_ ? "Invalid request: this process is initialized already"
                               : "Invalid params: params.protocolVersion must be a string"));
        return;
    }
    revision_ = negotiate_legacy(*asked);
    Json const* capabilities = core::find_object(message.params, "capabilities");
    features_ = ClientFeatures::of(capabilities != nullptr ? *capabilities : Json::object(), *revision_);
    if (auto const reply = core_.answer_at_once(message, *revision_)) {
        sink_.write(reply->body);
    }
}

void StdioEndpoint::start_legacy(RpcMessage message, std::shared_ptr<Batch> batch) {
    if (message.method == "initialize") {
        initialize(message);
        return;
    }
    Revision const revision = revision_.value_or(kLatestLegacyRevision);
    auto quick = core_.answer_at_once(message, revision);
    if (revision_ && is_session_method(core_, message.method)) {
        quick = apply_session_method(core_, message, state_);
    }
    bool const known = !quick || quick->error_code != rpc_code::method_not_found;
    if (!revision_ && known && message.method != "ping") {
        // Probes for methods that do not exist get their -32601 all the same, and at once.
        refuse(fault(message.id,
                     rpc_code::invalid_request,
                     "Invalid request: initialize first, or send the _meta of 2026-07-28"));
        return;
    }
    if (quick) {
        answer(std::move(quick->body), batch);
        return;
    }
    auto running = start(std::move(message), revision);
    running->scope.features = features_;
    if (core_.features().logging) {
        running->scope.log_level = state_.log_level.value_or(LogLevel::info);
    }
    running->handle = group_.spawn("mcp.stdio", run(running, std::move(batch)));
}

void StdioEndpoint::answer(std::string body, std::shared_ptr<Batch> const& batch) {
    if (!batch) {
        if (!body.empty()) {
            sink_.write(std::move(body));
        }
        return;
    }
    if (!body.empty()) {
        batch->answers.push_back(std::move(body));
    }
    if (--batch->outstanding != 0 || batch->answers.empty()) {
        return;
    }
    std::string line;
    for (std::string const& one : batch->answers) {
        line += line.empty() ? '[' : ',';
        line += one;
    }
    sink_.write(line + "]");
}

core::Task<void> StdioEndpoint::run(std::shared_ptr<Running> running, std::shared_ptr<Batch> batch) {
    // Whatever happens, its place is free afterwards and a batch is not kept waiting.
    std::string body = error_response(running->id, RpcError(rpc_code::internal_error, "Internal error"));
    bool cancelled = false;
    try {
        core::Task<RpcReply> work = core_.handle(running->message, running->scope);
        RpcReply reply = co_await std::move(work);
        body = std::move(reply.body);
    } catch (std::exception const&) {
        cancelled = running->cancelled;
    }
    running_.erase(running->id.text());
    answer(cancelled || running->cancelled ? std::string() : std::move(body), batch);
}

core::Task<void> StdioEndpoint::run_listen(std::shared_ptr<Running> running) {
    std::string const key = running->id.text();
    auto filter = SubscriptionFilter::read(running->message.params, core_);
    std::optional<RpcError> refused = filter ? std::nullopt : std::optional<RpcError>(filter.error());
    if (!refused) {
        refused = co_await keep_own_tasks(*filter, core_, running->scope);
    }
    if (refused) {
        running_.erase(key);
        refuse(RpcFault(running->id, std::move(*refused)));
        co_return;
    }
    bool const nothing = filter->empty();
    ListenStream listen(core_, running->id, std::move(*filter), *running);
    running->listen = &listen;
    listen.acknowledge();
    if (!nothing) {
        co_await core::asio::this_coro::throw_if_cancelled(false);
        co_await listen.ended().wait(core::Deadline::never());
    }
    running->listen = nullptr;
    running_.erase(key);
    if (running->cancelled) {
        co_return;
    }
    if (!nothing) {
        // One page of the specification asks for this, another for the response: both, in this order.
        sink_.write(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" + key +
                    "}}");
    }
    sink_.write(listen.closing_response());
}

core::Task<core::Result<Json>> StdioEndpoint::ask(std::string method, Json params) {
    std::string const key = RequestId("ado-mcpd:" + core::random_uuid()).text();
    auto pending = std::make_shared<Pending>();
    pending_[key] = pending;
    sink_.write(client_request(key, method, params));
    core::Deadline const patience =
        core::Deadline::in(core_.parts().clock, core_.parts().limits.client_answer);
    bool const answered = co_await pending->answered.wait(patience);
    pending_.erase(key);
    if (!answered) {
        co_return core::fail(client_silent());
    }
    co_return client_outcome(std::move(pending->outcome));
}

void StdioEndpoint::changed(ChangeEvent const& event) {
    if (revision_ && is_told(core_, &state_, event)) {
        sink_.write(change_notification(event, {}));
    }
}

core::Task<void> StdioEndpoint::finish(core::Deadline deadline) {
    for (auto const& [id, running] : running_) {
        if (running->listen != nullptr) {
            running->listen->end();
        }
    }
    core::Clock& clock = core_.parts().clock;
    while (!running_.empty() && !deadline.passed(clock.now())) {
        co_await clock.sleep_for(std::chrono::milliseconds(10));
    }
    group_.cancel_all();
    co_await group_.wait();
}

} // namespace

std::unique_ptr<McpStdioEndpoint>
make_mcp_stdio_endpoint(McpServer& server, LineSink& sink, core::Principal caller, StdioLimits limits) {
    return std::make_unique<StdioEndpoint>(static_cast<McpCore&>(server), sink, std::move(caller), limits);
}

} // namespace protocol
