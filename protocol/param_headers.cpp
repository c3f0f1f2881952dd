#include "protocol/param_headers.hpp"

#include "core/text/base64.hpp"
#include "core/text/utf8.hpp"
#include "protocol/json_writer.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace protocol {
namespace {

constexpr std::string_view kAnnotation = "x-mcp-header";
constexpr std::string_view kSentinelOpens = "=?base64?";
constexpr std::string_view kSentinelCloses = "?=";
constexpr double kLargestSafeInteger = 9007199254740991.0; // 2^53 - 1: what every client can write exactly

bool is_token(std::string_view text) {
    constexpr std::string_view kTokenCharacters = "!#$%&'*+-.^_`|~0123456789"
                                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                  "abcdefghijklmnopqrstuvwxyz";
    return !text.empty() && text.find_first_not_of(kTokenCharacters) == std::string_view::npos;
}

std::size_t count_annotations(Json const& schema) {
    std::size_t count = 0;
    if (schema.is_object()) {
        count += schema.contains(kAnnotation) ? 1U : 0U;
    }
    if (schema.is_structured()) {
        for (Json const& part : schema) {
            count += count_annotations(part);
        }
    }
    return count;
}

void collect(Json const& schema, std::vector<std::string> const& path, ParamHeaders& out) {
    Json const* properties = core::find_object(schema, "properties");
    if (properties == nullptr) {
        return;
    }
    for (auto it = properties->begin(); it != properties->end(); ++it) {
        std::vector<std::string> here = path;
        here.push_back(it.key());
        if (Json const* annotation = core::find(*it, kAnnotation)) {
            auto const type = core::find_string(*it, "type").value_or("");
            std::string const name = annotation->is_string() ? annotation->get<std::string>() : std::string();
            std::string const header = "Mcp-Param-" + name;
            if (!is_token(name)) {
                out.findings.push_back(it.key() + ": x-mcp-header must be a header name");
            } else if (type != "string" && type != "integer" && type != "boolean") {
                out.findings.push_back(it.key() +
                                       ": x-mcp-header stands on a string, an integer or a boolean");
            } else if (std::any_of(out.headers.begin(), out.headers.end(), [&](ParamHeader const& other) {
                           return core::iequals(other.header, header);
                       })) {
                out.findings.push_back(it.key() + ": x-mcp-header " + name + " is used twice");
            } else {
                out.headers.emplace_back(header, here);
            }
        }
        collect(*it, here, out);
    }
}

Json const* at_path(Json const& arguments, std::vector<std::string> const& path) {
    Json const* value = &arguments;
    for (std::string const& name : path) {
        value = value != nullptr ? core::find(*value, name) : nullptr;
    }
    return value;
}

bool equals_integer(std::string_view text, Json const& value) {
    std::int64_t number = 0;
    auto const end = text.data() + text.size();
    auto const parsed = std::from_chars(text.data(), end, number);
    if (parsed.ec != std::errc() || parsed.ptr != end) {
        return false;
    }
    if (auto const exact = core::find_int(Json{{"n", value}}, "n")) {
        return *exact == number;
    }
    double const real = value.get<double>();
    return std::abs(real) <= kLargestSafeInteger && real == static_cast<double>(number);
}

bool matches(std::string_view header, Json const& value) {
    if (value.is_string()) {
        return decode_mirrored_value(header) == value.get_ref<std::string const&>();
    }
    if (value.is_boolean()) {
        return header == (value.get<bool>() ? "true" : "false");
    }
    return equals_integer(header, value);
}

RpcError mismatch(std::string message) {
    return RpcError(rpc_code::header_mismatch, "Header mismatch: " + std::move(message));
}

} // namespace

ParamHeaders ParamHeaders::of_schema(Json const& input_schema) {
    ParamHeaders result;
    collect(input_schema, {}, result);
    if (count_annotations(input_schema) != result.headers.size() + result.findings.size()) {
        result.findings.emplace_back("x-mcp-header stands where properties alone do not lead");
    }
    return result;
}

std::optional<RpcError> check_param_headers(std::vector<ParamHeader> const& expected,
                                            Json const& arguments,
                                            core::HttpHeaders const& received) {
    for (ParamHeader const& param : expected) {
        Json const* value = at_path(arguments, param.path);
        // Nothing to repeat; values of a wrong type are told apart by the schema afterwards, with better
        // words.
        if (value == nullptr || !(value->is_string() || value->is_boolean() || value->is_number())) {
            continue;
        }
        SingleHeader const header(received, param.header);
        if (!header.value) {
            return mismatch(param.header + " is missing; it must repeat the argument " +
                            json_quoted(param.path.back()));
        }
        if (header.repeated || !matches(*header.value, *value)) {
            return mismatch(param.header + " does not repeat the argument " + json_quoted(param.path.back()));
        }
    }
    return std::nullopt;
}

std::optional<std::string> decode_mirrored_value(std::string_view value) {
    if (value.size() < kSentinelOpens.size() + kSentinelCloses.size() || !value.starts_with(kSentinelOpens) ||
        !value.ends_with(kSentinelCloses)) {
        return std::string(value);
    }
    value.remove_prefix(kSentinelOpens.size());
    value.remove_suffix(kSentinelCloses.size());
    auto decoded = core::base64_decode(value);
    return decoded && core::is_valid_utf8(*decoded) ? std::move(decoded) : std::nullopt;
}

} // namespace protocol
