#pragma once

#include "core/json.hpp"
#include "core/task.hpp"
#include "protocol/input_request.hpp"
#include "protocol/jsonrpc.hpp"
#include "protocol/request_client.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace protocol {

class ResourceDescriptor {
public:
    ResourceDescriptor(std::string uri_, std::string name_) : uri(std::move(uri_)), name(std::move(name_)) {}

    std::string uri;
    std::string name;
    std::string title;
    std::string description;
    std::string mime_type;
    std::optional<std::uint64_t> size; ///< bytes
};

/// An RFC 6570 template.
class ResourceTemplate {
public:
    ResourceTemplate(std::string uri_template_, std::string name_)
        : uri_template(std::move(uri_template_)), name(std::move(name_)) {}

    std::string uri_template;
    std::string name;
    std::string title;
    std::string description;
    std::string mime_type;
};

class ResourceContents {
public:
    ResourceContents(std::string uri_, std::string mime_type_, std::string text_)
        : uri(std::move(uri_)), mime_type(std::move(mime_type_)), text(std::move(text_)) {}
    static ResourceContents binary(std::string uri_, std::string mime_type_, std::string base64) {
        ResourceContents contents(std::move(uri_), std::move(mime_type_), std::move(base64));
        contents.is_binary = true;
        return contents;
    }

    std::string uri;
    std::string mime_type;
    std::string text; ///< base64 when binary
    bool is_binary = false;
    Json meta; ///< null = none
};

class ResourceResult {
public:
    explicit ResourceResult(std::vector<ResourceContents> contents_) : contents(std::move(contents_)) {}
    /// The protocol's own "no such resource", with the URI in its data: -32602, or -32002 before 2026-07-28.
    static ResourceResult not_found() { return ResourceResult({}); }
    static ResourceResult ask(InputNeeded needed_) {
        ResourceResult result({});
        result.needed.emplace(std::move(needed_));
        return result;
    }
    static ResourceResult refuse(RpcError error_) {
        ResourceResult result({});
        result.refusal.emplace(std::move(error_));
        return result;
    }

    std::vector<ResourceContents> contents; ///< empty = not found
    std::chrono::milliseconds ttl{0};       ///< how long a client may keep it (2026-07-28)
    std::optional<InputNeeded> needed;
    std::optional<RpcError> refusal;
};

/// One round of resources/read.
class ResourceRead : public HandlerContext {
public:
    ResourceRead(std::string_view uri_,
                 core::Principal const& caller_,
                 core::CallContext const& ctx_,
                 RequestClient& client_)
        : HandlerContext(caller_, ctx_, client_), uri(uri_) {}

    std::string_view uri;
    Json inputs = Json::object();
    Json state;
};

/// A family of resources under URIs of its own.
class ResourceSource {
public:
    virtual ~ResourceSource() = default;
    /// True when `uri` is of this family, whether or not there is such a resource.
    virtual bool owns(std::string_view uri) const noexcept = 0;
    /// What resources/list shows now, in a stable order.
    virtual std::vector<ResourceDescriptor> resources() const = 0;
    virtual std::vector<ResourceTemplate> templates() const = 0;
    /// `call` outlives the task. May be called concurrently.
    virtual core::Task<ResourceResult> read(ResourceRead const& call) = 0;
    /// True when changes of it are announced through the ChangeHub.
    virtual bool can_subscribe(std::string_view uri) const noexcept = 0;
};

} // namespace protocol
