#pragma once

#include "core/task_group.hpp"
#include "protocol/http_binding.hpp"
#include "protocol/legacy_streams.hpp"
#include "protocol/listen_stream.hpp"
#include "protocol/mcp_core.hpp"
#include "protocol/mcp_http.hpp"
#include "protocol/outlet.hpp"
#include "protocol/stream_place.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

/// What the HTTP endpoint is made of; only mcp_http*.cpp include this.
namespace protocol {

/// What was admitted, of one of these kinds.
class AdmittedMessage final : public McpHttpEndpoint::Admitted {
public:
    enum class Kind {
        settled,  ///< `reply` is all
        requests, ///< one, or a batch
        listen,   ///< subscriptions/listen
        stream,   ///< GET of a session
        remove,   ///< DELETE of a session
        told,     ///< notifications and answers of a session: 202
    };

    AdmittedMessage(Kind kind_, Revision revision_) : kind(kind_), revision(revision_) {}

    bool cancel_on_disconnect() const noexcept override {
        return is_modern(revision) || kind == Kind::stream;
    }
    bool is_call() const noexcept override { return kind == Kind::requests; }

    Kind kind;
    Revision revision;
    std::optional<McpHttpReply> reply;
    std::vector<RpcMessage> messages;
    bool batch = false;
    ReplyForm form = ReplyForm::json;
    bool takes_events = true;
    ClientFeatures features;
    std::optional<LogLevel> log_level;
    std::optional<Session> session;
    std::string last_event_id;
    std::string new_session; ///< id that initialize hands out
};

using AdmittedPtr = std::unique_ptr<McpHttpEndpoint::Admitted>;

core::HttpHeaders headers_of(ReplyForm form);
McpHttpReply refusal_reply(HttpRefusal const& refusal, std::string_view method = {});

/// How a call under way is found by its session and id.
inline std::string call_key(std::string const& session, std::string const& id) {
    return session + "\n" + id;
}

class McpHttp final : public McpHttpEndpoint {
public:
    explicit McpHttp(McpCore& core);

    AdmittedPtr admit(std::string const& method,
                      core::HttpHeaders const& headers,
                      std::string body,
                      core::Principal const& caller) override;
    core::Task<McpHttpReply> run(Admitted& message,
                                 core::Principal const& caller,
                                 core::CallContext const& ctx,
                                 ReplyChannel& channel) override;
    void end_streams() override;
    core::Task<void> wait() override { return group_.wait(); }
    std::size_t open_streams() const noexcept override;

private:
    friend class SessionOutlet;
    /// A request to a client, on its way.
    class Pending {
    public:
        explicit Pending(std::string session_) : session(std::move(session_)) {}
        std::string session;
        core::Event answered;
        Json outcome; ///< {"result"} or {"error"}
    };

    /// A session's own stream (GET), carried by a connection.
    class Standalone {
    public:
        Standalone(Session session_, std::shared_ptr<LegacyStream> stream_)
            : session(std::move(session_)), stream(std::move(stream_)) {}
        Session session;
        std::shared_ptr<LegacyStream> stream; ///< shared with those that can come back to it
    };
    class StandalonePlace;

    /// A call of a session, which only the client's word ends early.
    class RunningCall {
    public:
        RunningCall(std::string session_, std::string id_)
            : session(std::move(session_)), id(std::move(id_)) {}
        std::string session;
        std::string id; ///< JSON text
        core::TaskGroup::Handle handle;
        bool cancelled = false;
    };

    // Admission (mcp_http.cpp)
    AdmittedPtr admit_modern(core::HttpHeaders const& headers, RpcMessage message, ReplyForm form) const;
    AdmittedPtr admit_legacy(core::HttpHeaders const& headers,
                             RpcMessage message,
                             ReplyForm form,
                             core::Principal const& caller);
    AdmittedPtr admit_initialize(core::HttpHeaders const& headers,
                                 RpcMessage message,
                                 ReplyForm form,
                                 core::Principal const& caller);
    AdmittedPtr
    admit_batch(core::HttpHeaders const& headers, Json batch, ReplyForm form, core::Principal const& caller);
    AdmittedPtr admit_bodyless(std::string const& method,
                               core::HttpHeaders const& headers,
                               core::Principal const& caller);
    tl::expected<Session, HttpRefusal>
    session_of(core::HttpHeaders const& headers, RequestId const& id, core::Principal const& caller) const;
    void describe(RpcMessage const& request, McpHttpReply& reply) const;

    // 2026-07-28 (mcp_http.cpp)
    core::Task<McpHttpReply> run_modern(AdmittedMessage& message,
                                        core::Principal const& caller,
                                        core::CallContext const& ctx,
                                        ReplyChannel& channel);
    core::Task<McpHttpReply> run_listen(AdmittedMessage& message,
                                        core::Principal const& caller,
                                        core::CallContext const& ctx,
                                        ReplyChannel& channel);

    // Sessions (mcp_http_session.cpp)
    core::Task<McpHttpReply> run_session(AdmittedMessage& message,
                                         core::Principal const& caller,
                                         core::CallContext const& ctx,
                                         ReplyChannel& channel);
    core::Task<McpHttpReply> run_requests(AdmittedMessage& message,
                                          core::Principal const& caller,
                                          core::CallContext const& ctx,
                                          ReplyChannel& channel);
    core::Task<RpcReply> run_one(RpcMessage& request, RequestScope const& scope, Session const* session);
    core::Task<void>
    run_cancellable(RpcMessage& request, RequestScope const& scope, std::optional<RpcReply>& reply);
    core::Task<RpcReply> session_method(RpcMessage const& request, Session const& session);
    core::Task<McpHttpReply>
    run_stream(AdmittedMessage& message, core::Principal const& caller, ReplyChannel& channel);
    core::Task<void> hear(Session const& session, std::vector<RpcMessage> messages);
    bool deliver(std::string const& session, std::string const& id, Json& outcome);
    bool cancel_call(std::string const& session, std::string const& id);
    core::Task<core::Result<Json>> ask(Session const& session,
                                       LegacyStream& stream,
                                       std::string_view method,
                                       Json params,
                                       core::CallContext const& ctx);
    void tick();
    void follow_sessions(core::SteadyTime now);
    static core::Task<void> refresh_states(McpHttp* self);
    static core::Task<void> collect_letters(McpHttp* self);

    McpCore& core_;
    LegacyStreams streams_;
    core::TaskGroup group_;
    StreamPlace::Counts stream_counts_;
    std::unordered_set<ListenStream*> listens_;
    std::unordered_map<std::string, Standalone> standalone_;              ///< by session
    std::unordered_map<std::string, std::shared_ptr<Pending>> pending_;   ///< by id of our request
    std::unordered_map<std::string, std::shared_ptr<RunningCall>> calls_; ///< by session and request id
    core::SteadyTime collected_ = core::SteadyTime::min();
    bool collecting_ = false;
    core::SteadyTime kept_{};
    core::SteadyTime refreshed_{};
    bool refreshing_ = false;
};

} // namespace protocol
