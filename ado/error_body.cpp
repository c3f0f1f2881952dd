#include "ado/error_body.hpp"

#include "core/http/http_message.hpp"
#include "core/json.hpp"
#include "core/log.hpp"
#include "core/text/percent_encoding.hpp"
#include "core/text/utf8.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

namespace ado {
namespace {

constexpr std::size_t kMaxMessageBytes = 1000;
constexpr std::size_t kMaxBodyBytes = 1024 * 1024;
constexpr std::size_t kMaxViolations = 20;

std::string_view without_bom_and_space(std::string_view body) noexcept {
    if (body.starts_with("\xEF\xBB\xBF")) {
        body.remove_prefix(3);
    }
    body.remove_prefix(std::min(body.find_first_not_of(" \t\r\n"), body.size()));
    return body;
}

/// Upstream text made fit to be shown: valid UTF-8, no control characters, runs of white space as one space,
/// bounded.
std::string clean(std::string_view text) {
    std::string const valid = core::to_valid_utf8(text.substr(0, 8 * kMaxMessageBytes));
    std::string out;
    for (char const c : valid) {
        bool const printable = static_cast<unsigned char>(c) > 0x20 && c != 0x7f;
        if (printable) {
            out += c;
        } else if (!out.empty() && out.back() != ' ') {
            out += ' ';
        }
    }
    if (!out.empty() && out.back() == ' ') {
        out.pop_back();
    }
    out = core::log::mask_secrets(out);
    if (out.size() > kMaxMessageBytes) {
        out = std::string(core::utf8_prefix(out, kMaxMessageBytes)) + "...";
    }
    return out;
}

/// `TF401320: ...` -> `TF401320`.
std::string leading_code(std::string_view message) {
    std::size_t letters = 0;
    while (letters < message.size() && message[letters] >= 'A' && message[letters] <= 'Z') {
        ++letters;
    }
    std::size_t end = letters;
    while (end < message.size() && message[end] >= '0' && message[end] <= '9') {
        ++end;
    }
    bool const is_code =
        letters >= 2 && letters <= 4 && end >= letters + 3 && end < message.size() && message[end] == ':';
    return is_code ? std::string(message.substr(0, end)) : std::string();
}

std::string html_title(std::string_view html) {
    std::string const head = core::to_lower_ascii(html.substr(0, 16 * 1024));
    std::size_t const open = head.find("<title");
    std::size_t const begin = open == std::string::npos ? open : head.find('>', open);
    std::size_t const end = begin == std::string::npos ? begin : head.find("</title", begin);
    return end == std::string::npos ? std::string() : std::string(html.substr(begin + 1, end - begin - 1));
}

/// `Microsoft.X.Y.FooException, Microsoft.X` -> `FooException`.
std::string_view short_type(std::string_view type_name) noexcept {
    type_name = type_name.substr(0, type_name.find(','));
    return type_name.substr(type_name.rfind('.') + 1);
}

void read_violations(core::Json const& json, ErrorBody& out) {
    core::Json const* properties = core::find_object(json, "customProperties");
    if (properties == nullptr) {
        return;
    }
    core::Json const* violations = core::find_array(*properties, "RuleValidationErrors");
    if (violations != nullptr) {
        for (core::Json const& item : *violations) {
            RuleViolation violation;
            violation.field = clean(core::find_string(item, "fieldReferenceName").value_or(""));
            violation.flags = clean(core::find_string(item, "fieldStatusFlags").value_or(""));
            violation.message = clean(core::find_string(item, "errorMessage").value_or(""));
            if (!violation.field.empty() && out.violations.size() < kMaxViolations) {
                out.violations.push_back(std::move(violation));
            }
        }
    }
    if (out.violations.empty()) {
        if (auto const field = core::find_string(*properties, "FieldReferenceName");
            field && !field->empty()) {
            RuleViolation violation;
            violation.field = clean(*field);
            violation.flags = clean(core::find_string(*properties, "FieldStatusFlags").value_or(""));
            violation.message = clean(core::find_string(*properties, "ErrorMessage").value_or(""));
            out.violations.push_back(std::move(violation));
        }
    }
}

void read_json(core::Json const& json, ErrorBody& out) {
    for (std::string_view const name :
         {"message", "Message", "errorMessage", "error_description", "detail", "title"}) {
        if (out.message.empty()) {
            out.message = clean(core::find_string(json, name).value_or(""));
        }
    }
    if (out.message.empty()) {
        // Model binding fails with {"count":1,"value":{"Message":"..."}}, gateways with
        // {"error":{"message":"..."}}.
        for (std::string_view const wrapper : {"value", "error"}) {
            core::Json const* inner = core::find_object(json, wrapper);
            if (inner != nullptr && out.message.empty()) {
                out.message = clean(core::find_string(*inner, "Message").value_or(""));
                if (out.message.empty()) {
                    out.message = clean(core::find_string(*inner, "message").value_or(""));
                }
            }
        }
    }
    std::string_view key = core::find_string(json, "typeKey").value_or("");
    if (key.empty()) {
        key = short_type(core::find_string(json, "typeName").value_or(""));
    }
    out.type_key = clean(key);
    read_violations(json, out);
    if (out.message.empty() && !out.violations.empty()) {
        out.message = out.violations.front().message;
    }
}

/// Percent-encoded text that may have been cut off in the middle of an escape.
std::string decode_service_error(std::string_view value) {
    std::size_t const escape = value.rfind('%');
    if (escape != std::string_view::npos && escape + 3 > value.size()) {
        value = value.substr(0, escape);
    }
    return core::percent_decode(value).value_or(std::string(value));
}

} // namespace

bool looks_like_markup(std::string_view body) noexcept {
    return without_bom_and_space(body).starts_with('<');
}

ErrorBody read_error_body(std::string_view body, std::string_view service_error) {
    ErrorBody out;
    std::string_view const text = without_bom_and_space(body);
    out.is_empty = text.empty();
    if (text.starts_with('<')) {
        out.is_html = true;
        out.message = clean(html_title(text));
    } else if (text.starts_with('{') || text.starts_with('[')) {
        core::JsonLimits limits;
        limits.max_bytes = kMaxBodyBytes;
        limits.max_depth = core::kUpstreamJsonDepth;
        core::Result<core::Json> const json = core::parse_json(text, limits);
        if (json) {
            read_json(*json, out);
        } else {
            out.message = clean(text);
        }
    } else if (text.starts_with('"')) {
        core::Result<core::Json> const json = core::parse_json(text, core::JsonLimits());
        out.message =
            clean(json && json->is_string() ? std::string_view(json->get_ref<std::string const&>()) : text);
    } else {
        out.message = clean(text);
    }
    if (out.message.empty() && !service_error.empty()) {
        out.message = clean(decode_service_error(service_error));
    }
    out.code = leading_code(out.message);
    return out;
}

} // namespace ado
