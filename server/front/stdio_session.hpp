#pragma once

#include "core/async.hpp"
#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/task.hpp"
#include "protocol/mcp_stdio.hpp"

#include <cstddef>
#include <memory>

namespace server {

/// Standard input and output of an MCP server: nothing but protocol lines reaches standard output, whatever a
/// library may print. Input of any kind (pipe, file, terminal) is read on a thread of its own, output is
/// written on another: a client that does not read stops neither the loop nor its own cancellations.
class StdioPipes {
public:
    /// Takes the process's standard output away (descriptor 1 becomes standard error) and keeps it for
    /// protocol lines. Once per process.
    static core::Result<std::unique_ptr<StdioPipes>> take_over(core::asio::any_io_executor executor,
                                                               std::size_t line_bytes);
    virtual ~StdioPipes() = default;

    virtual protocol::LineSink& sink() noexcept = 0;
    /// Hands lines to `endpoint` until the end of the input, stop(), or an output that broke. `endpoint`
    /// outlives the task.
    virtual core::Task<void> run(protocol::McpStdioEndpoint& endpoint) = 0;
    virtual void stop() = 0;
    /// Waits until everything was written, at most until `deadline`.
    virtual core::Task<void> flush(core::Clock& clock, core::Deadline deadline) = 0;
};

} // namespace server
