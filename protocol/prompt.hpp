#pragma once

#include "core/json.hpp"
#include "core/task.hpp"
#include "protocol/input_request.hpp"
#include "protocol/jsonrpc.hpp"
#include "protocol/request_client.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace protocol {

class PromptArgument {
public:
    PromptArgument(std::string name_, std::string description_, bool required_)
        : name(std::move(name_)), description(std::move(description_)), required(required_) {}

    std::string name;
    std::string description;
    bool required;
};

class PromptDescriptor {
public:
    PromptDescriptor(std::string name_,
                     std::string title_,
                     std::string description_,
                     std::vector<PromptArgument> arguments_)
        : name(std::move(name_)), title(std::move(title_)), description(std::move(description_)),
          arguments(std::move(arguments_)) {}

    std::string name;
    std::string title;
    std::string description;
    std::vector<PromptArgument> arguments;
    bool listed = true;
};

class PromptMessage {
public:
    PromptMessage(std::string role_, Json content_) : role(std::move(role_)), content(std::move(content_)) {}

    std::string role; ///< user | assistant
    Json content;     ///< one content block
};

class PromptResult {
public:
    PromptResult(std::string description_, std::vector<PromptMessage> messages_)
        : description(std::move(description_)), messages(std::move(messages_)) {}
    static PromptResult ask(InputNeeded needed_) {
        PromptResult result("", {});
        result.needed.emplace(std::move(needed_));
        return result;
    }
    static PromptResult refuse(RpcError error_) {
        PromptResult result("", {});
        result.refusal.emplace(std::move(error_));
        return result;
    }

    std::string description;
    std::vector<PromptMessage> messages;
    std::optional<InputNeeded> needed;
    std::optional<RpcError> refusal;
};

/// One round of prompts/get.
class PromptCall : public HandlerContext {
public:
    PromptCall(Json const& arguments_,
               core::Principal const& caller_,
               core::CallContext const& ctx_,
               RequestClient& client_)
        : HandlerContext(caller_, ctx_, client_), arguments(arguments_) {}

    std::string argument(std::string_view name) const {
        return std::string(core::find_string(arguments, name).value_or(std::string_view()));
    }

    Json const& arguments; ///< an object of strings; the required ones are there
    Json inputs = Json::object();
    Json state;
};

class PromptHandler {
public:
    virtual ~PromptHandler() = default;
    virtual PromptDescriptor const& descriptor() const noexcept = 0;
    /// `call` outlives the task. May be called concurrently.
    virtual core::Task<PromptResult> get(PromptCall const& call) = 0;
};

} // namespace protocol
