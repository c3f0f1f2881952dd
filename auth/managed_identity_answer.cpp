#include "auth/managed_identity_answer.hpp"

#include "auth/entra_token_client.hpp"
#include "auth/expires_on.hpp"
#include "core/json.hpp"
#include "core/log.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace auth {
namespace {

using core::ErrorKind;
using std::chrono::seconds;
using Kind = ManagedIdentitySourceKind;

/// What the endpoint says went wrong, in any of its shapes; masked and short.
std::string said(core::HttpResponse const& response) {
    core::JsonLimits limits;
    limits.max_bytes = kManagedIdentityAnswerBytes;
    core::Result<core::Json> const json = core::parse_json(response.body, limits);
    std::string text;
    if (json) {
        core::Json const* const nested = core::find_object(*json, "error");
        core::Json const& holder = nested != nullptr ? *nested : *json;
        for (char const* const name : {"code", "error", "error_description", "message"}) {
            if (std::optional<std::string_view> const part = core::find_string(holder, name)) {
                text.append(text.empty() ? "" : ": ").append(*part);
            }
        }
    } else {
        text = response.body;
    }
    text = core::log::mask_secrets(std::string_view(text).substr(0, 300));
    std::ranges::replace_if(
        text, [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
    return text;
}

} // namespace

FetchFailure
managed_identity_failure(FailureClass failure_class, std::string message, std::string fix, int status) {
    ErrorKind const kind =
        failure_class == FailureClass::transient ? ErrorKind::upstream : ErrorKind::unauthorized;
    core::Error error = core::Error(status == 429 ? ErrorKind::rate_limited : kind, std::move(message))
                            .with_code("managed_identity_failed")
                            .with_fix(std::move(fix))
                            .with_status(status);
    if (failure_class == FailureClass::transient) {
        return FetchFailure::transient(std::move(error));
    }
    return {std::move(error), failure_class};
}

bool is_worth_repeating(Kind kind, int status) noexcept {
    if (kind == Kind::imds) {
        return status == 404 || status == 408 || status == 429 || status >= 500;
    }
    return status == 404 || status == 408 || status == 429 || status == 500 || status == 503 || status == 504;
}

FetchFailure
managed_identity_refusal(Kind kind, core::HttpResponse const& response, ManagedIdentityConfig const& config) {
    int const status = response.status;
    std::string const source(to_string(kind));
    std::string const words = said(response);
    std::string const cause = " (HTTP " + std::to_string(status) + (words.empty() ? "" : ", " + words) + ")";
    if (status == 410 || is_worth_repeating(kind, status)) {
        return managed_identity_failure(FailureClass::transient,
                                        "The managed identity endpoint of " + source +
                                            " is not available at the moment" + cause + ".",
                                        "Nothing to do: it is tried again.",
                                        status);
    }
    if (words.find("Multiple user assigned") != std::string::npos) {
        return managed_identity_failure(FailureClass::configuration,
                                        "Several user-assigned identities are on this host" + cause + ".",
                                        "Name one with client_id in the connector.",
                                        status);
    }
    if (status == 400) {
        std::string const named = config.client_id + config.object_id + config.resource_id;
        std::string const who =
            named.empty() ? std::string("No managed identity") : "Managed identity " + named;
        return managed_identity_failure(
            FailureClass::configuration,
            who + " is " + (named.empty() ? "" : "not ") + "assigned to this host, says " + source + cause +
                ".",
            "Assign the identity to this machine, and check the id in the connector.",
            status);
    }
    return managed_identity_failure(FailureClass::configuration,
                                    "The managed identity endpoint of " + source + " refused the request" +
                                        cause + ".",
                                    "Check managed_identity.source and the identity assigned to this host.",
                                    status);
}

ManagedIdentityResult read_managed_identity_token(Kind kind,
                                                  core::HttpResponse& response,
                                                  core::SystemTime requested_at,
                                                  core::SystemTime now) {
    auto const broken = [&](std::string_view what) {
        return tl::unexpected<FetchFailure>(
            managed_identity_failure(FailureClass::transient,
                                     "The managed identity endpoint of " + std::string(to_string(kind)) +
                                         " " + std::string(what) + ".",
                                     "Check managed_identity.source and imds_url.",
                                     response.status));
    };
    core::JsonLimits limits;
    limits.max_bytes = kManagedIdentityAnswerBytes;
    core::Result<core::Json> json = core::parse_json(response.body, limits);
    core::wipe(response.body.data(), response.body.size());
    if (!json) {
        return broken("did not answer with JSON");
    }
    core::Secret token = take_secret(*json, "access_token");
    if (token.empty()) {
        return broken("answered without a token");
    }
    std::optional<core::SystemTime> expires_at;
    if (core::Json const* const expires_on = core::find(*json, "expires_on")) {
        expires_at = parse_expires_on(*expires_on, requested_at);
    }
    if (!expires_at) {
        std::optional<seconds> const expires_in = seconds_member(*json, "expires_in");
        if (expires_in && *expires_in > seconds(0) && *expires_in < seconds(366LL * 24 * 3600)) {
            expires_at = requested_at + *expires_in;
        }
    }
    if (!expires_at) {
        return broken("does not say until when its token lives");
    }
    if (*expires_at <= now) {
        return broken("answered with a token that has expired already");
    }
    ManagedIdentityToken result(std::move(token), requested_at, *expires_at);
    result.refresh_in = seconds_member(*json, "refresh_in");
    return result;
}

} // namespace auth
