#pragma once

#include <string>
#include <string_view>

namespace core {

std::string sha256(std::string_view bytes); ///< 32 raw bytes
std::string sha1(std::string_view bytes);   ///< 20 raw bytes; names git's objects, protects nothing
std::string hmac_sha256(std::string_view key, std::string_view bytes);
std::string hex_encode(std::string_view bytes);
bool constant_time_equal(std::string_view a, std::string_view b) noexcept;

} // namespace core
