#pragma once

#include "core/json.hpp"
#include "server/config/config.hpp"
#include "server/config/config_problem.hpp"

#include <string>

namespace server {

/// Fills a Config from a document that was checked against the schema. What is missing keeps its default;
/// what the schema has already refused is passed over; everything else that cannot be used is added to
/// `problems`. Reads the files that
/// `_file` keys name. Relative paths are relative to `folder`.
Config read_config(core::Json const& document, std::string const& folder, ConfigProblems& problems);

/// What only shows when values are seen together: unique names, a listener open to all without tokens,
/// allow-lists.
void check_config(Config const& config, ConfigProblems& problems);

} // namespace server
