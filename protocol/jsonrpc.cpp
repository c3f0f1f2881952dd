#include "protocol/jsonrpc.hpp"

#include "protocol/json_writer.hpp"

#include <limits>

namespace protocol {
namespace {

tl::unexpected<RpcFault> invalid(RequestId id, std::string message) {
    return tl::unexpected<RpcFault>(RpcFault(
        std::move(id), RpcError(rpc_code::invalid_request, "Invalid request: " + std::move(message))));
}

std::string response_head(RequestId const& id, std::size_t payload_bytes) {
    std::string text;
    text.reserve(payload_bytes + 128);
    text += R"({"jsonrpc":"2.0","id":)";
    id.append_to(text);
    return text;
}

tl::expected<RpcMessage, RpcFault> read_response(Json& value, RequestId id) {
    bool const has_result = value.contains("result");
    if (id.empty() && has_result) {
        return invalid({}, "a response must have the id of its request");
    }
    if (has_result == value.contains("error")) {
        return invalid(std::move(id), "there is no method; a response has either a result or an error");
    }
    Json outcome = Json::object();
    char const* const member = has_result ? "result" : "error";
    outcome[member] = std::move(value[member]);
    return RpcMessage(MessageKind::response, std::move(id), {}, std::move(outcome));
}

} // namespace

std::optional<RequestId> RequestId::from_json(Json const& value) {
    if (value.is_string()) {
        return RequestId(value.get<std::string>());
    }
    if (value.is_number_unsigned() &&
        value.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        return std::nullopt;
    }
    return value.is_number_integer() ? std::optional(RequestId(value.get<std::int64_t>())) : std::nullopt;
}

void RequestId::append_to(std::string& out) const {
    if (auto const* number = std::get_if<std::int64_t>(&value_)) {
        out += std::to_string(*number);
    } else if (auto const* text = std::get_if<std::string>(&value_)) {
        append_json_string(out, *text);
    } else {
        out += "null";
    }
}

std::string RequestId::text() const {
    std::string out;
    append_to(out);
    return out;
}

tl::expected<RpcMessage, RpcFault> read_message(Json value) {
    if (!value.is_object()) {
        return invalid({}, "a message is one JSON object");
    }
    RequestId id;
    bool const has_id = value.contains("id");
    if (has_id) {
        auto read = RequestId::from_json(value["id"]);
        // An error response to a message whose id the peer could not read has a null id.
        bool const null_of_error =
            value["id"].is_null() && value.contains("error") && !value.contains("method");
        if (!read && !null_of_error) {
            return invalid({}, "id must be a string or an integer of 64 bits");
        }
        if (read) {
            id = std::move(*read);
        }
    }
    if (core::find_string(value, "jsonrpc") != "2.0") {
        return invalid(std::move(id), "jsonrpc must be \"2.0\"");
    }
    auto const method = value.find("method");
    if (method == value.end()) {
        return read_response(value, std::move(id));
    }
    if (!method->is_string()) {
        return invalid(std::move(id), "method must be a string");
    }
    if (value.contains("result") || value.contains("error")) {
        return invalid(std::move(id), "a message with a method has neither result nor error");
    }
    Json params;
    if (auto const it = value.find("params"); it != value.end()) {
        if (!it->is_object()) {
            return invalid(std::move(id), "params must be an object");
        }
        params = std::move(*it);
    }
    return RpcMessage(has_id ? MessageKind::request : MessageKind::notification,
                      std::move(id),
                      std::move(method->get_ref<std::string&>()),
                      std::move(params));
}

std::string error_response(RequestId const& id, RpcError const& error) {
    std::string text = response_head(id, error.message.size());
    text += R"(,"error":{"code":)";
    text += std::to_string(error.code);
    text += R"(,"message":)";
    append_json_string(text, error.message);
    if (!error.data.is_null()) {
        text += R"(,"data":)";
        append_json(text, error.data);
    }
    text += "}}";
    return text;
}

std::string begin_result(RequestId const& id, std::size_t result_bytes) {
    std::string text = response_head(id, result_bytes);
    text += R"(,"result":)";
    return text;
}

std::string result_response(RequestId const& id, std::string_view result) {
    std::string text = begin_result(id, result.size());
    text += result;
    text += '}';
    return text;
}

} // namespace protocol
