// The whole endpoint over the conformance fixtures: several requests of one client, each answered well,
// nothing left behind.
#include "fuzz.hpp"
#include "sse_reader.hpp"

#include "../conformance/fixtures.hpp"
#include "core/log.hpp"
#include "protocol/mcp_http.hpp"
#include "support/manual_clock.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>

#include <chrono>
#include <memory>

using fuzz::require;
using protocol::Json;

namespace {

namespace asio = boost::asio;

constexpr std::string_view kNextRequest = "\n====\n";
constexpr int kMostRequests = 6;
constexpr std::size_t kMostStreamed = 64U * 1024;
constexpr int kTurns = 24;

/// What a client keeps from one answer for the next request: `$session`, `$state`, `$task` stand for it.
class Memory {
public:
    std::string fill(std::string text) const {
        replace(text, "$session", session);
        replace(text, "$state", state);
        replace(text, "$task", task);
        return text;
    }

    std::string session = "none";
    std::string state = "none";
    std::string task = "none";

private:
    static void replace(std::string& text, std::string_view name, std::string const& value) {
        std::size_t const at = text.find(name);
        if (at != std::string::npos) {
            text.replace(at, name.size(), value);
        }
    }
};

class Channel final : public protocol::ReplyChannel {
public:
    bool write(std::string bytes) override {
        if (!writable()) {
            return false;
        }
        opened_ = true;
        written_ += bytes;
        return writable();
    }
    bool opened() const noexcept override { return opened_; }
    bool writable() const noexcept override { return !finished_ && written_.size() < kMostStreamed; }
    void finish() override { finished_ = true; }
    std::string const& written() const noexcept { return written_; }

private:
    std::string written_;
    bool opened_ = false;
    bool finished_ = false;
};

void check_message(Json const& message, Memory& memory) {
    require(core::find_string(message, "jsonrpc") == "2.0", "a message is JSON-RPC");
    if (Json const* const error = core::find_object(message, "error")) {
        auto const code = core::find_int(*error, "code");
        auto const words = core::find_string(*error, "message");
        require(code && words && !words->empty(), "an error has a code and words");
        // One fixture breaks down on purpose; everything else that does is a bug.
        require(code != protocol::rpc_code::internal_error || words == "The job broke down.",
                "nothing breaks down");
    }
    if (Json const* const result = core::find_object(message, "result")) {
        memory.state = core::find_string(*result, "requestState").value_or(memory.state);
        memory.task = core::find_string(*result, "taskId").value_or(memory.task);
    }
}

void check_json(std::string_view text, Memory& memory) {
    require(core::is_valid_utf8(text), "an answer is UTF-8");
    core::JsonLimits limits;
    limits.max_depth = 256;
    auto const json = core::parse_json(text, limits);
    require(json && !json->empty(), "an answer is JSON");
    if (!json->is_array()) {
        check_message(*json, memory);
        return;
    }
    for (Json const& message : *json) {
        check_message(message, memory);
    }
}

class Exchange {
public:
    Exchange()
        : sealer_(core::Sealer::ephemeral()), fixtures_(clock_, hub_),
          sessions_(protocol::make_memory_session_records(clock_)),
          tasks_(protocol::make_memory_task_store()),
          server_(protocol::make_mcp_server(
              fixtures_.features(*tasks_),
              protocol::ServerParts(
                  io_.get_executor(), clock_, sealer_, hub_, *sessions_, protocol::McpLimits()))),
          endpoint_(protocol::make_mcp_http_endpoint(*server_)) {
        fixtures_.attach(*server_);
        asio::co_spawn(io_, server_->tend(), asio::bind_cancellation_slot(tending_.slot(), asio::detached));
    }

    void send(fuzz::Request request) {
        core::HttpHeaders headers;
        for (auto const& [name, value] : request.headers.fields()) {
            headers.add(name, memory_.fill(std::string(value)));
        }
        core::Principal const caller("fuzz", "fuzz", core::Role::administrator);
        core::CallContext const ctx("fuzz", core::Deadline::never());
        Channel channel;
        auto const message = endpoint_->admit(request.method, headers, memory_.fill(request.body), caller);
        asio::cancellation_signal gone;
        std::optional<protocol::McpHttpReply> reply;
        bool ended = false;
        asio::co_spawn(io_,
                       endpoint_->run(*message, caller, ctx, channel),
                       asio::bind_cancellation_slot(
                           gone.slot(), [&](std::exception_ptr thrown, protocol::McpHttpReply answer) {
                               ended = true;
                               if (!thrown) {
                                   reply.emplace(std::move(answer));
                               }
                           }));
        turn_until([&] { return ended; });
        if (!ended) { // a listener, or a call that takes long: the client goes away
            asio::post(io_, [&] { gone.emit(asio::cancellation_type::terminal); });
            turn_until([&] { return ended; });
            require(ended, "a call ends when its client is gone");
        } else {
            require(reply.has_value(), "nothing is thrown at the front");
        }
        if (channel.opened()) {
            check_stream(channel);
        } else if (reply) {
            check_reply(*reply);
        }
    }

    void end() {
        bool stopped = false;
        asio::co_spawn(io_,
                       server_->stop(core::Deadline::in(clock_, std::chrono::milliseconds(100))),
                       [&](std::exception_ptr thrown) { stopped = !thrown; });
        turn_until([&] { return stopped; });
        require(stopped, "the server stops");
        asio::post(io_, [&] { tending_.emit(asio::cancellation_type::terminal); });
        turn_until([&] { return io_.stopped(); });
        require(io_.stopped(), "nothing is left behind");
        require(endpoint_->open_streams() == 0, "no stream is left open");
    }

private:
    template <class Condition>
    void turn_until(Condition condition) {
        for (int turn = 0; turn < kTurns; ++turn) {
            io_.restart();
            io_.poll();
            if (condition()) {
                return;
            }
            clock_.advance(std::chrono::milliseconds(100));
        }
    }

    void check_stream(Channel const& channel) {
        require(core::is_valid_utf8(channel.written()), "a stream is UTF-8");
        for (fuzz::Event const& event : fuzz::read_events(channel.written())) {
            if (!event.data.empty()) {
                check_json(event.data, memory_);
            }
        }
    }

    void check_reply(protocol::McpHttpReply const& reply) {
        require(reply.status >= 200 && reply.status < 500, "the status is ours to give");
        for (auto const& [name, value] : reply.headers.fields()) {
            require(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos,
                    "a field is one line");
        }
        memory_.session = reply.headers.get("Mcp-Session-Id").value_or(memory_.session);
        auto const type = reply.headers.get("Content-Type").value_or("");
        if (type == "application/json") {
            check_json(reply.body, memory_);
        } else if (type == "text/event-stream") {
            for (fuzz::Event const& event : fuzz::read_events(reply.body)) {
                if (!event.data.empty()) {
                    check_json(event.data, memory_);
                }
            }
        } else {
            require(reply.body.empty(), "a body has a type");
        }
    }

    asio::io_context io_{1};
    test::ManualClock clock_;
    core::Sealer sealer_;
    protocol::ChangeHub hub_;
    conformance::Fixtures fixtures_;
    std::unique_ptr<protocol::SessionRecords> sessions_;
    std::unique_ptr<protocol::TaskStore> tasks_;
    std::unique_ptr<protocol::McpServer> server_;
    std::unique_ptr<protocol::McpHttpEndpoint> endpoint_;
    asio::cancellation_signal tending_;
    Memory memory_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    static bool const quiet = [] {
        core::log::configure(core::log::Level::off, core::log::Format::text);
        return true;
    }();
    static_cast<void>(quiet);
    fuzz::Input input(data, size);
    Exchange exchange;
    for (int i = 0; i < kMostRequests && !input.rest().empty(); ++i) {
        std::string_view const piece = input.until(kNextRequest);
        exchange.send(fuzz::Request(fuzz::Input(piece)));
    }
    exchange.end();
    return 0;
}
