#include "auth/entra_error.hpp"

#include "auth/entra_error_table.hpp"
#include "core/http/retry.hpp"
#include "core/json.hpp"
#include "core/log.hpp"
#include "core/text/percent_encoding.hpp"
#include "core/text/utf8.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

namespace auth {
namespace {

using core::ErrorKind;
using std::chrono::seconds;

constexpr std::size_t kLongestDescription = 600;
constexpr std::size_t kErrorBodyBytes = 64U * 1024;
constexpr std::int64_t kLoopDetected = 50196;
constexpr seconds kLoopPause{300};

/// The members of an error body that matter here.
class ErrorBody {
public:
    bool is_json = false;
    std::string error;
    std::string description;
    std::string suberror;
    std::string claims;
    std::string correlation_id;
    std::string trace_id;
    std::vector<std::int64_t> codes;
};

std::string text_member(core::Json const& object, std::string_view name) {
    return std::string(core::find_string(object, name).value_or(std::string_view()));
}

void add_code(std::vector<std::int64_t>& codes, std::int64_t code) {
    if (code > 0 && std::ranges::find(codes, code) == codes.end()) {
        codes.push_back(code);
    }
}

/// `AADSTS` numbers written in a description.
void add_codes_of_text(std::vector<std::int64_t>& codes, std::string_view text) {
    constexpr std::string_view kMark = "AADSTS";
    for (std::size_t at = text.find(kMark); at != std::string_view::npos; at = text.find(kMark, at + 1)) {
        char const* const first = text.data() + at + kMark.size();
        std::int64_t code = 0;
        auto const [end, failure] = std::from_chars(first, text.data() + text.size(), code);
        if (failure == std::errc()) {
            add_code(codes, code);
        }
    }
}

ErrorBody read_body(std::string_view text) {
    ErrorBody body;
    core::JsonLimits limits;
    limits.max_bytes = kErrorBodyBytes;
    core::Result<core::Json> json = core::parse_json(text, limits);
    if (!json || !json->is_object()) {
        body.description = text.substr(0, kLongestDescription);
        add_codes_of_text(body.codes, text);
        return body;
    }
    body.is_json = true;
    body.error = text_member(*json, "error");
    body.description = text_member(*json, "error_description");
    body.suberror = text_member(*json, "suberror");
    body.claims = text_member(*json, "claims");
    body.correlation_id = text_member(*json, "correlation_id");
    body.trace_id = text_member(*json, "trace_id");
    if (core::Json const* codes = core::find_array(*json, "error_codes")) {
        for (core::Json const& code : *codes) {
            if (code.is_number_integer()) {
                add_code(body.codes, code.get<std::int64_t>());
            }
        }
    }
    add_codes_of_text(body.codes, body.description);
    // A code with known words first: error_codes often begins with a general one.
    std::ranges::stable_partition(body.codes,
                                  [](std::int64_t code) { return find_entra_code(code) != nullptr; });
    return body;
}

/// The sentence for people: without the ids and times Entra appends, control characters and anything secret.
std::string readable(std::string_view description) {
    for (std::string_view const tail : {"Trace ID:", "Correlation ID:", "Timestamp:"}) {
        description = description.substr(0, description.find(tail));
    }
    std::string text = core::to_valid_utf8(core::utf8_prefix(description, kLongestDescription));
    for (char& c : text) {
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') {
            c = ' ';
        }
    }
    return core::log::mask_secrets(core::trim_ows(text));
}

std::string or_unknown(std::string const& value) {
    return value.empty() ? std::string("(unknown)") : value;
}

std::string consent_link(EntraErrorContext const& context) {
    return context.authority + "/" + core::percent_encode(context.tenant) +
           "/adminconsent?client_id=" + core::percent_encode(context.client_id);
}

std::string fill_in(std::string_view words, EntraErrorContext const& context) {
    std::string out;
    while (!words.empty()) {
        std::size_t const open = words.find('{');
        std::size_t const close = words.find('}', open == std::string_view::npos ? 0 : open);
        if (open == std::string_view::npos || close == std::string_view::npos) {
            out.append(words);
            break;
        }
        out.append(words.substr(0, open));
        std::string_view const name = words.substr(open + 1, close - open - 1);
        if (name == "tenant") {
            out.append(or_unknown(context.tenant));
        } else if (name == "app") {
            out.append(or_unknown(context.client_id));
        } else if (name == "org") {
            out.append(or_unknown(context.organization));
        } else if (name == "consent") {
            out.append(consent_link(context));
        } else if (name == "iss") {
            out.append(or_unknown(context.assertion_issuer));
        } else if (name == "sub") {
            out.append(or_unknown(context.assertion_subject));
        } else if (name == "aud") {
            out.append(or_unknown(context.assertion_audience));
        }
        words.remove_prefix(close + 1);
    }
    return out;
}

bool is_one_of(std::string_view value, std::initializer_list<std::string_view> set) {
    return std::ranges::find(set, value) != set.end();
}

/// The class by what RFC 6749 and the HTTP status say, when no known code narrows it.
FailureClass class_of(int status, ErrorBody const& body) {
    if (is_one_of(body.error,
                  {"invalid_grant",
                   "interaction_required",
                   "login_required",
                   "consent_required",
                   "access_denied",
                   "expired_token",
                   "authorization_declined"})) {
        return FailureClass::user;
    }
    if (is_one_of(body.error,
                  {"invalid_client",
                   "unauthorized_client",
                   "invalid_scope",
                   "invalid_resource",
                   "invalid_request",
                   "unsupported_grant_type"})) {
        return FailureClass::configuration;
    }
    return status == 404 ? FailureClass::configuration : FailureClass::permanent;
}

bool is_transient(int status, ErrorBody const& body) {
    return status == 429 || status == 408 || status >= 500 ||
           is_one_of(body.error, {"temporarily_unavailable", "server_error"});
}

std::string_view fix_of(FailureClass failure_class) {
    switch (failure_class) {
    case FailureClass::transient:
        return "Nothing to do: it is tried again.";
    case FailureClass::user:
        return "Sign in again: ado-mcpd login --organization {org}.";
    case FailureClass::admin:
        return "Ask an administrator of tenant {tenant}.";
    case FailureClass::configuration:
        return "Check the client id, the tenant and entra.authority.";
    case FailureClass::permanent:
        return "Give the organization another credential.";
    }
    return {};
}

std::string unknown_words(int status, ErrorBody const& body, EntraErrorContext const& context) {
    if (status == 0) {
        return is_transient(status, body)
                   ? "Microsoft Entra is temporarily unavailable"
                   : "Microsoft Entra refused the sign-in for tenant " + or_unknown(context.tenant);
    }
    std::string words = "Microsoft Entra refused the token request for tenant " + or_unknown(context.tenant);
    if (is_transient(status, body)) {
        words = status == 429 ? "Microsoft Entra asks for fewer requests"
                              : "Microsoft Entra is temporarily unavailable";
    }
    words += " (HTTP " + std::to_string(status);
    if (!body.error.empty()) {
        words += ", " + core::log::mask_secrets(body.error.substr(0, 64));
    }
    return words + ")";
}

ErrorKind kind_of(FailureClass failure_class, int status) {
    if (failure_class != FailureClass::transient || status == 401) {
        return ErrorKind::unauthorized;
    }
    return status == 429 ? ErrorKind::rate_limited : ErrorKind::upstream;
}

ProviderState unknown_state(FailureClass failure_class, int status, ErrorBody const& body) {
    if (failure_class == FailureClass::transient && status == 429) {
        return ProviderState::throttled;
    }
    if (body.suberror == "consent_required" || body.error == "consent_required") {
        return ProviderState::consent_required;
    }
    return state_of(failure_class);
}

bool says_grant_is_dead(ErrorBody const& body, EntraCodeMeaning const* meaning, FailureClass failure_class) {
    if (failure_class == FailureClass::transient) {
        return false;
    }
    if (is_one_of(body.suberror, {"bad_token", "token_expired"})) {
        return true;
    }
    if (meaning != nullptr) {
        return meaning->grant_is_dead;
    }
    // Other servers refuse a used or revoked grant with a bare invalid_grant, an odd word or an empty body.
    return !body.is_json || body.error.empty() || is_one_of(body.error, {"invalid_grant", "invalid_code"});
}

} // namespace

bool EntraError::has_code(std::int64_t code) const noexcept {
    return std::ranges::find(codes, code) != codes.end();
}

std::optional<seconds> retry_after_of(core::HttpHeaders const& headers, core::SystemTime now) {
    std::optional<std::string_view> const value = headers.get("Retry-After");
    if (!value) {
        return std::nullopt;
    }
    std::optional<std::chrono::milliseconds> const wait = core::parse_retry_after(*value, now, seconds(3600));
    if (!wait) {
        return std::nullopt;
    }
    return std::max(seconds(1), std::chrono::ceil<seconds>(*wait));
}

namespace {

/// `status` 0: it came to the redirect URI, not as an answer. `wait`: its Retry-After.
EntraError judge(ErrorBody body, int status, std::optional<seconds> wait, EntraErrorContext const& context) {
    std::int64_t const code = body.codes.empty() ? 0 : body.codes.front();
    EntraCodeMeaning const* meaning = find_entra_code(code);

    FailureClass failure_class = meaning != nullptr ? meaning->failure_class : class_of(status, body);
    ProviderState state = meaning != nullptr ? meaning->state : unknown_state(failure_class, status, body);
    if (is_transient(status, body)) {
        // What the status says of the moment outweighs what the number says of the cause.
        failure_class = FailureClass::transient;
        state = meaning != nullptr && meaning->failure_class == FailureClass::transient
                    ? meaning->state
                    : unknown_state(failure_class, status, body);
    }
    bool const meaning_applies = meaning != nullptr && meaning->failure_class == failure_class;

    std::string message =
        meaning_applies ? fill_in(meaning->message, context) : unknown_words(status, body, context);
    std::string const said = readable(body.description);
    if (!said.empty()) {
        message += ": " + said;
    } else {
        message += ".";
    }
    bool const presented = !context.assertion_issuer.empty() && failure_class == FailureClass::configuration;
    if (presented) {
        message += " Presented: issuer " + context.assertion_issuer + ", subject " +
                   or_unknown(context.assertion_subject) + ", audience " +
                   or_unknown(context.assertion_audience) + ".";
    }
    std::string const& correlation = body.correlation_id.empty() ? body.trace_id : body.correlation_id;
    if (meaning == nullptr && !correlation.empty()) {
        message += " Correlation id " + correlation + ".";
    }

    core::Error error =
        core::Error(kind_of(failure_class, status), std::move(message))
            .with_status(status)
            .with_activity_id(correlation)
            .with_fix(fill_in(meaning_applies ? meaning->fix : fix_of(failure_class), context));
    if (code != 0) {
        error = std::move(error).with_code("AADSTS" + std::to_string(code));
    } else if (!body.error.empty()) {
        error = std::move(error).with_code(core::log::mask_secrets(body.error.substr(0, 64)));
    }
    if (failure_class == FailureClass::transient) {
        if (wait) {
            error = std::move(error).with_retry_after(*wait);
        } else if (code == kLoopDetected) {
            error = std::move(error).with_retry_after(kLoopPause);
        } else if (status == 429) {
            error = std::move(error).with_retry_after(seconds(60));
        }
    }
    EntraError result{FetchFailure(std::move(error), failure_class, state)};
    result.grant_is_dead = says_grant_is_dead(body, meaning_applies ? meaning : nullptr, failure_class);
    result.oauth_error = std::move(body.error);
    result.suberror = std::move(body.suberror);
    result.codes = std::move(body.codes);
    result.claims = std::move(body.claims);
    return result;
}

} // namespace

EntraError parse_entra_error(core::HttpResponse const& response,
                             EntraErrorContext const& context,
                             core::SystemTime now) {
    return judge(read_body(response.body), response.status, retry_after_of(response.headers, now), context);
}

EntraError parse_authorize_error(std::string_view error,
                                 std::string_view description,
                                 EntraErrorContext const& context) {
    ErrorBody body;
    body.is_json = true; // its members are all there
    body.error = error;
    body.description = description;
    add_codes_of_text(body.codes, description);
    return judge(std::move(body), 0, std::nullopt, context);
}

} // namespace auth
