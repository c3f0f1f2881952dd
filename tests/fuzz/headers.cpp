// The header rules of Streamable HTTP: what is let through repeats the body.
#include "fuzz.hpp"

#include "core/text/base64.hpp"
#include "protocol/http_binding.hpp"
#include "protocol/param_headers.hpp"

using fuzz::require;
using protocol::Json;

namespace {

void check_refusal(protocol::HttpRefusal const& refusal) {
    require(refusal.status >= 400 && refusal.status < 500, "a refusal is the client's fault");
    fuzz::require_good_error(refusal.fault.id, refusal.fault.error);
}

void check_mirrored(std::string_view value) {
    auto const decoded = protocol::decode_mirrored_value(value);
    if (decoded && *decoded != value) {
        require(core::is_valid_utf8(*decoded), "what was encoded is UTF-8");
        require("=?base64?" + core::base64_encode(*decoded) + "?=" == value, "one spelling for one value");
    }
    if (core::is_valid_utf8(value)) {
        auto const back = protocol::decode_mirrored_value("=?base64?" + core::base64_encode(value) + "?=");
        require(back == value, "any text can be repeated in a header");
    }
}

bool repeats(core::HttpHeaders const& headers, std::string_view name, std::string_view value) {
    auto const received = headers.get(name);
    return headers.count(name) == 1 && received && protocol::decode_mirrored_value(*received) == value;
}

std::vector<protocol::ParamHeader> const& expected_params() {
    static std::vector<protocol::ParamHeader> const headers{
        protocol::ParamHeader("Mcp-Param-Region", {"region"}),
        protocol::ParamHeader("Mcp-Param-Count", {"inner", "count"}),
        protocol::ParamHeader("Mcp-Param-Dry", {"dry"}),
    };
    return headers;
}

void check_arguments(core::HttpHeaders const& headers, Json const& arguments) {
    if (auto const error = protocol::check_param_headers(expected_params(), arguments, headers)) {
        require(error->code == protocol::rpc_code::header_mismatch, "a broken repetition is -32020");
        fuzz::require_good_error({}, *error);
    } else if (auto const region = core::find_string(arguments, "region")) {
        require(repeats(headers, "Mcp-Param-Region", *region), "the argument was repeated");
    }
}

void check_message(core::HttpHeaders const& headers, protocol::RpcMessage const& message) {
    if (message.kind == protocol::MessageKind::request) {
        if (auto const envelope = protocol::check_modern_request(headers, message); !envelope) {
            check_refusal(envelope.error());
            require(envelope.error().fault.id == message.id, "a refusal answers the request");
        } else {
            require(protocol::belongs_to_modern_era(headers, message), "a modern request is of its era");
            require(headers.get("Mcp-Method") == message.method, "the method was repeated");
            auto const name = core::find_string(message.params, "name");
            require(message.method != "tools/call" || !name || repeats(headers, "Mcp-Name", *name),
                    "the tool was repeated");
        }
        check_arguments(headers, Json(message.params));
    }
    if (auto const refusal = protocol::check_legacy_version(headers, message.id)) {
        check_refusal(*refusal);
    }
}

/// A schema of anybody's: annotations that are found are usable.
void check_annotations(Json const& schema) {
    auto const found = protocol::ParamHeaders::of_schema(schema);
    for (protocol::ParamHeader const& header : found.headers) {
        require(header.header.starts_with("Mcp-Param-") && !header.path.empty(),
                "a header leads to an argument");
        require(header.header.find_first_of(std::string_view(" \t\r\n:\0", 6)) == std::string::npos,
                "a header name is a token");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    fuzz::Request const request{fuzz::Input(data, size)};
    auto const form = protocol::bind_head(request.method, request.headers);
    if (!form) {
        check_refusal(form.error());
    }
    for (auto const& [name, value] : request.headers.fields()) {
        check_mirrored(value);
    }
    for (char const* const method : {"GET", "DELETE"}) {
        if (auto const refusal = protocol::check_bodyless(method, request.headers)) {
            check_refusal(*refusal);
        }
    }
    auto json = core::parse_json(request.body, core::JsonLimits());
    if (!json) {
        return 0;
    }
    check_annotations(*json);
    check_arguments(request.headers, *json);
    auto const message = protocol::read_message(std::move(*json));
    if (message) {
        check_message(request.headers, *message);
    }
    return 0;
}
