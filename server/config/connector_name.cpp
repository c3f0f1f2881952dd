#include "server/config/connector_name.hpp"

#include <algorithm>

namespace server {
namespace {

bool is_alpha(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

} // namespace

bool is_connector_name(std::string_view name) noexcept {
    return name.size() >= 3 && name.size() <= 64 && is_alpha(name.front()) &&
           std::all_of(
               name.begin(), name.end(), [](char c) { return is_alpha(c) || is_digit(c) || c == '-'; });
}

} // namespace server
