#include "protocol/erase_at_end.hpp"
#include "protocol/mcp_http_host.hpp"
#include "protocol/session_methods.hpp"
#include "protocol/sse.hpp"

/// The initialize era over HTTP: sessions and their streams.
namespace protocol {

namespace {

McpHttpReply accepted() {
    McpHttpReply reply;
    reply.status = 202;
    return reply;
}

McpHttpReply session_gone(RequestId const& id) {
    return refusal_reply(HttpRefusal(
        404, RpcFault(id, RpcError(rpc_code::session_not_found, "Session not found: initialize anew"))));
}

} // namespace

/// The stream of one POST, opened by the first thing that has to be said on it.
class SessionOutlet final : public Outlet {
public:
    SessionOutlet(McpHttp& host, Session const& session, ReplyChannel& channel, bool takes_events)
        : host_(host), session_(session), channel_(channel), takes_events_(takes_events) {}
    SessionOutlet(SessionOutlet const&) = delete;
    SessionOutlet& operator=(SessionOutlet const&) = delete;
    ~SessionOutlet() override {
        if (stream_) {
            stream_->detach(channel_);
        }
    }

    void notify(std::string message) override {
        if (open()) {
            stream_->send(message);
        }
    }
    core::Task<core::Result<Json>>
    ask(std::string_view method, Json params, core::CallContext const& ctx) override {
        if (!open()) {
            core::Error unable(core::ErrorKind::invalid_argument,
                               "This needs an answer from the person or the host, and the client accepts no "
                               "event stream to ask on.");
            co_return core::fail(std::move(unable).with_code("client_cannot_be_asked"));
        }
        std::shared_ptr<LegacyStream> const stream = stream_;
        core::Task<core::Result<Json>> asking = host_.ask(session_, *stream, method, std::move(params), ctx);
        core::Result<Json> answer = co_await std::move(asking);
        co_return answer;
    }
    void release() override {
        if (session_.revision >= Revision::v2025_11_25 && open()) {
            stream_->release();
        }
    }
    void stretch() override { open(); }

    bool opened() const noexcept { return stream_ != nullptr; }
    /// Empty bodies are not sent: the call was cancelled.
    void close(std::vector<std::string> const& bodies) {
        for (std::string const& body : bodies) {
            if (!body.empty()) {
                stream_->send(body);
            }
        }
        stream_->finish();
    }

private:
    bool open() {
        if (!takes_events_) {
            return false;
        }
        if (!stream_) {
            stream_ = host_.streams_.make(session_.id, session_.revision);
            stream_->attach(channel_, 0);
            if (!channel_.opened()) {
                channel_.write(std::string(sse::keep_alive())); // the head has to go out
            }
        }
        return true;
    }

    McpHttp& host_;
    Session const& session_;
    ReplyChannel& channel_;
    bool takes_events_;
    std::shared_ptr<LegacyStream> stream_;
};

core::Task<McpHttpReply> McpHttp::run_session(AdmittedMessage& message,
                                              core::Principal const& caller,
                                              core::CallContext const& ctx,
                                              ReplyChannel& channel) {
    if (message.session && !core_.sessions().touch_at_once(*message.session)) {
        bool const alive = co_await core_.sessions().touch(*message.session);
        if (!alive) {
            co_return session_gone(message.messages.empty() ? RequestId() : message.messages.front().id);
        }
    }
    switch (message.kind) {
    case AdmittedMessage::Kind::stream:
        co_return co_await run_stream(message, caller, channel);
    case AdmittedMessage::Kind::remove: {
        streams_.end_session(message.session->id);
        auto const revoked = co_await core_.sessions().revoke(*message.session, caller);
        McpHttpReply reply;
        reply.status = revoked ? 204 : 503;
        reply.rpc_method = "DELETE";
        co_return reply;
    }
    case AdmittedMessage::Kind::told: {
        McpHttpReply reply = accepted();
        reply.rpc_method = std::string(McpCore::known_method(message.messages.front().method));
        co_await hear(*message.session, std::move(message.messages));
        co_return reply;
    }
    default:
        break;
    }
    co_return co_await run_requests(message, caller, ctx, channel);
}

core::Task<McpHttpReply> McpHttp::run_requests(AdmittedMessage& message,
                                               core::Principal const& caller,
                                               core::CallContext const& ctx,
                                               ReplyChannel& channel) {
    static Session const no_session;
    Session const& session = message.session ? *message.session : no_session;
    SessionOutlet outlet(*this, session, channel, message.takes_events && message.session);
    RequestScope scope(message.revision, caller, ctx, message.features, outlet);
    McpHttpReply reply;
    std::vector<std::string> bodies;
    std::vector<RpcMessage> heard;
    for (RpcMessage& request : message.messages) {
        if (request.kind != MessageKind::request) {
            heard.push_back(std::move(request));
            continue;
        }
        describe(request, reply);
        if (core_.features().logging && message.session && request.method == "tools/call") {
            SessionState const state = co_await core_.sessions().state(session);
            scope.log_level = state.log_level.value_or(LogLevel::info);
        }
        RpcReply answer = co_await run_one(request, scope, message.session ? &session : nullptr);
        reply.failed = reply.failed || answer.failed;
        bodies.push_back(std::move(answer.body));
    }
    if (!heard.empty()) {
        co_await hear(session, std::move(heard));
    }
    if (outlet.opened()) {
        outlet.close(bodies);
        co_return reply;
    }
    std::erase_if(bodies, [](std::string const& body) { return body.empty(); });
    if (bodies.empty()) {
        McpHttpReply cancelled = accepted();
        cancelled.rpc_method = std::move(reply.rpc_method);
        cancelled.tool = std::move(reply.tool);
        co_return cancelled;
    }
    reply.headers = headers_of(message.form);
    if (!message.new_session.empty()) {
        reply.headers.add("Mcp-Session-Id", message.new_session);
    }
    if (message.form == ReplyForm::event_stream) {
        for (std::string const& body : bodies) {
            reply.body += sse::event(body);
        }
    } else if (message.batch) {
        for (std::string const& body : bodies) {
            reply.body += reply.body.empty() ? '[' : ',';
            reply.body += body;
        }
        reply.body += ']';
    } else {
        reply.body = std::move(bodies.front());
    }
    co_return reply;
}

core::Task<RpcReply>
McpHttp::run_one(RpcMessage& request, RequestScope const& scope, Session const* session) {
    if (session != nullptr && is_session_method(core_, request.method)) {
        co_return co_await session_method(request, *session);
    }
    if (auto quick = core_.answer_at_once(request, scope.revision)) {
        co_return std::move(*quick);
    }
    std::string const of_session = session != nullptr ? session->id : std::string();
    std::string const id = request.id.text();
    std::string const key = call_key(of_session, id);
    auto running = std::make_shared<RunningCall>(of_session, id);
    std::optional<RpcReply> reply;
    std::function<void(core::TaskGroup::Handle)> started =
        [this, &key, &running](core::TaskGroup::Handle handle) {
            running->handle = std::move(handle);
            calls_[key] = running;
        };
    core::Task<void> work = run_cancellable(request, scope, reply);
    core::Task<bool> inside = group_.run_inside("mcp.call", std::move(work), std::move(started));
    EraseAtEnd const at_end(calls_, key, running);
    co_await std::move(inside);
    if (running->cancelled) {
        co_return RpcReply(std::string(), 0, false); // whatever it came to all the same
    }
    if (reply) {
        co_return std::move(*reply);
    }
    co_return failure(request.id, RpcError(rpc_code::internal_error, "Internal error"));
}

core::Task<void>
McpHttp::run_cancellable(RpcMessage& request, RequestScope const& scope, std::optional<RpcReply>& reply) {
    core::Task<RpcReply> work = core_.handle(request, scope);
    RpcReply answer = co_await std::move(work);
    reply.emplace(std::move(answer));
}

core::Task<RpcReply> McpHttp::session_method(RpcMessage const& request, Session const& session) {
    SessionState state = co_await core_.sessions().kept_state(session);
    RpcReply reply = apply_session_method(core_, request, state);
    if (!reply.failed) {
        core::Result<void> const saved = co_await core_.sessions().save_state(session, state);
        if (!saved) {
            co_return failure(request.id, RpcError(rpc_code::internal_error, "Internal error"));
        }
    }
    co_return reply;
}

} // namespace protocol
