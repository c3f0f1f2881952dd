#include "server/front/session_registry.hpp"

#include <algorithm>
#include <utility>

namespace server {

SessionRegistry::Session::Session(SessionRegistry& registry,
                                  std::shared_ptr<core::TaskGroup::Handle const> task)
    : registry_(registry), task_(std::move(task)) {
    registry_.sessions_.insert(this);
}

SessionRegistry::Session::~Session() {
    registry_.sessions_.erase(this);
}

void SessionRegistry::drain() {
    draining_ = true;
    for (Session* const session : sessions_) {
        if (session->idle_ && session->stream_ != nullptr) {
            session->stream_->abort();
        }
    }
}

void SessionRegistry::abort_all() {
    for (Session* const session : sessions_) {
        if (session->stream_ != nullptr) {
            session->stream_->abort();
        }
    }
}

void SessionRegistry::tick(core::SteadyTime now) {
    // A tick only cancels and writes to queues: no session comes or goes meanwhile.
    for (Session* const session : sessions_) {
        if (session->slow_ != nullptr) {
            session->slow_->tick(now);
        }
    }
}

std::size_t SessionRegistry::idle() const noexcept {
    return static_cast<std::size_t>(std::count_if(
        sessions_.begin(), sessions_.end(), [](Session const* session) { return session->idle_; }));
}

} // namespace server
