#pragma once

#include "core/clock.hpp"
#include "core/net/stream.hpp"
#include "core/task.hpp"
#include "core/task_group.hpp"
#include "server/config/limits.hpp"
#include "server/front/host_policy.hpp"
#include "server/front/inbound_gate.hpp"
#include "server/front/routes.hpp"
#include "server/front/session_registry.hpp"

#include <memory>

namespace server {

/// What answers requests: all of one configuration. Everything in it outlives it.
class HttpFront {
public:
    HttpFront(RouteTable const& routes_,
              HostPolicy const& hosts_,
              InboundGate const& gate_,
              Limits const& limits_,
              core::Clock& clock_,
              core::TaskGroup& writers_)
        : routes(routes_), hosts(hosts_), gate(gate_), limits(limits_), clock(clock_), writers(writers_) {}

    RouteTable const& routes;
    HostPolicy const& hosts;
    InboundGate const& gate;
    Limits const& limits;
    core::Clock& clock;
    core::TaskGroup& writers; ///< of event streams; each ends before its connection does
};

/// Which front answers the next request of a connection: after a reload another one.
class FrontSource {
public:
    virtual ~FrontSource() = default;
    /// What the front refers to lives as long as somebody holds it; its clock, and the group of its writers,
    /// as long as the source.
    virtual std::shared_ptr<HttpFront const> current() const = 0;
};

/// Serves one connection until its end: requests one after another, each with its deadlines, one access line
/// each. `fronts` and `session` outlive the task. Cancelling (terminal) cancels a running handler and ends
/// the connection. The sizes a request may have are those of the front when the connection began.
core::Task<void> serve_http(FrontSource const& fronts,
                            std::unique_ptr<core::ByteStream> stream,
                            SessionRegistry::Session& session);
/// The same with one front, which outlives the task.
core::Task<void> serve_http(HttpFront const& front,
                            std::unique_ptr<core::ByteStream> stream,
                            SessionRegistry::Session& session);

} // namespace server
