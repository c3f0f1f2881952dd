#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace simulator {

/// A zip archive of files by name, deflated.
std::string write_zip(std::vector<std::pair<std::string, std::string_view>> const& files);

} // namespace simulator
