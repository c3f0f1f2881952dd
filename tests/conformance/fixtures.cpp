#include "fixtures.hpp"

#include <functional>

namespace conformance {
namespace {

using protocol::ToolCall;
using protocol::ToolDescriptor;
using protocol::ToolResult;

/// Changes something of the server and says that it did.
class TriggerTool final : public protocol::ToolHandler {
public:
    TriggerTool(ToolDescriptor descriptor, std::function<void()> trigger)
        : descriptor_(std::move(descriptor)), trigger_(std::move(trigger)) {}

    ToolDescriptor const& descriptor() const noexcept override { return descriptor_; }
    core::Task<ToolResult> call(ToolCall const& /*call*/) override {
        trigger_();
        co_return ToolResult("Changed.", Json());
    }

private:
    ToolDescriptor descriptor_;
    std::function<void()> trigger_;
};

ToolResult extra_tool(ToolCall const& /*call*/) {
    return ToolResult("This tool comes and goes.", Json());
}

protocol::PromptResult extra_prompt(protocol::PromptCall const& /*call*/) {
    std::vector<protocol::PromptMessage> messages;
    messages.emplace_back("user", Json{{"type", "text"}, {"text", "This prompt comes and goes."}});
    return protocol::PromptResult("", std::move(messages));
}

} // namespace

Fixtures::Fixtures(core::Clock& clock, protocol::ChangeHub& hub)
    : hub_(hub), prompts_(make_prompts()),
      extra_tool_(make_tool(describe("test_changing_tool", "Comes and goes", no_arguments()), &extra_tool)),
      extra_prompt_(make_prompt(protocol::PromptDescriptor("test_changing_prompt", "", "Comes and goes", {}),
                                &extra_prompt)),
      resources_(make_resources()), completer_(make_completer()), skills_(make_skills()) {
    // The suite calls the first tool of the list without arguments and wants no error of the transport.
    add_content_tools(tools_);
    add_client_tools(tools_, clock);
    add_round_trip_tools(tools_);
    add_task_tools(tools_, clock);
    auto const add_trigger = [this](std::string name, std::string what, std::function<void()> trigger) {
        tools_.push_back(std::make_unique<TriggerTool>(
            describe(std::move(name), std::move(what), no_arguments()), std::move(trigger)));
    };
    add_trigger("test_trigger_tool_change", "Changes the list of tools", [this] { toggle_tool(); });
    add_trigger("test_trigger_prompt_change", "Changes the list of prompts", [this] { toggle_prompt(); });
    add_trigger("test_trigger_resource_change", "Says that the watched resource changed", [this] {
        hub_.publish(
            protocol::ChangeEvent(protocol::ChangeEvent::Kind::resource, std::string(kWatchedResource)));
    });
}

protocol::ServerFeatures Fixtures::features(protocol::TaskStore& tasks) const {
    protocol::ServerFeatures features;
    features.identity.name = "mcp-conformance-server";
    features.identity.title = "Fixtures of the MCP conformance suite";
    features.identity.version = "1.0.0";
    features.identity.instructions = "For the official conformance suite: every tool is a fixture.";
    features.tools = published_tools();
    features.prompts = published_prompts();
    features.resources = {resources_.get(), skills_.get()};
    features.completer = completer_.get();
    features.skills = skills_.get();
    features.tasks = &tasks;
    features.logging = true;
    features.tools_change = true;
    features.prompts_change = true;
    features.resources_change = true;
    features.subscriptions = true;
    return features;
}

void Fixtures::toggle_tool() {
    tool_shown_ = !tool_shown_;
    server_->set_tools(published_tools());
}

void Fixtures::toggle_prompt() {
    prompt_shown_ = !prompt_shown_;
    server_->set_prompts(published_prompts());
}

std::vector<protocol::ToolHandler*> Fixtures::published_tools() const {
    std::vector<protocol::ToolHandler*> published;
    for (auto const& tool : tools_) {
        published.push_back(tool.get());
    }
    if (tool_shown_) {
        published.push_back(extra_tool_.get());
    }
    return published;
}

std::vector<protocol::PromptHandler*> Fixtures::published_prompts() const {
    std::vector<protocol::PromptHandler*> published;
    for (auto const& prompt : prompts_) {
        published.push_back(prompt.get());
    }
    if (prompt_shown_) {
        published.push_back(extra_prompt_.get());
    }
    return published;
}

} // namespace conformance
