#pragma once

#include "protocol/param_headers.hpp"
#include "protocol/tool.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace protocol {

class RegisteredTool {
public:
    RegisteredTool(ToolHandler* handler_, std::vector<ParamHeader> param_headers_)
        : handler(handler_), param_headers(std::move(param_headers_)) {}

    ToolHandler* handler; ///< never null
    std::vector<ParamHeader> param_headers;
};

/// The tools in the order they are published. Fixed after construction, so that lists never vary between
/// calls.
class ToolRegistry {
public:
    /// Throws std::logic_error when a name is used twice or a descriptor would make clients drop the tool.
    explicit ToolRegistry(std::vector<ToolHandler*> const& tools);

    std::vector<RegisteredTool> const& tools() const noexcept { return tools_; }
    RegisteredTool const* find(std::string_view name) const noexcept;
    /// `Unknown tool: "x"`, with the name that was probably meant.
    std::string unknown_tool_message(std::string_view name) const;

private:
    std::vector<RegisteredTool> tools_;
};

/// What is wrong with a tool's definition, beyond what the type says: name, schemas within the supported
/// subset, arrays that say what they hold, no `$` in property names, header annotations. Empty = good.
std::vector<std::string> check_descriptor(ToolDescriptor const& tool);

} // namespace protocol
