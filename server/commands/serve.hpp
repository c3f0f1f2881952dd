#pragma once

#include <optional>
#include <string>

namespace server {

class ServeOptions {
public:
    std::optional<std::string> config; ///< path of the configuration file
};

/// The daemon; returns when it has drained after SIGTERM or SIGINT. All commands return an exit code of
/// CONTRACT §1.
int run_serve(ServeOptions const& options);

} // namespace server
