#pragma once

#include "core/json.hpp"
#include "core/result.hpp"

#include <string>
#include <vector>

namespace ado {

/// Somebody who may be assigned work: a person, or an application.
class Identity {
public:
    Identity() = default;

    std::string id;
    std::string name; ///< as shown: Ada Palmer
    std::string
        account; ///< user@example.com, by which the service never mistakes one for another; may be empty
    bool is_active = true;
};

/// Groups and what has no name are left out.
core::Result<std::vector<Identity>> read_identities(core::Json& json);

} // namespace ado
