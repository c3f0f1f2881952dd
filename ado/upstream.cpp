#include "ado/upstream.hpp"

#include "ado/error_body.hpp"
#include "core/log.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace ado {
namespace {

namespace asio = core::asio;
using core::HttpResponse;
using core::Result;

/// Why this result says that the host is out of order; nullopt: it is not, or nothing is said about it.
std::optional<std::string> outage_in(Result<HttpResponse> const& result) {
    if (!result) {
        core::ErrorKind const kind = result.error().kind();
        bool const lost = kind == core::ErrorKind::network || kind == core::ErrorKind::timeout;
        return lost ? std::optional(result.error().message()) : std::nullopt;
    }
    switch (result->status) {
    case 500: {
        // With an explanation it is an answer to this one request.
        ErrorBody const body = read_error_body(result->body, {});
        if (!body.is_html && !body.message.empty()) {
            return std::nullopt;
        }
        break;
    }
    case 503:
        if (result->body.find("TF24668") != std::string::npos) {
            return std::nullopt; // the organization is stopped, the host is not
        }
        break;
    case 502:
    case 504:
        break;
    default:
        return std::nullopt;
    }
    return "HTTP " + std::to_string(result->status);
}

/// One caller's place among those who wait. The last one who leaves before the end, ends the read.
class Waiting {
public:
    Waiting(SharedReads& reads, std::size_t key, SharedRead& flight) noexcept
        : reads_(reads), key_(key), flight_(flight) {
        ++flight_.waiting;
    }
    ~Waiting() {
        if (--flight_.waiting == 0 && !flight_.result) {
            reads_.remove(key_, flight_);
            flight_.cancel.emit(asio::cancellation_type::terminal);
        }
    }
    Waiting(Waiting const&) = delete;
    Waiting& operator=(Waiting const&) = delete;

private:
    SharedReads& reads_;
    std::size_t key_;
    SharedRead& flight_;
};

/// The read ended by the deadline of the caller who began it, which says nothing to those who have more time.
bool is_of_its_deadline(core::Error const& error, SharedRead const& flight, core::CallContext const& ctx) {
    bool const timely = error.kind() == core::ErrorKind::timeout ||
                        error.kind() == core::ErrorKind::rate_limited ||
                        error.kind() == core::ErrorKind::cancelled;
    return timely && flight.ctx.deadline.time() < ctx.deadline.time();
}

core::Error out_of_time(core::HttpRequest const& request) {
    return core::Error(core::ErrorKind::timeout,
                       request.url.origin.host + ": no answer in the time this call had")
        .with_code("no_answer_in_time")
        .with_fix("Try again; if it stays, ask for less at a time.");
}

} // namespace

Upstream::Upstream(std::string organization,
                   core::HttpClient& http,
                   Throttle& throttle,
                   core::Clock& clock,
                   core::RetryRule retry)
    : organization_(std::move(organization)), http_(http), throttle_(throttle),
      kept_(throttle.weak_from_this().lock()), clock_(clock), retry_(std::move(retry)) {}

void Upstream::settle(Throttle::Admission& admission, Result<HttpResponse> const& result, Lane lane) const {
    std::optional<std::string> cause = outage_in(result);
    if (cause) {
        std::string const reason = *cause;
        if (admission.failed(std::move(*cause), lane.host)) {
            core::log::warn("ado.circuit_open",
                            {{"organization", organization_}, {"host", lane.host}, {"reason", reason}});
        }
    } else if (result && admission.answered()) {
        core::log::info("ado.circuit_closed", {{"organization", organization_}, {"host", lane.host}});
    }
}

core::Task<Result<HttpResponse>>
Upstream::send(core::HttpRequest const& request, Lane lane, core::CallContext const& ctx) {
    std::optional<Result<HttpResponse>> before;
    for (int attempt = 1;; ++attempt) {
        std::optional<std::chrono::milliseconds> pause;
        {
            Result<Throttle::Admission> admission = co_await throttle_.enter(ctx, lane);
            if (!admission) {
                // What Azure DevOps answered says more than that it is not asked again.
                if (before) {
                    co_return std::move(*before);
                }
                co_return core::fail(std::move(admission.error()));
            }
            Result<HttpResponse> result = co_await http_.send(request, ctx);
            if (result) {
                throttle_.observe(result->headers, lane.identity, result->status);
            }
            if (!admission->is_probe()) {
                pause = retry_.pause_after(result, request.idempotent, attempt, ctx.deadline);
            }
            if (!pause) {
                settle(*admission, result, lane);
                co_return result;
            }
            before.emplace(std::move(result));
        }
        std::chrono::milliseconds const span = *pause;
        co_await clock_.sleep_for(span);
        auto const cancellation = co_await asio::this_coro::cancellation_state;
        if (cancellation.cancelled() != asio::cancellation_type::none) {
            co_return std::move(*before);
        }
    }
}

core::Task<void> Upstream::fly(std::shared_ptr<Upstream> self, std::shared_ptr<SharedRead> flight) {
    try {
        Result<HttpResponse> result = co_await self->send(flight->request, flight->lane(), flight->ctx);
        flight->result.emplace(std::move(result));
    } catch (std::exception const& e) {
        bool const left = flight->waiting == 0;
        if (!left) {
            core::log::error("ado.read_failed", {{"organization", self->organization_}, {"what", e.what()}});
        }
        flight->result.emplace(core::fail(left ? core::ErrorKind::cancelled : core::ErrorKind::internal,
                                          "an internal error stopped a request to Azure DevOps"));
    }
    self->reads_.remove(SharedReads::key_of(flight->request), *flight);
    flight->done.set();
}

core::Task<Result<HttpResponse>>
Upstream::read(core::HttpRequest request, Lane lane, core::CallContext const& ctx) {
    std::size_t const key = SharedReads::key_of(request);
    for (;;) {
        std::shared_ptr<SharedRead> flight = reads_.find(key, request, lane);
        bool const own = flight == nullptr;
        if (own) {
            flight = std::make_shared<SharedRead>(std::move(request), lane, ctx);
            reads_.add(key, flight);
            auto const executor = co_await asio::this_coro::executor;
            // Keeps the flight, whose signal the handler's slot belongs to.
            auto ended = [flight](std::exception_ptr) {};
            asio::co_spawn(executor,
                           fly(shared_from_this(), flight),
                           asio::bind_cancellation_slot(flight->cancel.slot(), std::move(ended)));
        }
        Waiting const waiting(reads_, key, *flight);
        // One's own read ends at one's deadline by itself, and knows what it was waiting for.
        bool const done = co_await flight->done.wait(own ? core::Deadline::never() : ctx.deadline);
        if (!done) {
            auto const state = co_await asio::this_coro::cancellation_state;
            bool const cancelled = state.cancelled() != asio::cancellation_type::none;
            if (cancelled) {
                co_return core::fail(core::ErrorKind::cancelled, "cancelled while waiting for Azure DevOps");
            }
            co_return core::fail(out_of_time(flight->request));
        }
        Result<HttpResponse>& result = *flight->result;
        if (!result && !own && is_of_its_deadline(result.error(), *flight, ctx)) {
            continue;
        }
        if (flight->waiting == 1) {
            co_return std::move(result);
        }
        co_return result;
    }
}

} // namespace ado
