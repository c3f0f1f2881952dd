#pragma once

#include <optional>
#include <string>

namespace server {

class DoctorOptions {
public:
    std::optional<std::string> config;
    std::string organization; ///< name or URL; empty = every one that is connected
    bool json = false;
};

/// One line a check, with cause and fix: configuration, store, daemon, and every leg to the organizations.
/// The exit code is that of the first check that failed.
int run_doctor(DoctorOptions const& options);

} // namespace server
