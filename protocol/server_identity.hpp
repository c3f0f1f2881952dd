#pragma once

#include <string>

namespace protocol {

/// Name, version and words under which the server presents itself.
class ServerIdentity {
public:
    std::string name = "ado-mcpd";
    std::string title = "Azure DevOps connector";
    std::string version;
    std::string instructions;
};

} // namespace protocol
