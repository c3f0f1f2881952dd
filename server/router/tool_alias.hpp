#pragma once

#include "protocol/tool.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace server {

/// Another name of an argument.
class ArgumentAlias {
public:
    std::string_view other;
    std::string_view name;
};

/// A name under which a tool can be called too, and is not listed: one it had before, or the one the official
/// server has for the same thing, with that server's argument names.
class ToolAlias {
public:
    std::string_view other;
    std::string_view name;
    std::vector<ArgumentAlias> arguments;
};

std::vector<ToolAlias> const& tool_aliases();

/// The tool a name stands for: itself when it is no alias.
std::string_view aliased_tool(std::string_view name) noexcept;

/// `tool` outlives it.
std::unique_ptr<protocol::ToolHandler> make_aliased_tool(ToolAlias const& alias, protocol::ToolHandler& tool);

} // namespace server
