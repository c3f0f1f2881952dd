#pragma once

#include "core/json.hpp"
#include "core/result.hpp"

#include <string>
#include <vector>

namespace ado {

/// Paths as fields take them, parents first: `Contoso`, `Contoso\Web`, `Contoso\Web\Api`. The tree shows one
/// level more (`\Contoso\Area\Web`), which no field knows.
core::Result<std::vector<std::string>> read_classification_paths(core::Json& json);

} // namespace ado
