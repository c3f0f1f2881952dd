#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ado {

/// The segments of a URL's path: decoded, without empty ones. nullopt on a broken escape.
std::optional<std::vector<std::string>> path_segments(std::string_view path);

} // namespace ado
