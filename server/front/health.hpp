#pragma once

#include "server/front/routes.hpp"

#include <functional>
#include <string>
#include <vector>

namespace server {

class Readiness {
public:
    bool ready = true;
    std::vector<std::string> reasons; ///< why not; shown to whoever asks, so nothing private
};

/// `/healthz`: the process is alive, and nothing else: an upstream that is down must not get the daemon
/// restarted.
/// `/readyz`: 200 or 503 with the reasons `readiness` gives; it must not block.
void add_health_routes(RouteTable& routes, std::function<Readiness()> readiness);

} // namespace server
