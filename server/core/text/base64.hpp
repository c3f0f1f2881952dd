#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace core {

std::string base64_encode(std::string_view bytes);
std::string base64url_encode(std::string_view bytes); ///< RFC 4648 §5, no padding
/// Strict: alphabet, length and padding must be right. nullopt otherwise.
std::optional<std::string> base64_decode(std::string_view text);
std::optional<std::string> base64url_decode(std::string_view text); ///< padding refused

} // namespace core
