#pragma once

#include "integration/support/simulator.hpp"

#include <string>
#include <utility>
#include <vector>

namespace test {

/// What the request that meets a fault is to its call.
enum class Part {
    reads,    ///< without its answer there is none: the call fails
    prepares, ///< without its answer nothing is written: the call fails
    writes,   ///< the same, and it must not be sent twice
    updates,  ///< the same; sent again it changes nothing more, so after a lost answer it may be
    adds,     ///< the answer comes without it, and says so
    none      ///< the tool asks nobody
};

/// One kind of request that a tool sends.
class FaultRow {
public:
    FaultRow(std::string tool_,
             std::string route_,
             Part part_,
             Json arguments_,
             int requests_ = 1,
             std::string title_ = {})
        : tool(std::move(tool_)), route(std::move(route_)), part(part_), arguments(std::move(arguments_)),
          requests(requests_), title(std::move(title_)) {}

    std::string tool;
    std::string route; ///< as tests/simulator/README.md names it; empty = whatever the tool sends
    Part part;
    Json arguments; ///< without `organization`: each row gets one of its own
    int requests;   ///< of this route, in a call that meets no fault
    /// Work items of this title are counted after a write: never two.
    std::string title;
};

/// Every tool with every kind of request it sends; files what they read in the simulator. A tool that is
/// offered and has no row fails the matrix test.
std::vector<FaultRow> fault_rows(Simulator& simulator);

} // namespace test
