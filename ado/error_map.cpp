#include "ado/error_map.hpp"

#include "ado/error_body.hpp"
#include "ado/error_fixes.hpp"
#include "core/http/retry.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

namespace ado {
namespace {

using core::ErrorKind;

constexpr std::chrono::seconds kRetryAfterCap{300};

bool contains(std::string_view text, std::string_view part) noexcept {
    return text.find(part) != std::string_view::npos;
}

std::string_view header(core::HttpResponse const& response, std::string_view name) {
    return response.headers.get(name).value_or(std::string_view());
}

bool is_html(core::HttpResponse const& response) {
    constexpr std::string_view kHtml = "text/html";
    if (core::iequals(header(response, "Content-Type"), "application/octet-stream")) {
        return false; // a file's bytes, whatever they begin with
    }
    return core::iequals(header(response, "Content-Type").substr(0, kHtml.size()), kHtml) ||
           looks_like_markup(response.body);
}

/// The service knows the caller and will not have it: another token of the same identity would not help.
bool refuses_identity(std::string_view body) noexcept {
    bool const anonymous = contains(body, "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa") ||
                           contains(body, "00000000-0000-0000-0000-000000000000");
    return (contains(body, "TF400813") && !anonymous) || contains(body, "AadUserStateException") ||
           contains(body, "has not been materialized");
}

bool is_sign_in_redirect(core::HttpResponse const& response) {
    std::string const location = core::to_lower_ascii(header(response, "Location"));
    return contains(location, "/_signin") || contains(location, "login.microsoftonline.com") ||
           contains(location, "/oauth2/");
}

ErrorKind kind_of(core::HttpResponse const& response, ErrorBody const& body) {
    int const status = response.status;
    if (is_credential_refusal(response)) {
        return ErrorKind::unauthorized;
    }
    if (status == 429 || body.code == "TF400733" || body.type_key == "RequestBlockedException" ||
        body.code == "VS402490") {
        return ErrorKind::rate_limited;
    }
    if (body.code == "VS402335" || body.code == "VS402491") {
        return ErrorKind::upstream;
    }
    switch (status) {
    case 401: // an identity that is refused, see is_credential_refusal
    case 403:
        return ErrorKind::forbidden;
    case 404:
    case 410:
        return ErrorKind::not_found;
    case 407:
        return ErrorKind::network;
    case 408:
        return ErrorKind::upstream;
    case 409:
    case 412:
        return ErrorKind::conflict;
    default:
        break;
    }
    if (status >= 500) {
        // Some areas answer 500 for what is plainly not there.
        return body.type_key.ends_with("NotFoundException") ? ErrorKind::not_found : ErrorKind::upstream;
    }
    return status >= 400 ? ErrorKind::invalid_argument : ErrorKind::protocol;
}

/// Certain that the request changed nothing.
bool had_no_effect(core::HttpResponse const& response, ErrorBody const& body) {
    int const status = response.status;
    if (status == 408) {
        return false;
    }
    if (status >= 400 && status < 500) {
        return true;
    }
    return status == 203 || (status >= 300 && status < 400) ||
           (status == 503 && (response.headers.get("Retry-After") || body.code == "TF24668"));
}

std::string describe_status(core::HttpResponse const& response, ErrorContext const& context) {
    std::string text = "Azure DevOps answered " + std::to_string(response.status);
    if (!context.organization.empty()) {
        text += " for the organization " + std::string(context.organization);
    }
    return text;
}

std::string message_of(core::HttpResponse const& response,
                       ErrorBody const& body,
                       ErrorKind kind,
                       ErrorContext const& context) {
    std::string const status = describe_status(response, context);
    if (kind == ErrorKind::unauthorized) {
        std::string text = "Azure DevOps refused the credential";
        if (!context.organization.empty()) {
            text += " for the organization " + std::string(context.organization);
        }
        bool const explains = !body.message.empty() && response.status >= 400;
        return explains ? text + ": " + body.message
                        : text + (is_html(response) ? " (it answered with a sign-in page)" : "");
    }
    if (!body.violations.empty()) {
        return describe_violations(body);
    }
    if (response.status >= 300 && response.status < 400) {
        return status + " with a redirect, which is not followed";
    }
    if (response.status == 404 && (body.is_html || body.is_empty)) {
        return status + ": there is no such organization or resource, or it is not visible to this identity";
    }
    if (body.message.empty() || (body.is_html && response.status < 500)) {
        return status + (body.message.empty() ? " without an explanation" : ": " + body.message);
    }
    return body.is_html ? status + ": " + body.message : body.message;
}

std::string activity_of(core::HttpResponse const& response, ErrorBody const& body) {
    for (std::string_view const name : {"ActivityId", "X-VSS-E2EID"}) {
        if (std::string_view const id = header(response, name); !id.empty() && id.size() <= 64) {
            return std::string(id);
        }
    }
    constexpr std::string_view kMark = "Activity Id: ";
    constexpr std::size_t kUuidLength = 36;
    std::size_t const at = body.message.find(kMark);
    return at == std::string::npos ? std::string() : body.message.substr(at + kMark.size(), kUuidLength);
}

} // namespace

bool is_credential_refusal(core::HttpResponse const& response) {
    int const status = response.status;
    if (status == 401) {
        return !refuses_identity(response.body);
    }
    if (status == 203) {
        return true;
    }
    if (status >= 300 && status < 400) {
        return is_sign_in_redirect(response);
    }
    return status >= 200 && status < 300 && is_html(response);
}

bool is_success(core::HttpResponse const& response) {
    return response.status >= 200 && response.status < 300 && response.status != 203 && !is_html(response);
}

core::Error map_error(core::HttpResponse const& response, ErrorContext const& context) {
    ErrorBody const body = read_error_body(response.body, header(response, "X-TFS-ServiceError"));
    ErrorKind const kind = kind_of(response, body);
    FixContext const fix_context(
        response.status, kind, context.scope, context.organization, context.code_search);

    core::Error error = core::Error(kind, message_of(response, body, kind, context))
                            .with_fix(fix_for(body, fix_context))
                            .with_code(body.code.empty() ? body.type_key : body.code)
                            .with_activity_id(activity_of(response, body))
                            .with_status(response.status)
                            .with_not_sent(had_no_effect(response, body));
    // A stopped organization does not start again by waiting.
    if (std::optional<std::string_view> const wait = response.headers.get("Retry-After");
        wait && body.code != "TF24668") {
        if (auto const parsed = core::parse_retry_after(*wait, context.now, kRetryAfterCap)) {
            static_cast<void>(
                std::move(error).with_retry_after(std::chrono::ceil<std::chrono::seconds>(*parsed)));
        }
    }
    return error;
}

core::Error missing_scope(Scope scope, core::HttpResponse const& response) {
    return core::Error(ErrorKind::forbidden,
                       "Token lacks `" + std::string(permission_name(scope)) + "` permission")
        .with_fix("Create a personal access token that also has " + std::string(token_page_name(scope)) +
                  " (" + std::string(scope_id(scope)) + ") and store it for this organization.")
        .with_code("missing_scope")
        .with_activity_id(activity_of(response, ErrorBody()))
        .with_status(response.status)
        .with_not_sent();
}

} // namespace ado
