#pragma once

#include <optional>
#include <string>

namespace server {

class PatOptions {
public:
    std::optional<std::string> config;
    std::string organization; ///< name or URL; empty for list = all
    std::string expires;      ///< a date or a span such as 90d; empty = not known
    bool verify = true;       ///< try the PAT on the organization before it is stored
    bool json = false;
};

/// Reads a PAT from stdin or a prompt, tries it, stores it. A running daemon takes it up by itself.
int run_pat_set(PatOptions const& options);
int run_pat_list(PatOptions const& options);
int run_pat_remove(PatOptions const& options);

} // namespace server
