#pragma once

#include "protocol/completion.hpp"
#include "protocol/prompt.hpp"
#include "protocol/resource.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace test {

/// Resources `x://NAME`; the test says which there are. Those of `watched` can be subscribed to.
class FakeSource final : public protocol::ResourceSource {
public:
    bool owns(std::string_view uri) const noexcept override { return uri.starts_with("x://"); }
    std::vector<protocol::ResourceDescriptor> resources() const override {
        std::vector<protocol::ResourceDescriptor> all;
        for (auto const& [uri, text] : texts) {
            protocol::ResourceDescriptor one(uri, "name of " + uri);
            one.title = "Title";
            one.description = "A resource.";
            one.mime_type = "text/plain";
            one.size = text.size();
            all.push_back(std::move(one));
        }
        return all;
    }
    std::vector<protocol::ResourceTemplate> templates() const override {
        std::vector<protocol::ResourceTemplate> all;
        for (int i = 0; i < template_count; ++i) {
            protocol::ResourceTemplate one("x://t" + std::to_string(i) + "/{name}", "template");
            one.title = "Template";
            one.mime_type = "text/plain";
            all.push_back(std::move(one));
        }
        return all;
    }
    core::Task<protocol::ResourceResult> read(protocol::ResourceRead const& call) override {
        if (behaviour) {
            protocol::ResourceResult answered = behaviour(call);
            co_return answered;
        }
        auto const found = texts.find(std::string(call.uri));
        if (found == texts.end()) {
            co_return protocol::ResourceResult::not_found();
        }
        std::vector<protocol::ResourceContents> contents;
        contents.emplace_back(found->first, "text/plain", found->second);
        protocol::ResourceResult result(std::move(contents));
        result.ttl = std::chrono::milliseconds(1500);
        co_return result;
    }
    bool can_subscribe(std::string_view uri) const noexcept override { return uri == watched; }

    std::map<std::string, std::string> texts{{"x://a", "alpha"}};
    std::string watched = "x://a";
    int template_count = 1;
    std::function<protocol::ResourceResult(protocol::ResourceRead const&)> behaviour;
};

/// Says its arguments.
class FakePrompt final : public protocol::PromptHandler {
public:
    using Behaviour = std::function<protocol::PromptResult(protocol::PromptCall const&)>;
    explicit FakePrompt(std::string name, std::vector<protocol::PromptArgument> arguments = {})
        : about(std::move(name), "Title", "A prompt.", std::move(arguments)) {}

    protocol::PromptDescriptor const& descriptor() const noexcept override { return about; }
    core::Task<protocol::PromptResult> get(protocol::PromptCall const& call) override {
        if (behaviour) {
            protocol::PromptResult answered = behaviour(call);
            co_return answered;
        }
        core::Json block = core::Json::object();
        block["type"] = "text";
        block["text"] = call.arguments.dump();
        std::vector<protocol::PromptMessage> messages;
        messages.emplace_back("user", std::move(block));
        co_return protocol::PromptResult("What it is for.", std::move(messages));
    }

    protocol::PromptDescriptor about;
    Behaviour behaviour;
};

class FakeCompleter final : public protocol::Completer {
public:
    core::Task<protocol::Completions> complete(protocol::CompletionRequest const& request) override {
        asked = request.prompt + "|" + request.uri_template + "|" + request.argument + "|" + request.value +
                "|" + request.other("first");
        co_return completions;
    }

    std::string asked;
    protocol::Completions completions;
};

} // namespace test
