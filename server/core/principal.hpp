#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace core {

/// Least first: each role may do what the one before it may.
enum class Role {
    reader,        ///< reads through tools, sees connectors
    user,          ///< also writes through tools
    administrator, ///< also manages connectors and credentials
};

std::string_view to_string(Role role) noexcept;
std::optional<Role> parse_role(std::string_view text) noexcept; ///< `reader`, `user`, `administrator`

/// Who calls. `id` is stable and unique (agent token id, or tid/oid); it scopes idempotency keys.
class Principal {
public:
    Principal(std::string id_, std::string name_, Role role_)
        : id(std::move(id_)), name(std::move(name_)), role(role_) {}
    bool may(Role needed) const noexcept { return role >= needed; }

    std::string id;
    std::string name;
    Role role;
};

} // namespace core
