#pragma once

#include "core/http/http_message.hpp"
#include "core/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace test {

using core::Json;

/// One HTTP request to the daemon, as bytes: everything in it can be made wrong.
class Message {
public:
    explicit Message(std::string body_ = {}) : body(std::move(body_)) {
        set("Host", "127.0.0.1").set("Content-Type", "application/json");
    }

    Message&& method_is(std::string value) && {
        method = std::move(value);
        return std::move(*this);
    }
    Message&& target_is(std::string value) && {
        target = std::move(value);
        return std::move(*this);
    }
    /// An empty value removes the field.
    Message&& with(std::string const& name, std::string value) && {
        set(name, std::move(value));
        return std::move(*this);
    }
    Message& set(std::string const& name, std::string value) {
        std::erase_if(headers, [&](auto const& field) { return core::iequals(field.first, name); });
        if (!value.empty()) {
            headers.emplace_back(name, std::move(value));
        }
        return *this;
    }
    bool has(std::string const& name) const {
        return std::any_of(headers.begin(), headers.end(), [&](auto const& field) {
            return core::iequals(field.first, name);
        });
    }
    /// Empty when it is not there.
    std::string field(std::string const& name) const {
        for (auto const& [field_name, value] : headers) {
            if (core::iequals(field_name, name)) {
                return value;
            }
        }
        return {};
    }
    std::string bytes() const {
        std::string out = method + " " + target + " HTTP/1.1\r\n";
        for (auto const& [name, value] : headers) {
            out += name + ": " + value + "\r\n";
        }
        out += has("Content-Length") ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n";
        return out + "\r\n" + body;
    }

    std::string method = "POST";
    std::string target = "/mcp";
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
};

/// A JSON-RPC request of the initialize era.
inline Message legacy(std::string const& method, Json params = Json::object()) {
    Json const message = {{"jsonrpc", "2.0"}, {"id", 7}, {"method", method}, {"params", std::move(params)}};
    return Message(core::dump_json(message));
}

/// A 2026-07-28 request with the headers that repeat it.
inline Message
modern(std::string const& method, Json params = Json::object(), std::string const& version = "2026-07-28") {
    params["_meta"] = Json{{"io.modelcontextprotocol/protocolVersion", version},
                           {"io.modelcontextprotocol/clientCapabilities", Json::object()}};
    Message message = legacy(method, params).with("MCP-Protocol-Version", version).with("Mcp-Method", method);
    if (params.contains("name") && params["name"].is_string()) {
        message.set("Mcp-Name", params["name"].get<std::string>());
    }
    return message;
}

inline Json tool_params(std::string const& tool, Json arguments) {
    return Json{{"name", tool}, {"arguments", std::move(arguments)}};
}

} // namespace test
