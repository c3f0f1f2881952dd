#include "core/principal.hpp"

namespace core {

std::string_view to_string(Role role) noexcept {
    switch (role) {
    case Role::reader:
        return "reader";
    case Role::user:
        return "user";
    case Role::administrator:
        return "administrator";
    }
    return "reader";
}

std::optional<Role> parse_role(std::string_view text) noexcept {
    for (Role const role : {Role::reader, Role::user, Role::administrator}) {
        if (to_string(role) == text) {
            return role;
        }
    }
    return std::nullopt;
}

} // namespace core
