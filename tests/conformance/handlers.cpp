#include "fixtures.hpp"

#include "protocol/content.hpp"

namespace conformance {
namespace {

using protocol::InputRequest;
using protocol::PromptCall;
using protocol::PromptDescriptor;
using protocol::PromptResult;
using protocol::ToolCall;
using protocol::ToolDescriptor;
using protocol::ToolResult;

class AnsweringTool final : public protocol::ToolHandler {
public:
    AnsweringTool(ToolDescriptor descriptor, ToolAnswer answer)
        : descriptor_(std::move(descriptor)), answer_(answer) {}

    ToolDescriptor const& descriptor() const noexcept override { return descriptor_; }
    core::Task<ToolResult> call(ToolCall const& call) override { co_return answer_(call); }

private:
    ToolDescriptor descriptor_;
    ToolAnswer answer_;
};

class WorkingTool final : public protocol::ToolHandler {
public:
    WorkingTool(ToolDescriptor descriptor, ToolCoroutine run, core::Clock& clock)
        : descriptor_(std::move(descriptor)), run_(run), clock_(clock) {}

    ToolDescriptor const& descriptor() const noexcept override { return descriptor_; }
    core::Task<ToolResult> call(ToolCall const& call) override { return run_(call, clock_); }

private:
    ToolDescriptor descriptor_;
    ToolCoroutine run_;
    core::Clock& clock_;
};

class AnsweringPrompt final : public protocol::PromptHandler {
public:
    AnsweringPrompt(PromptDescriptor descriptor, PromptAnswer answer)
        : descriptor_(std::move(descriptor)), answer_(answer) {}

    PromptDescriptor const& descriptor() const noexcept override { return descriptor_; }
    core::Task<PromptResult> get(PromptCall const& call) override { co_return answer_(call); }

private:
    PromptDescriptor descriptor_;
    PromptAnswer answer_;
};

InputRequest ask_one_field(std::string key, std::string message, std::string const& field, char const* type) {
    Json properties = Json::object();
    properties[field]["type"] = type;
    return protocol::ask_form(std::move(key), std::move(message), object_of(std::move(properties), {field}));
}

/// A sampling answer holds one content block or, since 2025-11-25, several.
Json const* first_block(Json const& answer) {
    if (Json const* blocks = core::find_array(answer, "content")) {
        return blocks->empty() ? nullptr : &blocks->front();
    }
    return core::find_object(answer, "content");
}

} // namespace

Json no_arguments() {
    return Json{{"type", "object"}, {"additionalProperties", false}};
}

Json object_of(Json properties, std::vector<std::string> required) {
    Json schema{{"type", "object"}};
    schema["properties"] = std::move(properties);
    if (!required.empty()) {
        schema["required"] = std::move(required);
    }
    return schema;
}

ToolDescriptor describe(std::string name, std::string description, Json input_schema) {
    return ToolDescriptor(
        std::move(name), "", std::move(description), std::move(input_schema), Json(), protocol::ToolHints());
}

std::unique_ptr<protocol::ToolHandler> make_tool(ToolDescriptor descriptor, ToolAnswer answer) {
    return std::make_unique<AnsweringTool>(std::move(descriptor), answer);
}

std::unique_ptr<protocol::ToolHandler>
make_tool(ToolDescriptor descriptor, ToolCoroutine run, core::Clock& clock) {
    return std::make_unique<WorkingTool>(std::move(descriptor), run, clock);
}

std::unique_ptr<protocol::PromptHandler> make_prompt(PromptDescriptor descriptor, PromptAnswer answer) {
    return std::make_unique<AnsweringPrompt>(std::move(descriptor), answer);
}

InputRequest ask_text(std::string key, std::string message, std::string field) {
    return ask_one_field(std::move(key), std::move(message), field, "string");
}

InputRequest ask_yes_no(std::string key, std::string message, std::string field) {
    return ask_one_field(std::move(key), std::move(message), field, "boolean");
}

InputRequest ask_model(std::string key, std::string prompt, int max_tokens) {
    Json message;
    message["role"] = "user";
    message["content"] = protocol::content::text(std::move(prompt));
    Json params;
    params["messages"] = Json::array({std::move(message)});
    params["maxTokens"] = max_tokens;
    return InputRequest(std::move(key), "sampling/createMessage", std::move(params));
}

InputRequest ask_roots(std::string key) {
    return InputRequest(std::move(key), "roots/list", Json::object());
}

ToolResult ask(InputRequest request, Json state) {
    std::vector<InputRequest> requests;
    requests.push_back(std::move(request));
    return ToolResult::ask(protocol::InputNeeded(std::move(requests), std::move(state)));
}

std::optional<std::string> model_text(Json const& inputs, std::string_view key) {
    Json const* answer = core::find_object(inputs, key);
    Json const* block = answer == nullptr ? nullptr : first_block(*answer);
    auto const text = block == nullptr ? std::nullopt : core::find_string(*block, "text");
    return text ? std::optional<std::string>(*text) : std::nullopt;
}

std::optional<std::string> root_uris(Json const& inputs, std::string_view key) {
    Json const* answer = core::find_object(inputs, key);
    Json const* roots = answer == nullptr ? nullptr : core::find_array(*answer, "roots");
    if (roots == nullptr) {
        return std::nullopt;
    }
    std::string uris;
    for (Json const& root : *roots) {
        uris += uris.empty() ? "" : ", ";
        uris += core::find_string(root, "uri").value_or("(none)");
    }
    return uris;
}

} // namespace conformance
