#pragma once

#include <optional>
#include <string>

namespace server {

class ConnectorsOptions {
public:
    std::optional<std::string> config;
    std::string name; ///< of one connector; empty = all
    bool json = false;
};

/// The connectors and how they stand, as the running daemon knows it; without one, as the store and the
/// configuration say.
int run_connectors_list(ConnectorsOptions const& options);
/// Walks the legs of one connector or of all.
int run_connectors_test(ConnectorsOptions const& options);

} // namespace server
