#pragma once

#include "core/json.hpp"
#include "core/task.hpp"
#include "protocol/request_client.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace protocol {

/// completion/complete answers with at most this many values (MCP, server/utilities/completion).
inline constexpr std::size_t kMaxCompletions = 100;

class CompletionRequest : public HandlerContext {
public:
    using HandlerContext::HandlerContext;

    std::string prompt;       ///< name of the prompt, or empty
    std::string uri_template; ///< of the resource template, or empty
    std::string argument;
    std::string value;  ///< typed so far
    core::Json settled; ///< values of other arguments, an object of strings
    std::string other(std::string_view name) const {
        return std::string(core::find_string(settled, name).value_or(std::string_view()));
    }
};

class Completions {
public:
    std::vector<std::string> values; ///< best first; what exceeds kMaxCompletions is cut by the server
    std::optional<std::size_t> total;
};

class Completer {
public:
    virtual ~Completer() = default;
    /// Unknown references and arguments have no completions. `request` outlives the task.
    virtual core::Task<Completions> complete(CompletionRequest const& request) = 0;
};

} // namespace protocol
