#include "core/crypto/random.hpp"
#include "core/log.hpp"
#include "protocol/erase_at_end.hpp"
#include "protocol/mcp_http_host.hpp"
#include "protocol/session_methods.hpp"
#include "protocol/sse.hpp"

/// The initialize era over HTTP: streams that can be come back to, questions to clients and their answers,
/// what reaches one replica and is meant for another.
namespace protocol {
namespace {

/// How often letters of other replicas are looked for, while something here waits for one.
constexpr std::chrono::milliseconds kCollect{500};
/// How often what other replicas saved is taken over.
constexpr std::chrono::seconds kRefresh{1};
constexpr std::chrono::seconds kKeep{60};

std::string answer_key(std::string const& id) {
    return "answer:" + id;
}
std::string cancel_key(std::string const& id) {
    return "cancel:" + id;
}

class StreamConnection {
public:
    StreamConnection(LegacyStream& stream, ReplyChannel& channel, std::uint64_t sequence)
        : stream_(stream), channel_(channel), ended_(stream.attach(channel, sequence)) {}
    StreamConnection(StreamConnection const&) = delete;
    StreamConnection& operator=(StreamConnection const&) = delete;
    ~StreamConnection() { stream_.detach(channel_); }

    /// The stream has no more to say, or another connection carries it.
    core::Event& ended() const noexcept { return *ended_; }

private:
    LegacyStream& stream_;
    ReplyChannel& channel_;
    std::shared_ptr<core::Event> ended_;
};

/// What the server announces, for the GET stream of a session.
class SessionEars final : public ChangeHub::Listener {
public:
    SessionEars(McpCore& core, Session session, LegacyStream& stream)
        : core_(core), session_(std::move(session)), stream_(stream) {
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
    Session session_;
    LegacyStream& stream_; ///< owns this
};

} // namespace

/// The session's own stream, while a connection carries it.
class McpHttp::StandalonePlace {
public:
    StandalonePlace(McpHttp& host, Session const& session, std::shared_ptr<LegacyStream> stream)
        : all_(host.standalone_), session_(session.id), stream_(std::move(stream)) {
        all_.insert_or_assign(session.id, Standalone(session, stream_));
    }
    StandalonePlace(StandalonePlace const&) = delete;
    StandalonePlace& operator=(StandalonePlace const&) = delete;
    ~StandalonePlace() {
        auto const it = all_.find(session_);
        // Not when another connection has taken the stream over, or another stream the place.
        if (it != all_.end() && it->second.stream == stream_ && !stream_->connected()) {
            all_.erase(it);
        }
    }

private:
    std::unordered_map<std::string, Standalone>& all_;
    std::string session_;
    std::shared_ptr<LegacyStream> stream_;
};

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
        standing == standalone_.end() ? nullptr : standing->second.stream;
    bool const resumes_call = stream && !stream->standing();
    // Whoever comes back for the very stream takes it over: its connection may be dead and not know it yet.
    if (!resumes_call && current && current != stream && current->connected()) {
        co_return refuse(409, "Conflict: this session has its stream already");
    }
    if (!stream) {
        stream = streams_.make(session.id, session.revision);
        stream->stand();
    }
    std::optional<StandalonePlace> own;
    if (!resumes_call) {
        own.emplace(*this, session, stream);
    }
    StreamConnection const connection(
        *stream, channel, event && event->stream == stream->id() ? event->sequence : 0);
    if (!channel.opened()) {
        channel.write(std::string(sse::keep_alive()));
    }
    if (!resumes_call) {
        // Subscriptions are kept in the store: load them before the first change.
        co_await core_.sessions().state(session);
        if (!stream->listening() && !stream->finished()) {
            stream->listen(std::make_unique<SessionEars>(core_, session, *stream));
        }
    }
    co_await connection.ended().wait(core::Deadline::never());
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
            key = answer_key(id);
            body = core::dump_json(message.params);
        } else if (message.method == "notifications/cancelled") {
            Json const* named = core::find(message.params, "requestId");
            auto const id = named != nullptr ? RequestId::from_json(*named) : std::nullopt;
            if (!id || cancel_call(session.id, id->text())) {
                continue;
            }
            key = cancel_key(id->text());
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
    follow_sessions(now);
    bool const waiting = !pending_.empty() || !calls_.empty();
    bool const due = collected_ == core::SteadyTime::min() || now - collected_ >= kCollect;
    if (waiting && due && !collecting_) {
        collected_ = now;
        collecting_ = true;
        group_.spawn("mcp.letters", collect_letters(this));
    }
}

/// What depends on a session's state here, while others change it; and a stream that is read is use.
void McpHttp::follow_sessions(core::SteadyTime now) {
    Sessions& sessions = core_.sessions();
    if (now - kept_ >= kKeep) {
        kept_ = now;
        for (auto const& [id, own] : standalone_) {
            sessions.keep(own.session);
        }
    }
    if (sessions.knows_states() && now - refreshed_ >= kRefresh && !refreshing_) {
        refreshed_ = now;
        refreshing_ = true;
        group_.spawn("mcp.session_states", refresh_states(this));
    }
}

core::Task<void> McpHttp::refresh_states(McpHttp* self) {
    co_await self->core_.sessions().refresh();
    self->refreshing_ = false;
}

core::Task<void> McpHttp::collect_letters(McpHttp* self) {
    std::vector<std::string> addresses;
    for (auto const& [id, pending] : self->pending_) {
        addresses.push_back(SessionLetter::address(pending->session, answer_key(id)));
    }
    for (auto const& [key, call] : self->calls_) {
        addresses.push_back(SessionLetter::address(call->session, cancel_key(call->id)));
    }
    auto letters = co_await self->core_.parts().sessions.collect(std::move(addresses));
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
