#pragma once

#include "core/json.hpp"
#include "server/config/config.hpp"

#include <string>

namespace server {

/// Every key with the value in force, defaults included; secrets as `***`.
core::Json effective_config_json(Config const& config);
/// The same as YAML.
std::string effective_config_text(Config const& config);

} // namespace server
