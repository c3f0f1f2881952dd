// JSON text to JSON-RPC messages and the 2026-07-28 envelope, and back.
#include "fuzz.hpp"

#include "core/json.hpp"
#include "protocol/client_features.hpp"
#include "protocol/envelope.hpp"
#include "protocol/json_writer.hpp"
#include "protocol/request_client.hpp"

using fuzz::require;

namespace {

constexpr std::size_t kDepth = 16;

void check_id(protocol::RequestId const& id) {
    std::string text;
    id.append_to(text);
    auto const json = core::parse_json(text, core::JsonLimits());
    require(json.has_value(), "an id is JSON");
    auto const again = protocol::RequestId::from_json(*json);
    require(id.empty() ? !again : again == id, "an id comes back as it was");
}

void check_params(protocol::Json const& params) {
    auto const envelope = protocol::read_envelope(params);
    if (!envelope) {
        fuzz::require_good_error({}, envelope.error());
        require(envelope.error().code == protocol::rpc_code::invalid_params, "a bad envelope is -32602");
    } else {
        require(protocol::claims_modern_era(params), "only a message that claims the era has an envelope");
        fuzz::require_good_error({}, protocol::unsupported_version(envelope->version));
    }
    if (auto const trace = protocol::trace_parent_of(params)) {
        require(trace->find_first_not_of("0123456789abcdef-") == std::string::npos,
                "a trace context is plain");
    }
    for (protocol::Revision const revision : protocol::kRevisions) {
        auto const features = protocol::ClientFeatures::of(params, revision);
        require(protocol::ClientFeatures::from_bits(features.bits()) == features, "features fit in a byte");
    }
    auto const level = core::find_string(params, "level");
    if (auto const parsed = level ? protocol::parse_log_level(*level) : std::nullopt) {
        require(protocol::to_string(*parsed) == *level, "a log level comes back as it was");
    }
}

void check_writer(protocol::Json const& value) {
    std::string text;
    protocol::append_json(text, value);
    require(text.find('\n') == std::string::npos, "JSON is written on one line");
    core::JsonLimits limits;
    limits.max_depth = kDepth;
    auto const again = core::parse_json(text, limits);
    require(again && *again == value, "JSON comes back as it was");
    // Save that ours never writes a bare DEL.
    require(text == core::dump_json(value) || text.find("\\u007f") != std::string::npos,
            "both writers agree");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const text(reinterpret_cast<char const*>(data), size);
    core::JsonLimits limits;
    limits.max_depth = kDepth;
    auto json = core::parse_json(text, limits);
    if (!json) {
        require(core::is_valid_utf8(json.error().message()), "why it is no JSON is UTF-8");
        std::string quoted;
        protocol::append_json_string(quoted, text);
        auto const string = core::parse_json(quoted, limits);
        require(string && string->is_string() && core::is_valid_utf8(string->get<std::string>()),
                "any bytes become a JSON string");
        require(core::is_valid_utf8(protocol::json_quoted(text)), "quoted input is UTF-8");
        return 0;
    }
    check_writer(*json);
    check_params(*json);
    auto const message = protocol::read_message(std::move(*json));
    if (!message) {
        check_id(message.error().id);
        fuzz::require_good_error(message.error().id, message.error().error);
        return 0;
    }
    check_id(message->id);
    require(message->params.is_null() || message->params.is_object(), "params are an object");
    require((message->kind == protocol::MessageKind::response) == message->method.empty() ||
                message->kind != protocol::MessageKind::response,
            "a response has no method");
    require((message->kind == protocol::MessageKind::notification) <= message->id.empty(),
            "a notification has no id");
    check_params(message->params);
    return 0;
}
