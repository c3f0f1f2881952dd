#include "simulator/entra_errors.hpp"

#include "simulator/digest.hpp"
#include "simulator/time_format.hpp"

#include <array>

namespace simulator {
namespace {

class Known {
public:
    int code = 0;
    std::string_view error;
    int status = 400;
    std::string_view suberror;
    std::string_view sentence;
};

constexpr std::array kKnown = {
    Known{50001, "invalid_resource", 400, "", "The resource principal was not found in the tenant."},
    Known{50011,
          "invalid_request",
          400,
          "",
          "The redirect URI specified in the request does not match the redirect URIs configured for the "
          "application."},
    Known{50020,
          "interaction_required",
          400,
          "",
          "User account does not exist in tenant and cannot access the application in that tenant. The "
          "account needs to be added as an external user in the tenant first."},
    Known{50034, "invalid_grant", 400, "", "The user account does not exist in the directory."},
    Known{50057, "invalid_grant", 400, "", "The user account is disabled."},
    Known{50076,
          "interaction_required",
          400,
          "basic_action",
          "Due to a configuration change made by your administrator, or because you moved to a new location, "
          "you must use multi-factor authentication to access the resource."},
    Known{50079,
          "interaction_required",
          400,
          "basic_action",
          "Due to a configuration change made by your administrator, you must enroll in multi-factor "
          "authentication."},
    Known{50089, "invalid_grant", 400, "token_expired", "Authentication failed due to flow token expired."},
    Known{50173,
          "invalid_grant",
          400,
          "bad_token",
          "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user "
          "might have changed or reset their password."},
    Known{50194,
          "invalid_request",
          400,
          "",
          "Application is not configured as a multi-tenant application. Use a tenant-specific endpoint."},
    Known{501481,
          "invalid_grant",
          400,
          "",
          "The Code_Verifier does not match the code_challenge supplied in the authorization request."},
    Known{53003,
          "access_denied",
          400,
          "message_only",
          "Access has been blocked by Conditional Access policies. The access policy does not allow token "
          "issuance."},
    Known{54005,
          "invalid_grant",
          400,
          "",
          "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an "
          "existing refresh token."},
    Known{65001,
          "invalid_grant",
          400,
          "consent_required",
          "The user or administrator has not consented to use the application."},
    Known{65004, "access_denied", 400, "", "User declined to consent to access the app."},
    Known{90094,
          "access_denied",
          400,
          "",
          "The grant requires admin permission: an administrator of the tenant has to consent to the app."},
    Known{70000, "invalid_grant", 400, "bad_token", "Provided grant is invalid or malformed."},
    Known{70008,
          "invalid_grant",
          400,
          "token_expired",
          "The provided authorization code or refresh token has expired due to inactivity. Send a new "
          "interactive authorization request for this user and resource."},
    Known{
        70011, "invalid_scope", 400, "", "The provided value for the input parameter 'scope' is not valid."},
    Known{70021,
          "invalid_request",
          400,
          "",
          "No matching federated identity record found for presented assertion."},
    Known{70025,
          "invalid_client",
          401,
          "",
          "The client application has no configured federated identity credentials."},
    Known{700016,
          "unauthorized_client",
          400,
          "",
          "Application was not found in the directory. This can happen if the application has not been "
          "installed by the administrator of the tenant or consented to by any user in the tenant."},
    Known{700022,
          "invalid_scope",
          400,
          "",
          "The provided value for the input parameter 'scope' is not valid because it contains more than one "
          "resource."},
    Known{700024, "invalid_client", 401, "", "Client assertion is not within its valid time range."},
    Known{700025,
          "invalid_client",
          401,
          "",
          "Client is public so neither 'client_assertion' nor 'client_secret' should be presented."},
    Known{700027, "invalid_client", 401, "", "Client assertion failed signature validation."},
    Known{700082,
          "invalid_grant",
          400,
          "token_expired",
          "The refresh token has expired due to inactivity. The token was issued on 2026-01-01 and was "
          "inactive for 90.00:00:00."},
    Known{700211,
          "invalid_client",
          401,
          "",
          "No matching federated identity record found for presented assertion issuer."},
    Known{700212,
          "invalid_client",
          401,
          "",
          "No matching federated identity record found for presented assertion audience."},
    Known{700213,
          "invalid_client",
          401,
          "",
          "No matching federated identity record found for presented assertion subject."},
    Known{700223, "invalid_client", 401, "", "The Workload Identity Federation is disabled in the tenant."},
    Known{700226,
          "invalid_client",
          401,
          "",
          "Only managed identities and application tokens can be used as federated identity credentials."},
    Known{7000215,
          "invalid_client",
          401,
          "",
          "Invalid client secret provided. Ensure the secret being sent in the request is the client secret "
          "value, not the client secret ID."},
    Known{7000218,
          "invalid_client",
          401,
          "",
          "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."},
    Known{70003, "unsupported_grant_type", 400, "", "The app requested an unsupported grant type."},
    Known{90002,
          "invalid_request",
          400,
          "",
          "Tenant not found. Check to make sure you have the correct tenant ID and are signing into the "
          "correct cloud."},
    Known{900144, "invalid_request", 400, "", "The request body is missing a required parameter."},
    Known{90014, "invalid_request", 400, "", "The required field 'scope' is missing from the credential."},
    Known{9001023,
          "invalid_request",
          400,
          "",
          "The grant type is not supported over the /common or /consumers endpoints. Please use the "
          "/organizations or tenant-specific endpoint."},
    Known{9002313, "invalid_request", 400, "", "Invalid request. Request is malformed or invalid."},
    Known{90033, "temporarily_unavailable", 503, "", "A transient error has occurred. Please try again."},
    Known{90055, "temporarily_unavailable", 429, "", "The tenant is being throttled."},
    Known{500011,
          "invalid_resource",
          400,
          "",
          "The resource principal was not found in the tenant. This can happen if the application has not "
          "been installed by the administrator of the tenant."},
    Known{1002012,
          "invalid_scope",
          400,
          "",
          "The provided value for scope is not valid. Client credential flows must have a scope value with "
          "/.default suffixed to the resource identifier (application ID URI)."},
};

Reply make(
    std::string_view error, int code, int status, std::string_view suberror, std::string_view sentence) {
    auto const now = entra_time(std::chrono::system_clock::now());
    std::string const trace = next_guid();
    std::string const correlation = next_guid();
    Json body = {{"error", error},
                 {"error_description",
                  "AADSTS" + std::to_string(code) + ": " + std::string(sentence) + " Trace ID: " + trace +
                      " Correlation ID: " + correlation + " Timestamp: " + now},
                 {"error_codes", Json::array({code})},
                 {"timestamp", now},
                 {"trace_id", trace},
                 {"correlation_id", correlation},
                 {"error_uri", "https://login.microsoftonline.com/error?code=" + std::to_string(code)}};
    if (!suberror.empty()) {
        body["suberror"] = suberror;
    }
    if (code == 50076 || code == 50079) {
        body["claims"] =
            "{\"access_token\":{\"capolids\":{\"essential\":true,\"values\":[\"" + next_guid() + "\"]}}}";
    }
    Reply reply = json_reply(body, status);
    reply.service_headers = false;
    reply.with("Cache-Control", "no-store, no-cache").with("x-ms-request-id", trace);
    return reply;
}

} // namespace

Reply entra_error(int code, std::string_view detail) {
    for (auto const& known : kKnown) {
        if (known.code == code) {
            return make(
                known.error, code, known.status, known.suberror, detail.empty() ? known.sentence : detail);
        }
    }
    return make("invalid_grant", code, 400, "", detail.empty() ? "The request was refused." : detail);
}

Reply device_flow_error(std::string_view error, int code, std::string_view sentence) {
    return make(error, code, 400, "", sentence);
}

} // namespace simulator
