#include "protocol/mcp_http.hpp"

#include "protocol/mcp_http_host.hpp"
#include "protocol/sse.hpp"

namespace protocol {
namespace {

/// Frames without ids: nothing is replayed in 2026-07-28.
class PlainOutlet final : public Outlet {
public:
    PlainOutlet(ReplyChannel& channel, bool takes_events) : channel_(channel), takes_events_(takes_events) {}

    void notify(std::string message) override {
        if (takes_events_) {
            channel_.write(sse::event(message));
        }
    }
    core::Task<core::Result<Json>> ask(std::string_view, Json, core::CallContext const&) override {
        co_return core::fail(core::ErrorKind::internal, "2026-07-28 has no requests to clients");
    }
    void release() override {}
    void stretch() override {
        if (takes_events_ && !channel_.opened()) {
            channel_.write(std::string(sse::keep_alive()));
        }
    }

private:
    ReplyChannel& channel_;
    bool takes_events_;
};

/// Among the streams that a drain ends.
class Registered {
public:
    Registered(std::unordered_set<ListenStream*>& all, ListenStream& listen) : all_(all), listen_(&listen) {
        all_.insert(listen_);
    }
    Registered(Registered const&) = delete;
    Registered& operator=(Registered const&) = delete;
    ~Registered() { all_.erase(listen_); }

private:
    std::unordered_set<ListenStream*>& all_;
    ListenStream* listen_;
};

} // namespace

core::HttpHeaders headers_of(ReplyForm form) {
    core::HttpHeaders headers;
    if (form == ReplyForm::json) {
        headers.add("Content-Type", "application/json");
    } else {
        headers.add("Content-Type", "text/event-stream");
        headers.add("Cache-Control", "no-cache, no-transform");
        headers.add("X-Accel-Buffering", "no");
    }
    return headers;
}

McpHttpReply refusal_reply(HttpRefusal const& refusal, std::string_view method) {
    McpHttpReply reply;
    reply.status = refusal.status;
    reply.headers = headers_of(ReplyForm::json);
    if (refusal.status == 405) {
        reply.headers.add("Allow", "GET, POST, DELETE");
    }
    reply.body = error_response(refusal.fault.id, refusal.fault.error);
    reply.rpc_method = std::string(McpCore::known_method(method));
    reply.failed = true;
    return reply;
}

McpHttp::McpHttp(McpCore& core)
    : core_(core), streams_(core.parts().limits, core.parts().clock), group_(core.parts().executor) {
    core_.on_tick([this] { tick(); });
}

/// For logs and metrics: only names this server knows, so that callers cannot invent labels.
void McpHttp::describe(RpcMessage const& request, McpHttpReply& reply) const {
    reply.rpc_method = std::string(McpCore::known_method(request.method));
    if (request.method == "tools/call") {
        auto const catalogue = core_.catalogue();
        RegisteredTool const* tool =
            catalogue->tools.find(core::find_string(request.params, "name").value_or(""));
        reply.tool = tool != nullptr ? tool->handler->descriptor().name : std::string();
    }
}

core::Task<McpHttpReply> McpHttp::run(Admitted& admitted,
                                      core::Principal const& caller,
                                      core::CallContext const& ctx,
                                      ReplyChannel& channel) {
    auto& message = static_cast<AdmittedMessage&>(admitted); // this class makes all of them
    if (message.reply) {
        co_return std::move(*message.reply);
    }
    if (message.kind == AdmittedMessage::Kind::listen) {
        co_return co_await run_listen(message, caller, ctx, channel);
    }
    if (is_modern(message.revision)) {
        co_return co_await run_modern(message, caller, ctx, channel);
    }
    co_return co_await run_session(message, caller, ctx, channel);
}

core::Task<McpHttpReply> McpHttp::run_modern(AdmittedMessage& message,
                                             core::Principal const& caller,
                                             core::CallContext const& ctx,
                                             ReplyChannel& channel) {
    RpcMessage& request = message.messages.front();
    McpHttpReply reply;
    describe(request, reply);
    PlainOutlet outlet(channel, message.takes_events);
    RequestScope scope(message.revision, caller, ctx, message.features, outlet);
    scope.log_level = core_.features().logging ? message.log_level : std::nullopt;
    RpcReply answer = co_await core_.handle(request, scope);
    reply.failed = answer.failed;
    if (channel.opened()) {
        channel.write(sse::event(answer.body));
        co_return reply;
    }
    if (answer.error_code != 0) {
        reply.status = status_of_error(answer.error_code, message.revision);
    }
    bool const events = reply.status == 200 && message.form == ReplyForm::event_stream;
    reply.headers = headers_of(events ? ReplyForm::event_stream : ReplyForm::json);
    reply.body = events ? sse::event(answer.body) : std::move(answer.body);
    co_return reply;
}

core::Task<McpHttpReply> McpHttp::run_listen(AdmittedMessage& message,
                                             core::Principal const& caller,
                                             core::CallContext const& ctx,
                                             ReplyChannel& channel) {
    RpcMessage const& request = message.messages.front();
    auto const refuse = [&request](int status, RpcError error) {
        return refusal_reply(HttpRefusal(status, RpcFault(request.id, std::move(error))), request.method);
    };
    if (!message.takes_events) {
        co_return refuse(
            406, RpcError(rpc_code::transport, "Not acceptable: Accept must allow text/event-stream"));
    }
    PlainOutlet outlet(channel, true);
    RequestScope scope(message.revision, caller, ctx, message.features, outlet);
    auto filter = SubscriptionFilter::read(request.params, core_);
    if (!filter) {
        co_return refuse(200, filter.error());
    }
    if (auto missing = co_await keep_own_tasks(*filter, core_, scope)) {
        co_return refuse(400, std::move(*missing));
    }
    std::size_t const most = core_.parts().limits.streams_per_principal;
    auto const held = stream_counts_.find(caller.id);
    if (held != stream_counts_.end() && held->second >= most) {
        co_return refuse(429,
                         RpcError(rpc_code::overloaded,
                                  "Too many open streams of this caller (limits.mcp_streams_per_principal)"));
    }
    StreamPlace const place(stream_counts_, caller.id);
    bool const nothing = filter->empty();
    ListenStream listen(core_, request.id, std::move(*filter), outlet);
    listen.acknowledge();
    if (!nothing) {
        Registered const registered(listens_, listen);
        co_await listen.ended().wait(core::Deadline::never());
    }
    channel.write(sse::event(listen.closing_response()));
    McpHttpReply reply;
    reply.rpc_method = request.method;
    co_return reply;
}

void McpHttp::end_streams() {
    for (ListenStream* listen : listens_) {
        listen->end();
    }
    for (auto const& [session, own] : standalone_) {
        own.stream->finish();
    }
}

std::size_t McpHttp::open_streams() const noexcept {
    return listens_.size() + standalone_.size();
}

std::unique_ptr<McpHttpEndpoint> make_mcp_http_endpoint(McpServer& server) {
    return std::make_unique<McpHttp>(static_cast<McpCore&>(server)); // make_mcp_server makes all of them
}

} // namespace protocol
