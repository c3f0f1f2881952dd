#include "core/crypto/random.hpp"
#include "core/log.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/mcp_http_host.hpp"
#include "protocol/render.hpp"
#include "protocol/session_methods.hpp"
#include "protocol/sse.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>

/// The initialize era over HTTP: sessions and their streams.
namespace protocol {

namespace asio = boost::asio;

namespace {

/// How often letters of other replicas are looked for, while something here waits for one.
constexpr std::chrono::milliseconds kCollect{500};

std::string id_text(RequestId const& id) {
    std::string text;
    id.append_to(text);
    return text;
}

std::string call_key(std::string const& session, std::string const& id) {
    return session + "\n" + id;
}

McpHttpReply accepted() {
    McpHttpReply reply;
    reply.status = 202;
    return reply;
}

McpHttpReply session_gone(RequestId const& id) {
    return refusal_reply(HttpRefusal(
        404, RpcFault(id, RpcError(rpc_code::session_not_found, "Session not found: initialize anew"))));
}

/// Takes a map's entry out when its scope ends.
template <class Map>
class EraseAtEnd {
public:
    EraseAtEnd(Map& map, std::string key, typename Map::mapped_type value)
        : map_(map), key_(std::move(key)), value_(std::move(value)) {}
    EraseAtEnd(EraseAtEnd const&) = delete;
    EraseAtEnd& operator=(EraseAtEnd const&) = delete;
    ~EraseAtEnd() {
        auto const it = map_.find(key_);
        if (it != map_.end() && same(it->second, value_)) {
            map_.erase(it); // not one that took its place
        }
    }

private:
    template <class T>
    static bool same(std::shared_ptr<T> const& a, std::shared_ptr<T> const& b) {
        return a == b;
    }
    template <class T>
    static bool same(std::weak_ptr<T> const& a, std::weak_ptr<T> const& b) {
        return a.lock() == b.lock();
    }

    Map& map_;
    std::string key_;
    typename Map::mapped_type value_;
};

class StreamConnection {
public:
    StreamConnection(LegacyStream& stream, ReplyChannel& channel) : stream_(stream), channel_(channel) {}
    StreamConnection(StreamConnection const&) = delete;
    StreamConnection& operator=(StreamConnection const&) = delete;
    ~StreamConnection() { stream_.detach(channel_); }

private:
    LegacyStream& stream_;
    ReplyChannel& channel_;
};

/// What the server announces, for the GET stream of a session.
class SessionEars final : public ChangeHub::Listener {
public:
    SessionEars(McpCore& core, Session const& session, LegacyStream& stream)
        : core_(core), session_(session), stream_(stream) {
        core_.parts().hub.add(*this);
    }
    SessionEars(SessionEars const&) = delete;
    SessionEars& operator=(SessionEars const&) = delete;
    ~SessionEars() override { core_.parts().hub.remove(*this); }

    void changed(ChangeEvent const& event) override {
        if (is_told(core_, core_.sessions().known_state(session_), event)) {
            stream_.send(change_notification(event, {}));
        }
    }

private:
    McpCore& core_;
    Session const& session_;
    LegacyStream& stream_;
};

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
    if (!message.batch && bodies.front().empty()) {
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
    std::string const key = call_key(session != nullptr ? session->id : std::string(), id_text(request.id));
    auto running = std::make_shared<RunningCall>(session != nullptr ? session->id : std::string());
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
    if (reply) {
        co_return std::move(*reply);
    }
    if (running->cancelled) {
        co_return RpcReply(std::string(), 0, false);
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
    SessionState state = co_await core_.sessions().state(session);
    RpcReply reply = apply_session_method(core_, request, state);
    if (!reply.failed) {
        core::Result<void> const saved = co_await core_.sessions().save_state(session, state);
        if (!saved) {
            co_return failure(request.id, RpcError(rpc_code::internal_error, "Internal error"));
        }
    }
    co_return reply;
}

core::Task<McpHttpReply>
McpHttp::run_stream(AdmittedMessage& message, core::Principal const& caller, ReplyChannel& channel) {
    Session const& session = *message.session;
    McpHttpReply reply;
    reply.rpc_method = "GET";
    auto const refuse = [](int status, std::string text) {
        McpHttpReply refused = refusal_reply(
            HttpRefusal(status, RpcFault(RequestId(), RpcError(rpc_code::transport, std::move(text)))));
        refused.rpc_method = "GET";
        return refused;
    };
    auto const held = stream_counts_.find(caller.id);
    if (held != stream_counts_.end() && held->second >= core_.parts().limits.streams_per_principal) {
        co_return refuse(429, "Too many open streams of this caller (limits.mcp_streams_per_principal)");
    }
    StreamPlace const place(stream_counts_, caller.id);
    auto const event = sse::EventId::parse(message.last_event_id);
    std::shared_ptr<LegacyStream> stream = event ? streams_.find(event->stream, session.id) : nullptr;
    auto const standing = standalone_.find(session.id);
    std::shared_ptr<LegacyStream> const current =
        standing == standalone_.end() ? nullptr : standing->second.lock();
    bool const resumes_call = stream && stream != current;
    if (!resumes_call && current && current->connected()) {
        co_return refuse(409, "Conflict: this session has its stream already");
    }
    if (!stream) {
        stream = streams_.make(session.id, session.revision);
    }
    StreamConnection const connection(*stream, channel);
    stream->attach(channel, event && event->stream == stream->id() ? event->sequence : 0);
    if (!channel.opened()) {
        channel.write(std::string(sse::keep_alive()));
    }
    if (resumes_call) {
        co_await stream->done().wait(core::Deadline::never());
        co_return reply;
    }
    // Subscriptions are kept in the store: load them before the first change.
    co_await core_.sessions().state(session);
    standalone_[session.id] = stream;
    EraseAtEnd const at_end(standalone_, session.id, std::weak_ptr<LegacyStream>(stream));
    SessionEars const ears(core_, session, *stream);
    co_await stream->done().wait(core::Deadline::never());
    co_return reply;
}

core::Task<void> McpHttp::hear(Session const& session, std::vector<RpcMessage> messages) {
    for (RpcMessage& message : messages) {
        std::string key;
        std::string body;
        if (message.kind == MessageKind::response) {
            std::string const id = id_text(message.id);
            if (deliver(session.id, id, message.params)) {
                continue;
            }
            key = "answer:" + id;
            body = core::dump_json(message.params);
        } else if (message.method == "notifications/cancelled") {
            Json const* named = core::find(message.params, "requestId");
            auto const id = named != nullptr ? RequestId::from_json(*named) : std::nullopt;
            if (!id || cancel_call(session.id, id_text(*id))) {
                continue;
            }
            key = "cancel:" + id_text(*id);
        } else {
            continue; // initialized, progress, roots: nothing here depends on them
        }
        // What it belongs to may run on another replica; late ones find nobody and are forgotten.
        SessionLetter letter(session.id, std::move(key), std::move(body));
        auto const left = co_await core_.parts().sessions.leave(std::move(letter));
        if (!left) {
            core::log::warn("mcp.letter", {{"error", core::describe(left.error())}});
        }
    }
}

bool McpHttp::deliver(std::string const& session, std::string const& id, Json& outcome) {
    auto const it = pending_.find(id);
    if (it == pending_.end() || it->second->session != session) {
        return false;
    }
    it->second->outcome = std::move(outcome);
    it->second->answered.set();
    pending_.erase(it);
    return true;
}

bool McpHttp::cancel_call(std::string const& session, std::string const& id) {
    auto const it = calls_.find(call_key(session, id));
    if (it == calls_.end()) {
        return false;
    }
    std::shared_ptr<RunningCall> const call = it->second;
    call->cancelled = true;
    call->handle.cancel();
    return true;
}

core::Task<core::Result<Json>> McpHttp::ask(Session const& session,
                                            LegacyStream& stream,
                                            std::string_view method,
                                            Json params,
                                            core::CallContext const& /*ctx*/) {
    RequestId const id("ado-mcpd:" + core::random_uuid());
    std::string const key = id_text(id);
    auto pending = std::make_shared<Pending>(session.id);
    pending_[key] = pending;
    EraseAtEnd const at_end(pending_, key, pending);
    stream.send(client_request(key, method, params));
    core::Deadline const patience =
        core::Deadline::in(core_.parts().clock, core_.parts().limits.client_answer);
    bool const answered = co_await pending->answered.wait(patience);
    if (!answered) {
        co_return core::fail(client_silent());
    }
    co_return client_outcome(std::move(pending->outcome));
}

void McpHttp::tick() {
    streams_.prune();
    core::SteadyTime const now = core_.parts().clock.now();
    bool const waiting = !pending_.empty() || !calls_.empty();
    bool const due = collected_ == core::SteadyTime::min() || now - collected_ >= kCollect;
    if (waiting && due && !collecting_) {
        collected_ = now;
        collecting_ = true;
        group_.spawn("mcp.letters", collect_letters(this));
    }
}

core::Task<void> McpHttp::collect_letters(McpHttp* self) {
    std::vector<std::string> sessions;
    for (auto const& [id, pending] : self->pending_) {
        sessions.push_back(pending->session);
    }
    for (auto const& [key, call] : self->calls_) {
        sessions.push_back(call->session);
    }
    std::sort(sessions.begin(), sessions.end());
    sessions.erase(std::unique(sessions.begin(), sessions.end()), sessions.end());
    auto letters = co_await self->core_.parts().sessions.collect(std::move(sessions));
    if (letters) {
        for (SessionLetter const& letter : *letters) {
            std::string const id = letter.key.substr(letter.key.find(':') + 1);
            if (letter.key.starts_with("answer:")) {
                auto outcome = core::parse_json(letter.body, core::JsonLimits());
                if (outcome) {
                    self->deliver(letter.session, id, *outcome);
                }
            } else {
                self->cancel_call(letter.session, id);
            }
        }
    }
    self->collecting_ = false;
}

} // namespace protocol
