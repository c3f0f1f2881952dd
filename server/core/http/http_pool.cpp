#include "core/http/connector.hpp"
#include "core/http/http_client.hpp"
#include "core/http/http_connection.hpp"
#include "core/http/idle_connections.hpp"
#include "core/task_group.hpp"

#include <map>
#include <utility>

namespace core {
namespace {

/// A permit is the right to use one connection, idle or new: leased and idle ones together never exceed the
/// cap, because a new one is opened only when none is idle.
struct OriginPool {
    explicit OriginPool(HttpPoolLimits const& limits)
        : places(limits.connections_per_origin, limits.queue_per_origin), idle(limits.idle) {}

    Semaphore places;
    IdleConnections<HttpConnection> idle;
};

/// Shared with the requests in flight and the reaper, which may end after the client.
struct PoolState {
    PoolState(asio::any_io_executor executor_, Clock& clock_, HttpPoolLimits limits_)
        : executor(std::move(executor_)), clock(clock_), limits(limits_), background(executor) {}

    std::shared_ptr<OriginPool> pool_of(Origin const& origin) {
        auto it = origins.find(origin);
        if (it == origins.end()) {
            it = origins.emplace(origin, std::make_shared<OriginPool>(limits)).first;
        }
        return it->second;
    }

    std::optional<SteadyTime> next_expiry() const {
        std::optional<SteadyTime> next;
        for (auto const& [origin, pool] : origins) {
            auto const expiry = pool->idle.next_expiry();
            if (expiry && (!next || *expiry < *next)) {
                next = expiry;
            }
        }
        return next;
    }

    void expire() {
        SteadyTime const now = clock.now();
        for (auto it = origins.begin(); it != origins.end();) {
            it->second->idle.expire(now);
            bool const unused = it->second->idle.size() == 0 && it->second.use_count() == 1;
            it = unused ? origins.erase(it) : std::next(it);
        }
    }

    asio::any_io_executor executor;
    Clock& clock;
    HttpPoolLimits limits;
    std::map<Origin, std::shared_ptr<OriginPool>> origins;   ///< a pool is shared with its requests in flight
    std::shared_ptr<int> counted = std::make_shared<int>(0); ///< every open connection holds it
    TaskGroup background;                                    ///< the reaper
    bool reaping = false;
    bool closed = false;
};

/// Ends idle connections when their time has come; runs only while there are any.
Task<void> reap(std::weak_ptr<PoolState> weak, Clock* clock) {
    while (true) {
        std::optional<SteadyTime> next;
        if (std::shared_ptr<PoolState> const state = weak.lock(); state && !state->closed) {
            state->expire();
            next = state->next_expiry();
        }
        if (!next) {
            break;
        }
        SteadyTime const when = *next;
        co_await clock->sleep_until(when);
    }
    if (std::shared_ptr<PoolState> const state = weak.lock()) {
        state->reaping = false;
    }
}

void keep_idle(std::shared_ptr<PoolState> const& state,
               OriginPool& pool,
               std::unique_ptr<HttpConnection> connection) {
    if (state->closed) {
        return;
    }
    pool.idle.put(std::move(connection), state->clock.now());
    if (!state->reaping) {
        state->reaping = true;
        state->background.spawn("http.reaper", reap(state, &state->clock));
    }
}

/// Counts an exchange with an upstream, however it ends.
class Traced {
public:
    Traced(CallTrace& trace, Clock const& clock) : trace_(trace), clock_(clock), started_(clock.now()) {
        ++trace_.upstream_requests;
    }
    ~Traced() { trace_.upstream_time += clock_.now() - started_; }
    Traced(Traced const&) = delete;
    Traced& operator=(Traced const&) = delete;

private:
    CallTrace& trace_;
    Clock const& clock_;
    SteadyTime started_;
};

/// What a reader can do about a connection that could not be made, or broke, or carried nonsense.
Error with_advice(Error error, Origin const& origin) {
    bool const lost = error.kind() == ErrorKind::network;
    bool const malformed = error.kind() == ErrorKind::protocol;
    if ((!lost && !malformed && error.kind() != ErrorKind::timeout) || !error.fix().empty()) {
        return error;
    }
    if (malformed) {
        if (error.code().empty()) {
            static_cast<void>(std::move(error).with_code("malformed_answer"));
        }
        return std::move(error).with_fix(
            "Try again; if it stays, look at what lies between this machine and " + origin.authority() +
            " (gateway, proxy).");
    }
    if (error.code().empty()) {
        char const* const when_lost = error.not_sent() ? "unreachable" : "connection_lost";
        static_cast<void>(std::move(error).with_code(lost ? when_lost : "no_answer_in_time"));
    }
    return std::move(error).with_fix("Try again; if it stays, check that this machine reaches " +
                                     origin.authority() + " (name, firewall, proxy).");
}

Error at_host(Error error, Origin const& origin) {
    std::string message = origin.host + ": " + error.message();
    return with_advice(std::move(error).with_message(std::move(message)), origin);
}

Error no_connection(Error error) {
    return error.kind() == ErrorKind::timeout
               ? std::move(error).with_message(
                     "no connection became free in time (limits.upstream_connections)")
               : std::move(error);
}

/// The peer closed an idle connection in the moment it was used again. Only then, and only when sending twice
/// does no harm or nothing was sent, is the request repeated.
bool may_repeat(Error const& error, HttpConnection const& connection, HttpRequest const& req) {
    return error.kind() == ErrorKind::network && !connection.any_byte() &&
           (req.idempotent || error.not_sent());
}

class PooledClient final : public PooledHttpClient {
public:
    PooledClient(std::shared_ptr<PoolState> state,
                 TlsClient& tls,
                 Resolver& resolver,
                 std::optional<ProxySettings> proxy)
        : state_(std::move(state)),
          connector_(std::make_shared<Connector>(state_->executor, tls, resolver, std::move(proxy))) {}
    ~PooledClient() override { close(); }
    PooledClient(PooledClient const&) = delete;
    PooledClient& operator=(PooledClient const&) = delete;

    Task<Result<HttpResponse>> send(HttpRequest const& req, CallContext const& ctx) override {
        std::optional<Error> const bad = check_request(req);
        if (bad) {
            co_return fail(*bad);
        }
        std::shared_ptr<PoolState> const state = state_;
        std::shared_ptr<Connector> const connector = connector_;
        std::shared_ptr<OriginPool> const pool = state->pool_of(req.url.origin);
        Result<Semaphore::Permit> const place = co_await pool->places.acquire(ctx.deadline);
        if (!place) {
            co_return fail(at_host(no_connection(place.error()), req.url.origin));
        }
        Traced const traced(*ctx.trace, state->clock);
        std::unique_ptr<HttpConnection> connection = pool->idle.take(state->clock.now());
        if (connection) {
            Deadline const deadline = request_deadline(*state, ctx);
            Result<HttpResponse> response = co_await connection->exchange(req, deadline);
            if (response) {
                response->reused_connection = true;
                finish(state, *pool, std::move(connection));
                co_return response;
            }
            if (!may_repeat(response.error(), *connection, req)) {
                co_return fail(at_host(response.error(), req.url.origin));
            }
            connection.reset();
            pool->idle.drop_stale();
        }
        Deadline const dial_deadline =
            ctx.deadline.earlier(Deadline::in(state->clock, state->limits.connect));
        Result<std::unique_ptr<HttpConnection>> dialled =
            co_await connector->dial(req.url.origin, dial_deadline, state->counted);
        if (!dialled) {
            co_return fail(with_advice(dialled.error(), req.url.origin));
        }
        connection = std::move(*dialled);
        Deadline const deadline = request_deadline(*state, ctx);
        Result<HttpResponse> response = co_await connection->exchange(req, deadline);
        if (!response) {
            co_return fail(at_host(response.error(), req.url.origin));
        }
        finish(state, *pool, std::move(connection));
        co_return response;
    }

    void shutdown() override { close(); }
    std::size_t idle_connections() const noexcept override {
        std::size_t count = 0;
        for (auto const& [origin, pool] : state_->origins) {
            count += pool->idle.size();
        }
        return count;
    }
    std::size_t open_connections() const noexcept override {
        return static_cast<std::size_t>(state_->counted.use_count() - 1);
    }

private:
    static Deadline request_deadline(PoolState const& state, CallContext const& ctx) {
        return ctx.deadline.earlier(Deadline::in(state.clock, state.limits.request));
    }

    static void finish(std::shared_ptr<PoolState> const& state,
                       OriginPool& pool,
                       std::unique_ptr<HttpConnection> connection) {
        if (connection->keep_alive()) {
            keep_idle(state, pool, std::move(connection));
        }
    }

    void close() {
        state_->closed = true;
        for (auto const& [origin, pool] : state_->origins) {
            pool->idle.clear();
        }
        state_->background.cancel_all();
    }

    std::shared_ptr<PoolState> state_;
    std::shared_ptr<Connector> connector_; ///< shared with the requests in flight
};

} // namespace

std::unique_ptr<PooledHttpClient> make_pooled_client(asio::any_io_executor executor,
                                                     TlsClient& tls,
                                                     Resolver& resolver,
                                                     Clock& clock,
                                                     HttpPoolLimits limits,
                                                     std::optional<ProxySettings> proxy) {
    auto state = std::make_shared<PoolState>(std::move(executor), clock, limits);
    return std::make_unique<PooledClient>(std::move(state), tls, resolver, std::move(proxy));
}

} // namespace core
