#include "ado/circuit_breaker.hpp"

#include <utility>

namespace ado {

CircuitBreaker::Admission CircuitBreaker::admit(core::SteadyTime now) noexcept {
    if (state_ == State::closed) {
        return Admission::go;
    }
    if (refuses(now)) {
        return Admission::refuse;
    }
    state_ = State::half_open;
    return Admission::probe;
}

bool CircuitBreaker::succeeded(bool probe) noexcept {
    if (state_ == State::closed) {
        if (!failures_.empty()) {
            failures_.pop_front();
        }
        return false;
    }
    // Answers to requests of before say nothing about now; the probe does.
    if (!probe) {
        return false;
    }
    state_ = State::closed;
    failures_.clear();
    cause_.clear();
    return true;
}

bool CircuitBreaker::failed(std::string cause, core::SteadyTime now, bool probe) {
    if (state_ != State::closed) {
        if (!probe) {
            return false;
        }
        state_ = State::open;
        cause_ = std::move(cause);
        next_try_ = now + limits_.open_for;
        return true;
    }
    while (!failures_.empty() && failures_.front() + limits_.window <= now) {
        failures_.pop_front();
    }
    failures_.push_back(now);
    if (failures_.size() < limits_.failures) {
        return false;
    }
    state_ = State::open;
    failures_.clear();
    cause_ = std::move(cause);
    since_ = now;
    next_try_ = now + limits_.open_for;
    return true;
}

void CircuitBreaker::abandoned() noexcept {
    if (state_ == State::half_open) {
        state_ = State::open;
    }
}

} // namespace ado
