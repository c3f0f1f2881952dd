#pragma once

#include <string_view>

namespace server {

/// 3 to 64 letters, digits and hyphens, a letter first (the product's pages say 3 to 32 and 4 to 64).
bool is_connector_name(std::string_view name) noexcept;

inline constexpr std::string_view kConnectorNameRule =
    "3 to 64 characters: a letter first, then letters, digits and hyphens";

} // namespace server
