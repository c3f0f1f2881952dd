#include "integration/support/official.hpp"

#include "official_schema/official_schema.hpp"

#include <gtest/gtest.h>

#include <mutex>
#include <optional>
#include <string>

namespace test {
namespace {

protocol::Revision revision_of(Json const& request, std::string_view version, Json const& message) {
    Json const* params = core::find_object(request, "params");
    Json const* meta = params != nullptr ? core::find_object(*params, "_meta") : nullptr;
    if (meta != nullptr && meta->contains("io.modelcontextprotocol/protocolVersion")) {
        return protocol::kModernRevision;
    }
    // What initialize came to is said in its result.
    Json const* result = core::find_object(message, "result");
    auto const negotiated = result != nullptr ? core::find_string(*result, "protocolVersion") : std::nullopt;
    return protocol::parse_revision(negotiated.value_or(version)).value_or(protocol::kRevisionWithoutHeader);
}

} // namespace

std::vector<std::string_view> messages_in(std::string_view body) {
    constexpr std::string_view kData = "\ndata: ";
    std::vector<std::string_view> messages;
    std::size_t at = body.find(kData);
    if (body.starts_with('{') || at == std::string_view::npos) {
        messages.push_back(body);
        return messages;
    }
    for (; at != std::string_view::npos; at = body.find(kData, at)) {
        at += kData.size();
        messages.push_back(body.substr(at, body.find('\n', at) - at));
    }
    return messages;
}

void expect_official(std::string_view request, std::string_view version, std::string_view answer) {
    static std::mutex one_at_a_time; // the schemas are shared by all clients of a test, and so by its threads
    std::lock_guard<std::mutex> const lock(one_at_a_time);
    Json const asked = Json::parse(request, nullptr, false);
    std::string const method(core::find_string(asked, "method").value_or(""));
    for (std::string_view const text : messages_in(answer)) {
        Json const message = Json::parse(text, nullptr, false);
        if (!message.is_object() || !message.contains("jsonrpc")) {
            continue;
        }
        for (auto const& violation :
             official_violations(revision_of(asked, version, message), method, message)) {
            ADD_FAILURE() << "official schema: " << violation << "\nmessage: " << message;
        }
    }
}

} // namespace test
