#pragma once

#include <optional>
#include <string>

namespace server {

class KeyOptions {
public:
    std::optional<std::string> config;
    bool drop_old = false; ///< rotate: take keys nothing needs any more out of the key file
    bool json = false;
};

/// Makes the key file where there is none.
int run_key_init(KeyOptions const& options);
/// Brings everything in the store under a new key, or goes on with a rotation that was cut off. Daemons may
/// run. Fails (exit 1) when a record could not be read: the others are done.
int run_key_rotate(KeyOptions const& options);

} // namespace server
