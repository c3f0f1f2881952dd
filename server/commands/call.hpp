#pragma once

#include <optional>
#include <string>

namespace server {

class CallOptions {
public:
    std::optional<std::string> config;
    std::string tool;
    std::string arguments; ///< a JSON object; empty = {}, `-` = from stdin
    std::string url;       ///< of another daemon's MCP endpoint; empty = the configured one
    bool text = false;     ///< print the text a model reads instead of JSON
};

/// Calls one tool as an MCP client would and prints the result.
int run_call(CallOptions const& options);

} // namespace server
