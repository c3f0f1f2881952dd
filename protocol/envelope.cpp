#include "protocol/envelope.hpp"

#include "protocol/version.hpp"

namespace protocol {
namespace {

std::string in_meta(std::string_view key) {
    return "params._meta[\"" + std::string(key) + "\"]";
}

tl::unexpected<RpcError> invalid(std::string message) {
    return tl::unexpected<RpcError>(
        RpcError(rpc_code::invalid_params, "Invalid params: " + std::move(message)));
}

bool is_implementation(Json const& value) {
    return core::find_string(value, "name") && core::find_string(value, "version");
}

bool is_log_level(Json const& value) {
    return value.is_string() && parse_log_level(value.get_ref<std::string const&>());
}

/// Lower-case hexadecimal digits, not all of them zero unless `may_be_zero`.
bool is_hex(std::string_view text, bool may_be_zero) {
    return text.find_first_not_of("0123456789abcdef") == std::string_view::npos &&
           (may_be_zero || text.find_first_not_of('0') != std::string_view::npos);
}

} // namespace

bool claims_modern_era(Json const& params) {
    Json const* meta = core::find_object(params, "_meta");
    return meta != nullptr && core::find(*meta, meta_key::protocol_version) != nullptr;
}

tl::expected<Envelope, RpcError> read_envelope(Json const& params) {
    Json const* meta = core::find(params, "_meta");
    if (meta != nullptr && !meta->is_object()) {
        return invalid("params._meta must be an object");
    }
    Json const none;
    Json const& keys = meta != nullptr ? *meta : none;
    auto const version = core::find_string(keys, meta_key::protocol_version);
    if (!version) {
        return invalid(
            in_meta(meta_key::protocol_version) +
            (core::find(keys, meta_key::protocol_version) != nullptr ? " must be a string" : " is missing"));
    }
    Json const* capabilities = core::find(keys, meta_key::client_capabilities);
    if (capabilities == nullptr || !capabilities->is_object()) {
        return invalid(in_meta(meta_key::client_capabilities) +
                       (capabilities != nullptr ? " must be an object" : " is missing; {} declares none"));
    }
    if (Json const* client = core::find(keys, meta_key::client_info);
        client != nullptr && !is_implementation(*client)) {
        return invalid(in_meta(meta_key::client_info) +
                       " must be an object with the strings name and version");
    }
    if (Json const* level = core::find(keys, meta_key::log_level);
        level != nullptr && !is_log_level(*level)) {
        return invalid(in_meta(meta_key::log_level) +
                       " must be one of debug, info, notice, warning, error, critical, alert, emergency");
    }
    if (Json const* token = core::find(keys, "progressToken");
        token != nullptr && !token->is_string() && !token->is_number_integer()) {
        return invalid("params._meta.progressToken must be a string or an integer");
    }
    Envelope envelope{std::string(*version)};
    envelope.features = ClientFeatures::of(*capabilities, kModernRevision);
    if (auto const level = core::find_string(keys, meta_key::log_level)) {
        envelope.log_level = parse_log_level(*level);
    }
    return envelope;
}

RpcError unsupported_version(std::string_view requested) {
    Json data = Json::object();
    data["supported"] = Json::array({std::string(to_string(kModernRevision))});
    data["requested"] = std::string(requested);
    return RpcError(rpc_code::unsupported_protocol_version, "Unsupported protocol version", std::move(data));
}

std::optional<std::string> trace_parent_of(Json const& params) {
    Json const* meta = core::find_object(params, "_meta");
    auto const text = meta != nullptr ? core::find_string(*meta, "traceparent") : std::nullopt;
    constexpr std::size_t kLength = 55; // version 2, trace id 32, parent id 16, flags 2, three dashes
    if (!text || text->size() != kLength || (*text)[2] != '-' || (*text)[35] != '-' || (*text)[52] != '-') {
        return std::nullopt;
    }
    bool const good = is_hex(text->substr(0, 2), true) && text->substr(0, 2) != "ff" &&
                      is_hex(text->substr(3, 32), false) && is_hex(text->substr(36, 16), false) &&
                      is_hex(text->substr(53, 2), true);
    return good ? std::optional(std::string(*text)) : std::nullopt;
}

} // namespace protocol
