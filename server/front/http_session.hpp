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

/// What all connections of a listener share. Everything in it outlives them.
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

/// Serves one connection until its end: requests one after another, each with its deadlines, one access line
/// each. `front` and `session` outlive the task. Cancelling (terminal) cancels a running handler and ends the
/// connection.
core::Task<void> serve_http(HttpFront const& front,
                            std::unique_ptr<core::ByteStream> stream,
                            SessionRegistry::Session& session);

} // namespace server
