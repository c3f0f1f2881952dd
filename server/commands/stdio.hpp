#pragma once

#include <optional>
#include <string>

namespace server {

class StdioOptions {
public:
    std::optional<std::string> config; ///< path of the configuration file
};

/// One MCP server on standard input and output, for whoever started it; returns at the end of the input, at
/// SIGTERM or SIGINT, or when its parent has gone.
int run_stdio(StdioOptions const& options);

} // namespace server
