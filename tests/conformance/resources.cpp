#include "fixtures.hpp"

#include <array>
#include <chrono>

namespace conformance {
namespace {

using protocol::ResourceContents;
using protocol::ResourceDescriptor;
using protocol::ResourceResult;
using protocol::ResourceTemplate;

constexpr std::string_view kScheme = "test://";
constexpr std::string_view kTemplateHead = "test://template/";
constexpr std::string_view kTemplateTail = "/data";

/// What stands for {id}; empty when `uri` is not of the template.
std::string_view template_id(std::string_view uri) {
    if (!uri.starts_with(kTemplateHead) || !uri.ends_with(kTemplateTail) ||
        uri.size() <= kTemplateHead.size() + kTemplateTail.size()) {
        return {};
    }
    uri.remove_prefix(kTemplateHead.size());
    uri.remove_suffix(kTemplateTail.size());
    return uri.find('/') == std::string_view::npos ? uri : std::string_view();
}

ResourceResult one(ResourceContents contents) {
    std::vector<ResourceContents> all;
    all.push_back(std::move(contents));
    ResourceResult result(std::move(all));
    result.ttl = std::chrono::minutes(1);
    return result;
}

class TestResources final : public protocol::ResourceSource {
public:
    bool owns(std::string_view uri) const noexcept override { return uri.starts_with(kScheme); }

    std::vector<ResourceDescriptor> resources() const override {
        std::vector<ResourceDescriptor> all;
        auto const add = [&all](std::string uri, char const* name, char const* what, char const* mime_type) {
            ResourceDescriptor& resource = all.emplace_back(std::move(uri), name);
            resource.description = what;
            resource.mime_type = mime_type;
        };
        add("test://static-text", "static-text", "A text", "text/plain");
        add("test://static-binary", "static-binary", "An image", "image/png");
        add(std::string(kWatchedResource), "watched-resource", "Can be subscribed to", "text/plain");
        return all;
    }

    std::vector<ResourceTemplate> templates() const override {
        std::vector<ResourceTemplate> all;
        ResourceTemplate& by_id = all.emplace_back("test://template/{id}/data", "template");
        by_id.description = "JSON that names the id";
        by_id.mime_type = "application/json";
        return all;
    }

    core::Task<ResourceResult> read(protocol::ResourceRead const& call) override {
        co_return contents_of(call.uri);
    }

    bool can_subscribe(std::string_view uri) const noexcept override { return uri == kWatchedResource; }

private:
    static ResourceResult contents_of(std::string_view uri) {
        std::string const text_uri(uri);
        if (uri == "test://static-text") {
            return one(
                ResourceContents(text_uri, "text/plain", "This is the content of the static text resource."));
        }
        if (uri == "test://static-binary") {
            return one(ResourceContents::binary(text_uri, "image/png", std::string(kPng)));
        }
        if (uri == kWatchedResource) {
            return one(ResourceContents(text_uri, "text/plain", "Watched resource content"));
        }
        std::string_view const id = template_id(uri);
        if (id.empty()) {
            return ResourceResult::not_found();
        }
        Json data{{"templateTest", true}};
        data["id"] = id;
        data["data"] = "Data for ID: " + std::string(id);
        return one(ResourceContents(text_uri, "application/json", core::dump_json(data)));
    }
};

/// Completes the first argument of the prompt, and the template's id.
class TestCompleter final : public protocol::Completer {
public:
    core::Task<protocol::Completions> complete(protocol::CompletionRequest const& request) override {
        protocol::Completions found;
        if (request.prompt == "test_prompt_with_arguments" && request.argument == "arg1") {
            found.values = those_with_prefix(request.value, {"paris", "park", "party"});
        } else if (request.uri_template == "test://template/{id}/data" && request.argument == "id") {
            found.values = those_with_prefix(request.value, {"123", "124", "200"});
        }
        found.total = found.values.size();
        co_return found;
    }

private:
    static std::vector<std::string> those_with_prefix(std::string_view prefix,
                                                      std::array<std::string_view, 3> const& words) {
        std::vector<std::string> found;
        for (std::string_view const word : words) {
            if (word.starts_with(prefix)) {
                found.emplace_back(word);
            }
        }
        return found;
    }
};

} // namespace

std::unique_ptr<protocol::ResourceSource> make_resources() {
    return std::make_unique<TestResources>();
}

std::unique_ptr<protocol::Completer> make_completer() {
    return std::make_unique<TestCompleter>();
}

} // namespace conformance
