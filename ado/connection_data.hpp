#pragma once

#include <string>

namespace ado {

/// Who the service takes us for.
class ConnectionData {
public:
    ConnectionData() = default;

    bool authenticated =
        false; ///< false for the anonymous identity (all-a or all-zero id), which also gets a 200
    std::string id;
    std::string name; ///< account (user@example.com), else the display name
    std::string display_name;
    std::string subject_descriptor;
    std::string deployment_type; ///< hosted | onPremises
    std::string instance_id;
};

} // namespace ado
