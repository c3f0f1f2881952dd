#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace server {

/// Looks up an environment variable; a parameter so that tests bring their own.
using Environment = std::function<std::optional<std::string>(std::string const& name)>;

Environment process_environment();

class Expansion {
public:
    std::string text;
    bool expanded = false;
    std::string problem; ///< what is wrong, empty when nothing is
};

/// Replaces `${NAME}` and `${NAME:-default}` (the default also stands in for a variable that is set but
/// empty, as in the shell); `$${` writes a literal `${`. An unset variable without a default is a problem.
Expansion expand_environment(std::string_view text, Environment const& environment);

} // namespace server
