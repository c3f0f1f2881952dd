#pragma once

#include "protocol/mcp_http.hpp"
#include "support/fake_tool.hpp"
#include "support/manual_clock.hpp"
#include "support/recording_channel.hpp"
#include "support/requests.hpp"
#include "support/run_coro.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace test {

/// What outlives one server process, or is shared by several: time, keys, records. `loop` runs them all.
class World {
public:
    Loop loop;
    ManualClock clock;
    core::Sealer sealer = core::Sealer::ephemeral();
    std::unique_ptr<protocol::SessionRecords> records = protocol::make_memory_session_records(clock);
    std::unique_ptr<protocol::TaskStore> tasks = protocol::make_memory_task_store();
};

class EndpointFixture;

/// One exchange under way. When it goes it is cancelled if it still runs, and everything it sent is compared
/// with the official schema.
class Exchange {
public:
    Exchange(EndpointFixture& fixture,
             std::string method,
             HeaderList headers,
             std::string body,
             core::Principal caller);
    ~Exchange();
    Exchange(Exchange const&) = delete;
    Exchange& operator=(Exchange const&) = delete;

    bool done() const noexcept { return running_.done(); }
    /// Waits for the end. The body is empty when the answer went onto the channel.
    protocol::McpHttpReply reply();
    /// What the peer's going away does, as the front does it.
    void hang_up();
    bool threw_cancelled();
    bool cancels_on_disconnect() const noexcept { return admitted_->cancel_on_disconnect(); }
    bool is_call() const noexcept { return admitted_->is_call(); }

    /// The messages of the event stream so far; comments and priming events are none.
    std::vector<Json> messages() const;
    /// The message a plain reply holds, or the last one of the stream.
    Json answer();

    RecordingChannel channel;

private:
    friend class EndpointFixture;
    EndpointFixture& fixture_;
    HeaderList headers_;
    Json request_;
    core::Principal caller_;
    core::CallContext ctx_;
    std::unique_ptr<protocol::McpHttpEndpoint::Admitted> admitted_;
    Loop::Spawned<protocol::McpHttpReply> running_;
    std::optional<protocol::McpHttpReply> reply_;
    bool cancelled_ = false;
};

/// A server with four tools: `echo` (text and structured twin of its arguments), `fail` (is_error with
/// structured content left in), `crash` (throws), `route` (asks for the header Mcp-Param-Region); `setup`
/// adds more. Messages of the initialize era without Mcp-Session-Id get a session of the revision their
/// version header names (2025-03-26 without one), unless `open_sessions` is off. Every message the server
/// sends is compared with the official schema of its revision.
class EndpointFixture {
public:
    using Setup = std::function<void(protocol::ServerFeatures&, protocol::McpLimits&)>;
    explicit EndpointFixture(Setup const& setup = {});
    EndpointFixture(std::shared_ptr<World> world_, Setup const& setup);
    ~EndpointFixture();
    EndpointFixture(EndpointFixture const&) = delete;
    EndpointFixture& operator=(EndpointFixture const&) = delete;

    std::unique_ptr<Exchange> start(HeaderList headers,
                                    std::string body,
                                    std::string const& method = "POST",
                                    core::Principal const& who = caller());
    std::unique_ptr<Exchange> start(HeaderList headers, Json const& body);
    protocol::McpHttpReply
    exchange(HeaderList const& headers, std::string body, std::string const& method = "POST");
    protocol::McpHttpReply exchange(HeaderList const& headers, Json const& body);
    /// A 2026-07-28 request, all headers right.
    protocol::McpHttpReply ask_modern(Json const& request);
    std::unique_ptr<Exchange> start_modern(Json const& request, core::Principal const& who = caller());
    /// tools/call of a tool, all headers right.
    protocol::McpHttpReply call_modern(std::string const& tool, Json arguments, HeaderList extra = {});

    /// A new session: the value of its Mcp-Session-Id.
    std::string open_session(Revision revision,
                             Json capabilities = Json::object(),
                             core::Principal const& who = caller());
    /// A session that was opened elsewhere.
    void know(std::string const& session, Revision revision) { revisions_.emplace(session, revision); }
    /// Headers of a message of that session; the version header is there from 2025-06-18 on.
    HeaderList in_session(std::string const& session) const;
    std::unique_ptr<Exchange> get(std::string const& session, std::string const& last_event_id = {});

    /// Time passes; what is due runs, the server's own looks after things included.
    void advance(std::chrono::milliseconds span);
    void poll() { world->loop.poll(); }

    std::shared_ptr<World> world; ///< shared with other servers of the test
    FakeTool echo;
    FakeTool fail;
    FakeTool crash;
    FakeTool route;
    protocol::ChangeHub hub;
    protocol::McpLimits limits;
    std::unique_ptr<protocol::McpServer> server;
    std::unique_ptr<protocol::McpHttpEndpoint> endpoint;
    bool open_sessions = true;
    Json capabilities = Json::object(); ///< of the sessions it opens by itself

private:
    friend class Exchange;
    HeaderList with_session(HeaderList headers, Json const& request, std::string const& method);
    void note_request(HeaderList const& headers, Json const& request);
    void check(Exchange const& exchange);
    void check_message(HeaderList const& headers, Json const& request, Json const& message);
    Revision revision_of(HeaderList const& headers, Json const& request) const;

    std::map<Revision, std::string> own_sessions_;
    std::map<std::string, Revision> revisions_;  ///< of sessions, by their ids
    std::map<std::string, std::string> methods_; ///< of requests, by session and id
    std::optional<Loop::Spawned<void>> tending_;
};

} // namespace test
