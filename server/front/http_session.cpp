#include "server/front/http_session.hpp"

#include "core/http/http_codec.hpp"
#include "core/log.hpp"
#include "server/front/cors.hpp"
#include "server/front/event_stream.hpp"
#include "server/front/http_target.hpp"
#include "server/front/request_stream.hpp"

#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <array>
#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <utility>

namespace server {
namespace {

namespace asio = boost::asio;

/// A body up to this size that nobody wants is read all the same, so that the connection can go on.
constexpr std::size_t kDiscardedBody = 64 * 1024;
/// For the orderly close, which waits for the peer's: closing on unread bytes (a refused upload) would reset
/// the connection, and the peer would lose the answer.
constexpr std::chrono::seconds kLinger{2};
constexpr std::size_t kLoggedPath = 256;
constexpr std::chrono::seconds kStreamLook{1};

HttpReply refuse(Problem const& problem, RouteMatch const& match) {
    return match.json_rpc ? rpc_problem_reply(problem) : problem_reply(problem);
}

/// What the reader of requests refused, with the key that sets the limit where it was one.
Problem unreadable(core::Error const& error) {
    Problem problem(error.status(), "malformed_request", error.message());
    if (error.status() == 413) {
        problem.code = "body_too_large";
        problem.fix = "The limit is limits.body_bytes in the configuration.";
    } else if (error.status() == 431) {
        problem.code = "head_too_large";
        problem.fix = "The limits are limits.head_bytes and limits.header_fields in the configuration.";
    }
    return problem;
}

std::string join_methods(std::vector<std::string> const& methods) {
    std::string list;
    for (std::string const& method : methods) {
        list.append(list.empty() ? "" : ", ").append(method);
    }
    return list;
}

/// One request on its way, for the access line.
class Exchange {
public:
    Exchange(core::HttpRequestHead head_, core::CallContext ctx_, core::SteadyTime started_)
        : head(std::move(head_)), ctx(std::move(ctx_)), started(started_) {}

    core::HttpRequestHead head;
    core::CallContext ctx;
    core::SteadyTime started;
    RequestTarget target;
    RouteMatch match;
    std::string principal;
    bool body_done = false; ///< nothing of this request is left on the wire
};

class Connection final : public RequestConnection, public SessionRegistry::Slow {
public:
    Connection(FrontSource const& fronts,
               std::unique_ptr<core::ByteStream> stream,
               SessionRegistry::Session& session)
        : fronts_(fronts), front_(fronts.current()), clock_(front_->clock), session_(session),
          peer_(stream->peer()), stream_(std::move(stream), clock_, front_->limits.head_ms, session) {
        core::HttpParseLimits limits;
        limits.head_bytes = front_->limits.head_bytes;
        limits.body_bytes = front_->limits.body_bytes;
        limits.header_fields = front_->limits.header_fields;
        reader_ = core::make_request_reader(stream_, limits);
    }

    core::Task<void> run() {
        bool again = true;
        while (again && !session_.draining()) {
            stream_.wait_for_head(fronts_.current()->limits.keep_alive_ms);
            front_.reset(); // waiting for the next request must not hold what a reload has put aside
            if (reader_->has_buffered()) {
                stream_.begin_head();
            }
            core::Result<std::optional<core::HttpRequestHead>> head = co_await reader_->read_head();
            session_.set_idle(false);
            front_ = fronts_.current();
            if (!head) {
                co_await refuse_head(head.error());
                co_return;
            }
            if (!*head) {
                break;
            }
            again = co_await exchange(std::move(**head));
        }
        front_.reset();
        stream_.set_deadline(core::Deadline::in(clock_, kLinger));
        co_await stream_.close();
    }

    void cancel_on_disconnect() noexcept override { cancel_on_disconnect_ = true; }

    protocol::ReplyChannel& events() override { return *events_; }

    void tick(core::SteadyTime now) override {
        if (peer_gone_) {
            return;
        }
        // A call is waited for, a stream is only kept: it need not be looked at as often.
        bool const due = !events_->opened() || now - last_look_ >= kStreamLook;
        if (due) {
            last_look_ = now;
            // One that closed only its own side still waits for a plain answer.
            peer_gone_ = (cancel_on_disconnect_ || events_->opened()) && stream_.peer_closed();
        }
        if (!peer_gone_) {
            events_->tick(now);
            return;
        }
        events_->peer_gone();
        if (cancel_on_disconnect_) {
            session_.cancel();
        }
    }

private:
    /// What could not be read as a request: answered when the peer can still be spoken to.
    core::Task<void> refuse_head(core::Error const& error) {
        if (error.kind() != core::ErrorKind::protocol || error.status() == 0) {
            core::log::debug("http.connection", {{"peer", peer_}, {"end", core::describe(error)}});
            stream_.abort();
            co_return;
        }
        core::HttpRequestHead nothing;
        nothing.keep_alive = false;
        Exchange failed(std::move(nothing),
                        core::CallContext(choose_request_id(core::HttpHeaders()), core::Deadline::never()),
                        clock_.now());
        HttpReply reply = problem_reply(unreadable(error));
        co_await send(failed, std::move(reply), false);
    }

    /// False when the connection is to be closed.
    core::Task<bool> exchange(core::HttpRequestHead head) {
        core::CallContext ctx(choose_request_id(head.headers),
                              core::Deadline::in(clock_, front_->limits.call_ms));
        ctx.traceparent = accept_traceparent(head.headers);
        Exchange current(std::move(head), std::move(ctx), clock_.now());

        HttpReply reply(500);
        std::string bug;
        bool aborted = false;
        auto make_head = [this, &current] { return stream_head(current); };
        EventStream events(stream_,
                           clock_,
                           front_->limits,
                           front_->writers,
                           std::move(make_head),
                           current.head.version >= 11);
        events_ = &events;
        cancel_on_disconnect_ = false;
        try {
            HttpReply answered = co_await answer(current);
            reply = std::move(answered);
        } catch (boost::system::system_error const& e) {
            aborted = e.code() == asio::error::operation_aborted;
            bug = e.what();
        } catch (std::exception const& e) {
            bug = e.what();
        }
        session_.set_slow(nullptr);
        // A handler may have taken its cancellation for an error of its own and answered.
        asio::cancellation_state const cancellation = co_await asio::this_coro::cancellation_state;
        if (events.opened()) {
            bool const cut =
                aborted || !bug.empty() || cancellation.cancelled() != asio::cancellation_type::none;
            // Not to be skipped when this coroutine was cancelled: the writer uses what is ours.
            co_await asio::this_coro::throw_if_cancelled(false);
            bool const open = co_await end_stream(current, std::move(reply), bug, cut);
            co_return open;
        }
        if (aborted || cancellation.cancelled() != asio::cancellation_type::none) {
            // The peer is gone, or the drain ran out of grace. An answer would say nothing true about what
            // the handler did.
            reply = HttpReply(kClientClosedRequest);
        } else if (!bug.empty()) {
            core::log::error("http.exception", {{"request_id", current.ctx.request_id}, {"what", bug}});
            Problem const problem(500, "internal", "The server failed in a way it should not have.");
            reply = refuse(problem, current.match);
        }
        if (reply.status == kClientClosedRequest) {
            stream_.abort();
            log_access(current, reply, reply.body.size());
            co_return false;
        }
        bool keep = current.head.keep_alive && bug.empty() && !lost_;
        if (keep && !current.body_done) {
            keep = co_await discard_body(current);
        }
        if (lost_) {
            stream_.abort();
            log_access(current, reply, reply.body.size());
            co_return false;
        }
        bool const open = co_await send(current, std::move(reply), keep);
        co_return open;
    }

    /// The head of a response that becomes an event stream.
    std::string stream_head(Exchange const& current) {
        HttpReply head(200);
        head.headers.set("Content-Type", "text/event-stream");
        head.headers.set("Cache-Control", "no-cache, no-transform");
        head.headers.set("X-Accel-Buffering", "no"); // nginx would hold events back
        add_common(current, head);
        bool const chunked = current.head.version >= 11;
        if (chunked) {
            head.headers.set("Transfer-Encoding", "chunked");
        }
        reader_->release_memory();
        return core::serialize_response_head(
            200, head.headers, std::nullopt, chunked && current.head.keep_alive && !session_.draining());
    }

    /// False when the connection is to be closed.
    core::Task<bool> end_stream(Exchange const& current, HttpReply reply, std::string const& bug, bool cut) {
        if (!bug.empty() && !peer_gone_) {
            core::log::error("http.exception", {{"request_id", current.ctx.request_id}, {"what", bug}});
        }
        if (cut) {
            stream_.abort(); // the peer must not take what there is for all of it
        }
        events_->finish();
        // Its writer has to end first, cancelled or not.
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        co_await events_->ended();
        co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
        co_await asio::this_coro::throw_if_cancelled(true);
        bool const complete = !cut && events_->complete();
        reply.status = complete ? 200 : kClientClosedRequest;
        reply.headers = core::HttpHeaders();
        log_access(current, reply, events_->bytes_written());
        if (!complete) {
            stream_.abort();
            co_return false;
        }
        co_return current.head.version >= 11 && current.head.keep_alive && !session_.draining();
    }

    /// Rules, gate and handler, in that order. Host and Origin come before anything that looks at what is
    /// asked.
    core::Task<HttpReply> answer(Exchange& current) {
        core::HttpHeaders const& headers = current.head.headers;
        std::optional<RequestTarget> target = split_target(current.head);
        if (!target) {
            co_return problem_reply(
                Problem(400, "invalid_target", "The request target is not a path on this host."));
        }
        current.target = std::move(*target);
        current.match = front_->routes.match(current.head.method, current.target.path);
        RouteMatch const& match = current.match;

        std::optional<Problem> barred =
            front_->hosts.check_host(headers, match.probe, current.head.version < 11);
        if (!barred && !match.for_every_page && (match.route == nullptr || !match.route->any_origin)) {
            barred = front_->hosts.check_origin(headers);
        }
        if (barred) {
            core::log::warn(
                "http.refused",
                {{"peer", peer_}, {"code", barred->code}, {"detail", barred->detail}, {"fix", barred->fix}});
            co_return refuse(*barred, match);
        }
        bool const whole_server = current.target.path == "*";
        if (current.head.method == "OPTIONS" && (whole_server || !match.allowed.empty())) {
            co_return options_reply(front_->hosts, headers, match.allowed, match.for_every_page);
        }
        if (match.allowed.empty()) {
            co_return problem_reply(Problem(404, "not_found", "There is nothing at this path."));
        }
        if (match.route == nullptr) {
            Problem problem(
                405, "method_not_allowed", "This path does not answer " + current.head.method + ".");
            problem.headers.add("Allow", join_methods(match.allowed) + ", OPTIONS");
            co_return refuse(problem, match);
        }

        InboundRequest request(
            match.route->method, current.target.path, current.target.query, headers, *this);
        request.parameters = match.parameters;
        if (match.route->role) {
            GateDecision decision =
                co_await front_->gate.check(headers, *match.route->role, peer_, current.ctx);
            if (decision.refusal) {
                co_return refuse(*decision.refusal, match);
            }
            request.principal = std::move(*decision.principal);
            current.principal = request.principal.id;
        }

        stream_.set_deadline(core::Deadline::in(clock_, front_->limits.body_ms));
        core::Result<std::string> body = co_await reader_->read_body();
        if (!body) {
            co_return body_refusal(body.error(), match);
        }
        current.body_done = true;
        request.body = std::move(*body);
        stream_.set_deadline(core::Deadline::never());
        peer_gone_ = false;
        session_.set_slow(this);
        HttpReply reply = co_await match.route->handler(request, current.ctx);
        co_return reply;
    }

    HttpReply body_refusal(core::Error const& error, RouteMatch const& match) {
        if (error.status() != 0) {
            return refuse(unreadable(error), match);
        }
        lost_ = true; // the stream is dead: nobody to answer
        return HttpReply(error.kind() == core::ErrorKind::timeout ? 408 : kClientClosedRequest);
    }

    /// After a refusal that did not need the body. False when it is too large to be worth reading, or could
    /// not be read.
    core::Task<bool> discard_body(Exchange& current) {
        core::HttpHeaders const& headers = current.head.headers;
        std::optional<std::size_t> const length = declared_length(headers);
        if (!length || *length > kDiscardedBody || headers.count("Expect") != 0) {
            co_return false;
        }
        stream_.set_deadline(core::Deadline::in(clock_, front_->limits.body_ms));
        core::Result<std::string> body = co_await reader_->read_body();
        if (!body) {
            lost_ = body.error().status() == 0;
            co_return false;
        }
        core::wipe(body->data(), body->size());
        current.body_done = true;
        co_return true;
    }

    void add_common(Exchange const& current, HttpReply& reply) const {
        reply.headers.set("Date", format_http_date(clock_.system_now()));
        reply.headers.set("X-Request-Id", current.ctx.request_id);
        reply.headers.set("X-Content-Type-Options", "nosniff");
        if (!reply.headers.get("Cache-Control")) {
            reply.headers.set("Cache-Control", "no-store");
        }
        add_cors(front_->hosts, current.head.headers, current.match.for_every_page, reply);
    }

    core::Task<bool> send(Exchange const& current, HttpReply reply, bool keep_alive) {
        bool const keep = keep_alive && !session_.draining();
        add_common(current, reply);

        bool const bodyless = reply.status == 204 || reply.status == 304;
        std::optional<std::size_t> const length = bodyless ? std::nullopt : std::optional(reply.body.size());
        std::string const head = core::serialize_response_head(reply.status, reply.headers, length, keep);
        bool const with_body = !bodyless && current.head.method != "HEAD";
        std::array<asio::const_buffer, 2> const buffers{
            asio::buffer(head), with_body ? asio::buffer(reply.body) : asio::const_buffer()};
        stream_.set_deadline(core::Deadline::in(clock_, front_->limits.write_ms));
        core::Result<void> const written = co_await stream_.write(buffers);
        log_access(current, reply, reply.body.size());
        if (!written) {
            core::log::info(
                "http.write",
                {{"request_id", current.ctx.request_id}, {"error", core::describe(written.error())}});
            stream_.abort();
            co_return false;
        }
        co_return keep;
    }

    void log_access(Exchange const& current, HttpReply const& reply, std::size_t bytes) const {
        bool const probe = current.match.probe;
        if (core::log::level() > (probe ? core::log::Level::debug : core::log::Level::info)) {
            return; // a dozen fields would be encoded for nothing, on every request
        }
        // Never the query, a header or a body: they hold what is nobody's business.
        auto const write = probe ? core::log::debug : core::log::info;
        std::chrono::nanoseconds const took = clock_.now() - current.started;
        write("http.access",
              {{"request_id", current.ctx.request_id},
               {"trace", current.ctx.traceparent},
               {"peer", peer_},
               {"method", current.head.method},
               {"path", std::string_view(current.target.path).substr(0, kLoggedPath)},
               {"status", reply.status},
               {"bytes", bytes},
               {"ms", took},
               {"principal", current.principal},
               {"rpc_method", reply.rpc_method},
               {"tool", reply.tool},
               {"failed", reply.failed}});
    }

    FrontSource const& fronts_;
    std::shared_ptr<HttpFront const> front_; ///< of the request under way, to its end
    core::Clock& clock_;
    SessionRegistry::Session& session_;
    std::string peer_;
    RequestStream stream_;
    std::unique_ptr<core::HttpRequestReader> reader_;
    bool lost_ = false; ///< the stream died under a request
    // Of the request under way.
    EventStream* events_ = nullptr;
    bool cancel_on_disconnect_ = false;
    bool peer_gone_ = false;
    core::SteadyTime last_look_{};
};

class OneFront final : public FrontSource {
public:
    explicit OneFront(HttpFront const& front) : front_(std::shared_ptr<void>(), &front) {}
    std::shared_ptr<HttpFront const> current() const override { return front_; }

private:
    std::shared_ptr<HttpFront const> front_; ///< owns nothing
};

} // namespace

core::Task<void> serve_http(FrontSource const& fronts,
                            std::unique_ptr<core::ByteStream> stream,
                            SessionRegistry::Session& session) {
    Connection connection(fronts, std::move(stream), session);
    co_await connection.run();
}

core::Task<void> serve_http(HttpFront const& front,
                            std::unique_ptr<core::ByteStream> stream,
                            SessionRegistry::Session& session) {
    OneFront const fronts(front);
    co_await serve_http(fronts, std::move(stream), session);
}

} // namespace server
