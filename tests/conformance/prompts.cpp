#include "fixtures.hpp"

#include "protocol/content.hpp"

namespace conformance {
namespace {

namespace content = protocol::content;
using protocol::PromptArgument;
using protocol::PromptCall;
using protocol::PromptDescriptor;
using protocol::PromptMessage;
using protocol::PromptResult;

PromptResult messages_of(std::vector<Json> blocks) {
    std::vector<PromptMessage> messages;
    for (Json& block : blocks) {
        messages.emplace_back("user", std::move(block));
    }
    return PromptResult("", std::move(messages));
}

PromptResult simple(PromptCall const& /*call*/) {
    return messages_of({content::text("This is a simple prompt for testing.")});
}

PromptResult with_arguments(PromptCall const& call) {
    return messages_of({content::text("Prompt with arguments: arg1='" + call.argument("arg1") + "', arg2='" +
                                      call.argument("arg2") + "'")});
}

PromptResult with_embedded_resource(PromptCall const& call) {
    Json resource{{"mimeType", "text/plain"}, {"text", "Embedded resource content for testing."}};
    resource["uri"] = call.argument("resourceUri");
    return messages_of({content::resource(std::move(resource)),
                        content::text("Please process the embedded resource above.")});
}

PromptResult with_image(PromptCall const& /*call*/) {
    return messages_of(
        {content::image(std::string(kPng), "image/png"), content::text("Please analyze the image above.")});
}

PromptResult asking(PromptCall const& call) {
    auto const answer = protocol::ElicitAnswer::of(call.inputs, "user_context");
    if (!answer) {
        std::vector<protocol::InputRequest> requests;
        requests.push_back(ask_text("user_context", "What context should the prompt use?", "context"));
        return PromptResult::ask(protocol::InputNeeded(std::move(requests), Json()));
    }
    return messages_of({content::text("Use this context: " + answer->text("context"))});
}

} // namespace

Prompts make_prompts() {
    Prompts prompts;
    auto const add = [&prompts](char const* name,
                                char const* description,
                                std::vector<PromptArgument> arguments,
                                PromptAnswer answer) {
        prompts.push_back(make_prompt(PromptDescriptor(name, "", description, std::move(arguments)), answer));
    };
    add("test_simple_prompt", "A prompt without arguments", {}, &simple);
    add("test_prompt_with_arguments",
        "A prompt with two arguments",
        {PromptArgument("arg1", "The first", true), PromptArgument("arg2", "The second", true)},
        &with_arguments);
    add("test_prompt_with_embedded_resource",
        "A prompt with a resource in it",
        {PromptArgument("resourceUri", "URI of the resource", true)},
        &with_embedded_resource);
    add("test_prompt_with_image", "A prompt with an image in it", {}, &with_image);
    add("test_input_required_result_prompt", "A prompt that asks", {}, &asking);
    return prompts;
}

} // namespace conformance
