#pragma once

#include <optional>
#include <string>

namespace server {

class CheckOptions {
public:
    std::optional<std::string> config;
    bool json = false;
};

/// Validates the configuration and prints what is effective on stdout, secrets masked; problems go to stderr
/// (with `json` also to stdout, as data).
int run_check(CheckOptions const& options);

} // namespace server
