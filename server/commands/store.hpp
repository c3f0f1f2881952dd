#pragma once

#include <optional>
#include <string>

namespace server {

class StoreBackupOptions {
public:
    std::optional<std::string> config;
    std::string file; ///< must not exist
};

/// Copies the store, as it is at one moment, into one file (0600). Daemons may run.
int run_store_backup(StoreBackupOptions const& options);

} // namespace server
