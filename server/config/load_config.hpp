#pragma once

#include "core/json.hpp"
#include "core/result.hpp"
#include "server/config/config.hpp"
#include "server/config/config_problem.hpp"
#include "server/config/environment.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace server {

inline constexpr char kConfigVariable[] = "ADO_MCPD_CONFIG";
inline constexpr char kDefaultConfigPath[] = "/etc/ado-mcpd/config.yaml";
inline constexpr char kBuiltInDefaults[] = "built-in defaults";

/// Reads and checks the configuration: `path`, else $ADO_MCPD_CONFIG, else /etc/ado-mcpd/config.yaml where
/// there is one, else the built-in defaults. On error (code `config_invalid`) the message has one line for
/// every problem: `FILE:LINE:COLUMN: KEY: found …; expected …`. Blocking.
core::Result<Config> load_config(std::optional<std::string> const& path);

/// The same with everything it depends on passed in, and with the problems as values.
tl::expected<Config, ConfigProblems> load_config_from(std::optional<std::string> const& path,
                                                      Environment const& environment);

/// `source` names the text in messages; relative paths in it are relative to `folder`.
tl::expected<Config, ConfigProblems> parse_config(std::string const& text,
                                                  std::string const& source,
                                                  std::string const& folder,
                                                  Environment const& environment);

/// deploy/config.schema.json as it was when the program was built.
std::string_view config_schema_text() noexcept;
core::Json const& config_schema();

} // namespace server
