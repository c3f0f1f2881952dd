#pragma once

#include "core/result.hpp"
#include "core/secret.hpp"

#include <string>

namespace server {

/// A secret from stdin: from a terminal with `prompt` and without echo (one line), else everything that is
/// piped in. Never from an argument, which other users could see.
core::Result<core::Secret> read_secret_input(std::string const& prompt);

} // namespace server
