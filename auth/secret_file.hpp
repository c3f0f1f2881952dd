#pragma once

#include "core/result.hpp"
#include "core/secret.hpp"

#include <cstddef>
#include <string>

namespace auth {

/// Reads a regular file that holds a token, without surrounding white space. Blocks: for the blocking pool.
/// Fails with invalid_argument, naming the path, when it cannot be opened, is empty, or is larger than
/// `max_bytes`.
core::Result<core::Secret>
read_secret_file(std::string const& path, std::size_t max_bytes, bool follow_links);

} // namespace auth
