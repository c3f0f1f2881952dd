#pragma once

#include "server/config/load_config.hpp"
#include "support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

namespace test {

inline server::Environment environment(std::map<std::string, std::string> values = {}) {
    return [values = std::move(values)](std::string const& name) -> std::optional<std::string> {
        auto const it = values.find(name);
        return it == values.end() ? std::nullopt : std::optional(it->second);
    };
}

inline tl::expected<server::Config, server::ConfigProblems>
parse(std::string const& text,
      std::map<std::string, std::string> values = {},
      std::string const& folder = "/nonexistent") {
    return server::parse_config(text, "config.yaml", folder, environment(std::move(values)));
}

/// The configuration, or a failed test that shows what was wrong with it.
inline server::Config parse_valid(std::string const& text,
                                  std::map<std::string, std::string> values = {},
                                  std::string const& folder = "/nonexistent") {
    auto config = parse(text, std::move(values), folder);
    if (!config) {
        ADD_FAILURE() << config.error().to_error().message();
        return server::Config();
    }
    return std::move(*config);
}

inline std::string problems_of(std::string const& text,
                               std::map<std::string, std::string> values = {},
                               std::string const& folder = "/nonexistent") {
    auto const config = parse(text, std::move(values), folder);
    return config ? std::string("valid") : config.error().to_error().message();
}

} // namespace test
