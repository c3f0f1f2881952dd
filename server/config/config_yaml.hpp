#pragma once

#include "core/json.hpp"
#include "server/config/config_problem.hpp"
#include "server/config/environment.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace server {

/// Parses one YAML document into JSON, expands `${NAME}` in its values and refuses what would be read in two
/// ways: duplicate keys, tags, several documents. A key without a value (null) counts as absent and is left
/// out. Problems, and the place of every value by its JSON pointer, go to `problems`; what could be read is
/// returned all the same.
core::Json read_yaml(std::string const& text, Environment const& environment, ConfigProblems& problems);

/// What an unquoted scalar means by YAML 1.2's core schema. `yes` and `on` are words, as people by now
/// expect.
core::Json plain_scalar(std::string const& text);

/// The same value as YAML text, keys in the order given by the library.
std::string write_yaml(core::Json const& value);

} // namespace server
