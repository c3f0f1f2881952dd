#include "core/crypto/random.hpp"
#include "core/log.hpp"
#include "protocol/erase_at_end.hpp"
#include "protocol/mcp_http_host.hpp"
#include "protocol/session_methods.hpp"
#include "protocol/sse.hpp"

#include <algorithm>

/// The initialize era over HTTP: streams that can be come back to, questions to clients and their answers,
/// what reaches one replica and is meant for another.
namespace protocol {
namespace {

/// How often letters of other replicas are looked for, while something here waits for one.
constexpr std::chrono::milliseconds kCollect{500};

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
    bool const resumes_call = stream && !stream->standing();
    if (!resumes_call && current && current->connected()) {
        co_return refuse(409, "Conflict: this session has its stream already");
    }
    if (!stream) {
        stream = streams_.make(session.id, session.revision);
        stream->stand();
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
            std::string const id = message.id.text();
            if (deliver(session.id, id, message.params)) {
                continue;
            }
            key = "answer:" + id;
            body = core::dump_json(message.params);
        } else if (message.method == "notifications/cancelled") {
            Json const* named = core::find(message.params, "requestId");
            auto const id = named != nullptr ? RequestId::from_json(*named) : std::nullopt;
            if (!id || cancel_call(session.id, id->text())) {
                continue;
            }
            key = "cancel:" + id->text();
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
    std::string const key = id.text();
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
