#include "server/router/sign_in_flows.hpp"

#include <algorithm>
#include <utility>

namespace server {
namespace {

auto called(std::string const& flow_id) {
    return [&flow_id](auto const& flow) { return flow.status.flow_id == flow_id; };
}

} // namespace

std::string_view to_string(SignInState state) noexcept {
    switch (state) {
    case SignInState::pending:
        return "pending";
    case SignInState::connected:
        return "connected";
    case SignInState::failed:
        break;
    }
    return "failed";
}

bool SignInFlows::make_room() {
    if (flows_.size() < capacity_) {
        return true;
    }
    auto place = std::find_if(flows_.begin(), flows_.end(), [](Flow const& flow) {
        return flow.status.state != SignInState::pending;
    });
    if (place == flows_.end()) {
        place = std::find_if(flows_.begin(), flows_.end(), [](Flow const& flow) { return !flow.polled; });
    }
    if (place == flows_.end()) {
        return false;
    }
    flows_.erase(place);
    return true;
}

core::Result<void> SignInFlows::add(SignInStatus status, bool polled) {
    if (!make_room()) {
        return core::fail(core::Error(core::ErrorKind::overloaded,
                                      "Too many device codes are waiting for somebody to sign in.")
                              .with_code("too_many_sign_ins")
                              .with_fix("Complete one of them or wait until they expire. The limit is "
                                        "limits.sign_in_flows in the configuration."));
    }
    flows_.emplace_back(std::move(status), polled);
    return {};
}

SignInFlows::Flow* SignInFlows::find_pending(std::string const& flow_id) {
    auto const place = std::find_if(flows_.begin(), flows_.end(), called(flow_id));
    bool const pending = place != flows_.end() && place->status.state == SignInState::pending;
    return pending ? &*place : nullptr;
}

SignInStatus const* SignInFlows::find(std::string const& flow_id) const {
    auto const place = std::find_if(flows_.begin(), flows_.end(), called(flow_id));
    return place == flows_.end() ? nullptr : &place->status;
}

std::shared_ptr<core::Event> SignInFlows::ended(std::string const& flow_id) const {
    auto const place = std::find_if(flows_.begin(), flows_.end(), called(flow_id));
    return place == flows_.end() ? nullptr : place->ended;
}

void SignInFlows::connected(std::string const& flow_id, std::string identity) {
    if (Flow* const flow = find_pending(flow_id)) {
        flow->status.state = SignInState::connected;
        flow->status.identity = std::move(identity);
        flow->ended->set();
    }
}

void SignInFlows::failed(std::string const& flow_id, core::Error error) {
    if (Flow* const flow = find_pending(flow_id)) {
        flow->status.state = SignInState::failed;
        flow->status.failure.emplace(std::move(error));
        flow->ended->set();
    }
}

bool SignInFlows::is_under_way(std::string const& flow_id) const {
    auto const place = std::find_if(flows_.begin(), flows_.end(), called(flow_id));
    return place != flows_.end() && place->status.state == SignInState::pending &&
           (place->polled || claimed_.contains(flow_id));
}

bool SignInFlows::claim(std::string const& flow_id, core::SystemTime expires_at, core::SystemTime now) {
    std::erase_if(claimed_, [now](auto const& entry) { return entry.second <= now; });
    return claimed_.emplace(flow_id, expires_at).second;
}

} // namespace server
