#include "server/router/knowledge_resources.hpp"

#include "server/router/knowledge_uri.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace server {
namespace {

using core::Json;

constexpr char kJsonType[] = "application/json";

Json describe(SourceView const& source) {
    Json json = describe_source(source);
    json["url"] = source.url;
    if (!source.index.is_null()) {
        json["index"] = source.index;
    }
    if (!source.description.empty()) {
        json["description"] = source.description;
    }
    return json;
}

} // namespace

bool KnowledgeResources::owns(std::string_view uri) const noexcept {
    return uri.starts_with(kKnowledgeScheme);
}

std::vector<protocol::ResourceDescriptor> KnowledgeResources::resources() const {
    std::vector<protocol::ResourceDescriptor> listed;
    for (SourceView const& source : sources_.views()) {
        protocol::ResourceDescriptor descriptor(knowledge_uri(source.name), source.name);
        descriptor.title = (source.kind == "wiki" ? "Wiki " : "Repository ") + source.target + " of " +
                           source.organization + "/" + source.project;
        descriptor.description = source.description.empty()
                                     ? "A knowledge source: where it is and how its connector stands"
                                     : source.description;
        descriptor.mime_type = kJsonType;
        listed.push_back(std::move(descriptor));
    }
    return listed;
}

core::Task<protocol::ResourceResult> KnowledgeResources::read(protocol::ResourceRead const& call) {
    for (SourceView const& source : sources_.views()) {
        if (knowledge_uri(source.name) == call.uri) {
            std::vector<protocol::ResourceContents> contents;
            contents.emplace_back(std::string(call.uri), kJsonType, core::dump_json_pretty(describe(source)));
            co_return protocol::ResourceResult(std::move(contents));
        }
    }
    co_return protocol::ResourceResult::not_found();
}

} // namespace server
