#pragma once

#include <optional>
#include <string>

namespace server {

class LoginOptions {
public:
    std::optional<std::string> config;
    std::string organization; ///< name or URL
    std::string tenant;       ///< empty = found out
    bool device_code = false;
};

/// Signs a person in and stores the grant.
int run_login(LoginOptions const& options);

} // namespace server
