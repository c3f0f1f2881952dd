#pragma once

#include "core/json.hpp"
#include "core/result.hpp"

#include <string>
#include <vector>

namespace ado {

class ClassificationPaths {
public:
    ClassificationPaths() = default;

    std::vector<std::string> areas;
    std::vector<std::string> iterations;
};

/// Paths as fields take them, parents first: `Contoso`, `Contoso\Web`, `Contoso\Web\Api`. The tree shows one
/// level more (`\Contoso\Area\Web`), which no field knows.
core::Result<std::vector<std::string>> read_classification_paths(core::Json& json);

/// Of the answer that lists both trees.
core::Result<ClassificationPaths> read_classification_roots(core::Json& json);

} // namespace ado
