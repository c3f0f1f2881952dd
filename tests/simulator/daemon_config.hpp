#pragma once

#include "simulator/state.hpp"

#include <cstdint>
#include <string>

namespace simulator {

class DaemonConfigOptions {
public:
    std::uint16_t port = 0;
    std::string ca_file;
    std::string state_directory;
    std::string listen = "127.0.0.1:8931";
};
/// A configuration of ado-mcpd that points at this simulator: contoso by PAT, fabrikam by OAuth, northwind
/// (in the other tenant) by managed identity and federation.
std::string daemon_config(State const& state, DaemonConfigOptions const& options);

} // namespace simulator
