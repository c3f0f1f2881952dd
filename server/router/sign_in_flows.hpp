#pragma once

#include "core/async.hpp"
#include "server/router/sign_in.hpp"

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <string>

namespace server {

/// What is remembered of sign-ins: a bounded number, those long ended forgotten first. A link works without
/// being remembered, its state carries all it needs; a device code is polled for, so it is not forgotten
/// before its end.
class SignInFlows {
public:
    explicit SignInFlows(std::size_t capacity) : capacity_(capacity) {}

    /// overloaded when nothing can be forgotten. `polled`: a device code.
    core::Result<void> add(SignInStatus status, bool polled);
    /// nullptr when it is not remembered.
    SignInStatus const* find(std::string const& flow_id) const;
    /// Set when the flow ends; nullptr when it is not remembered. Shared: a waiter may outlast the flow.
    std::shared_ptr<core::Event> ended(std::string const& flow_id) const;
    /// The first end of a flow stands.
    void connected(std::string const& flow_id, std::string identity);
    void failed(std::string const& flow_id, core::Error error);

    /// True once for each flow: a link is good for one answer. Remembered until the link expires by itself,
    /// in this process; in another one the authority refuses the code the second time.
    bool claim(std::string const& flow_id, core::SystemTime expires_at, core::SystemTime now);

    /// Somebody is bringing it to its end: no clock ends it before.
    bool is_under_way(std::string const& flow_id) const;

    std::size_t size() const noexcept { return flows_.size(); }

private:
    class Flow {
    public:
        Flow(SignInStatus status_, bool polled_) : status(std::move(status_)), polled(polled_) {}
        SignInStatus status;
        bool polled;
        std::shared_ptr<core::Event> ended = std::make_shared<core::Event>();
    };
    Flow* find_pending(std::string const& flow_id);
    bool make_room();

    std::size_t capacity_;
    std::list<Flow> flows_; ///< oldest first
    std::map<std::string, core::SystemTime> claimed_;
};

} // namespace server
