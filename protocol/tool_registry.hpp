#pragma once

#include "protocol/param_headers.hpp"
#include "protocol/schema.hpp"
#include "protocol/tool.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace protocol {

class RegisteredTool {
public:
    RegisteredTool(ToolHandler* handler_, std::vector<ParamHeader> param_headers_, CompiledSchema input_)
        : handler(handler_), param_headers(std::move(param_headers_)), input(std::move(input_)) {}

    ToolHandler* handler; ///< never null
    std::vector<ParamHeader> param_headers;
    CompiledSchema input; ///< the descriptor's input schema, ready for every call
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

/// What is wrong with a tool's definition, beyond what the type says: name, schemas that the validator
/// honours, arrays that say what they hold, no `$` in property names, header annotations. Empty = good.
std::vector<std::string> check_descriptor(ToolDescriptor const& tool);

} // namespace protocol
