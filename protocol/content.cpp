#include "protocol/content.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace protocol::content {
namespace {

core::Json media(char const* type, std::string base64, std::string mime_type) {
    core::Json block = core::Json::object();
    block["type"] = type;
    block["data"] = std::move(base64);
    block["mimeType"] = std::move(mime_type);
    return block;
}

} // namespace

core::Json text(std::string text) {
    core::Json block = core::Json::object();
    block["type"] = "text";
    block["text"] = std::move(text);
    return block;
}

core::Json image(std::string base64, std::string mime_type) {
    return media("image", std::move(base64), std::move(mime_type));
}

core::Json audio(std::string base64, std::string mime_type) {
    return media("audio", std::move(base64), std::move(mime_type));
}

core::Json resource(core::Json contents) {
    core::Json block = core::Json::object();
    block["type"] = "resource";
    block["resource"] = std::move(contents);
    return block;
}

core::Json resource_link(std::string uri, std::string name, std::string description, std::string mime_type) {
    core::Json block = core::Json::object();
    block["type"] = "resource_link";
    block["uri"] = std::move(uri);
    block["name"] = std::move(name);
    if (!description.empty()) {
        block["description"] = std::move(description);
    }
    if (!mime_type.empty()) {
        block["mimeType"] = std::move(mime_type);
    }
    return block;
}

} // namespace protocol::content
