#pragma once

#include "core/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ado {

/// The contents of an archive's files, in its order; folders are left out. Stored and deflated entries, as
/// the service packs them. Sizes are taken from the archive's directory and checked against what is unpacked;
/// an archive that unpacks to more than `max_bytes`, is encrypted or broken is upstream. Blocking: for large
/// ones off the loop.
core::Result<std::vector<std::string>> read_zip(std::string_view archive, std::size_t max_bytes);

} // namespace ado
