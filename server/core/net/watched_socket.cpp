#include "core/net/watched_socket.hpp"

#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <array>
#include <utility>

namespace core {

struct WatchedSocket::State {
    explicit State(asio::ip::tcp::socket socket_)
        : socket(std::move(socket_)), timer(socket.get_executor()) {}

    static void arm(std::shared_ptr<State> const& self) {
        if (self->deadline.is_never() || (self->armed && self->armed_for <= self->deadline.time())) {
            return;
        }
        self->armed = true;
        self->armed_for = self->deadline.time();
        self->timer.expires_at(self->armed_for);
        self->timer.async_wait([weak = std::weak_ptr<State>(self)](boost::system::error_code ec) {
            std::shared_ptr<State> const state = weak.lock();
            if (ec || !state) {
                return;
            }
            state->armed = false;
            if (state->operations == 0) {
                return; // the next operation sees the deadline itself
            }
            if (!state->deadline.passed(std::chrono::steady_clock::now())) {
                arm(state);
                return;
            }
            state->timed_out = true;
            boost::system::error_code ignored;
            state->socket.close(ignored);
        });
    }

    asio::ip::tcp::socket socket;
    asio::steady_timer timer;
    Deadline deadline = Deadline::never();
    SteadyTime armed_for;
    bool armed = false;
    bool timed_out = false;
    unsigned operations = 0;
};

/// Counts as running while it lives.
class WatchedSocket::Operation {
public:
    explicit Operation(std::shared_ptr<State> const& state) : state_(*state) {
        ++state_.operations;
        if (!state_.deadline.is_never() && state_.deadline.passed(std::chrono::steady_clock::now())) {
            state_.timed_out = true;
            boost::system::error_code ignored;
            state_.socket.close(ignored);
            return;
        }
        State::arm(state);
    }
    ~Operation() { --state_.operations; }
    Operation(Operation const&) = delete;
    Operation& operator=(Operation const&) = delete;

private:
    State& state_;
};

WatchedSocket::WatchedSocket(asio::ip::tcp::socket socket)
    : state_(std::make_shared<State>(std::move(socket))) {
    boost::system::error_code ignored;
    if (state_->socket.is_open()) {
        state_->socket.non_blocking(true, ignored);
        state_->socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    }
}

WatchedSocket::~WatchedSocket() = default;

int WatchedSocket::fd() const noexcept {
    return state_->socket.is_open() ? state_->socket.native_handle() : -1;
}

void WatchedSocket::set_deadline(Deadline deadline) noexcept {
    state_->deadline = deadline;
    if (state_->operations != 0) {
        State::arm(state_);
    }
}

Deadline WatchedSocket::deadline() const noexcept {
    return state_->deadline;
}

Task<Result<std::size_t>> WatchedSocket::read_some(asio::mutable_buffer buffer) {
    std::shared_ptr<State> const state = state_;
    auto const cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none) {
        co_return fail(error_of(asio::error::operation_aborted));
    }
    Operation const operation(state);
    auto [ec, count] = co_await state->socket.async_read_some(buffer, tok);
    if (ec == asio::error::eof) {
        co_return std::size_t{0};
    }
    if (ec) {
        co_return fail(error_of(ec));
    }
    co_return count;
}

Task<Result<void>> WatchedSocket::wait_writable() {
    std::shared_ptr<State> const state = state_;
    auto const cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none) {
        co_return fail(error_of(asio::error::operation_aborted));
    }
    Operation const operation(state);
    auto [ec] = co_await state->socket.async_wait(asio::ip::tcp::socket::wait_write, tok);
    if (ec) {
        co_return fail(error_of(ec));
    }
    co_return Result<void>();
}

Task<Result<void>> WatchedSocket::connect(asio::ip::tcp::endpoint endpoint) {
    std::shared_ptr<State> const state = state_;
    auto const cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none) {
        co_return fail(error_of(asio::error::operation_aborted));
    }
    boost::system::error_code opened;
    state->socket.open(endpoint.protocol(), opened);
    if (opened) {
        co_return fail(error_of(opened));
    }
    Operation const operation(state);
    auto [ec] = co_await state->socket.async_connect(endpoint, tok);
    if (ec) {
        co_return fail(error_of(ec));
    }
    boost::system::error_code ignored;
    state->socket.non_blocking(true, ignored);
    state->socket.set_option(asio::ip::tcp::no_delay(true), ignored);
    co_return Result<void>();
}

Task<bool> WatchedSocket::wait_readable() {
    std::shared_ptr<State> const state = state_;
    auto [ec] = co_await state->socket.async_wait(asio::ip::tcp::socket::wait_read, tok);
    co_return !ec;
}

void WatchedSocket::close() noexcept {
    boost::system::error_code ignored;
    state_->socket.close(ignored);
}

void WatchedSocket::shutdown_send() noexcept {
    boost::system::error_code ignored;
    state_->socket.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

Task<void> WatchedSocket::drain(std::size_t most) {
    std::array<char, 4096> scratch; // its content is never looked at
    for (std::size_t total = 0; total < most;) {
        Result<std::size_t> const count = co_await read_some(asio::buffer(scratch));
        if (!count || *count == 0) {
            co_return;
        }
        total += *count;
    }
}

std::string WatchedSocket::peer() const {
    boost::system::error_code ec;
    auto const endpoint = state_->socket.remote_endpoint(ec);
    if (ec) {
        return "unconnected";
    }
    std::string const address = endpoint.address().to_string();
    return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" +
           std::to_string(endpoint.port());
}

asio::ip::tcp::socket WatchedSocket::release() {
    state_->timer.cancel();
    return std::move(state_->socket);
}

Error WatchedSocket::error_of(boost::system::error_code ec) const {
    if (state_->timed_out) {
        return {ErrorKind::timeout, "the peer did not answer in time"};
    }
    // bad_descriptor: closed here by abort() between two operations.
    if (ec == asio::error::operation_aborted || ec == asio::error::bad_descriptor) {
        return {ErrorKind::cancelled, "the operation was cancelled"};
    }
    return {ErrorKind::network, ec.message()};
}

} // namespace core
