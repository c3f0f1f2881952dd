#pragma once

#include "core/deadline.hpp"
#include "core/principal.hpp"
#include "core/task.hpp"
#include "protocol/mcp_server.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace protocol {

/// Where an endpoint's lines go: one message each, without the line end.
class LineSink {
public:
    virtual ~LineSink() = default;
    virtual void write(std::string line) = 0;
};

class StdioLimits {
public:
    std::size_t requests = 256;             ///< in flight
    std::chrono::milliseconds call{55'000}; ///< one request; below the 60 s at which clients give up
};

/// The stdio transport without the I/O: lines in, lines out. Both eras in one process: a request with the
/// `_meta` of 2026-07-28 is served by itself, `initialize` opens the session of the other era. Requests run
/// beside each other and are answered as they finish. One thread.
class McpStdioEndpoint {
public:
    virtual ~McpStdioEndpoint() = default;
    /// One line as it came, without its end. Blank ones are ignored.
    virtual void receive(std::string line) = 0;
    /// A line that was longer than the transport takes.
    virtual void refuse_long_line(std::size_t limit) = 0;
    /// No more will come: ends subscriptions, lets requests finish until `deadline`, cancels the rest.
    virtual core::Task<void> finish(core::Deadline deadline) = 0;
};

/// `server` and `sink` outlive the endpoint; everybody who can write lines is `caller`.
std::unique_ptr<McpStdioEndpoint>
make_mcp_stdio_endpoint(McpServer& server, LineSink& sink, core::Principal caller, StdioLimits limits);

} // namespace protocol
