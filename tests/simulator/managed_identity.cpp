#include "simulator/managed_identity.hpp"

#include "simulator/entra_authority.hpp"

#include <algorithm>

namespace simulator {
namespace {

bool is_imds(Request const& request) {
    return !request.segments.empty() && iequals(request.segments.front(), "metadata");
}

Reply own(Json const& body, int status) {
    Reply reply = json_reply(body, status);
    reply.service_headers = false;
    return reply;
}

Reply imds_error(int status, std::string_view error, std::string_view text) {
    return own({{"error", error}, {"error_description", text}}, status);
}

Reply refusal(Request const& request, std::string_view error, std::string_view text) {
    if (is_imds(request)) {
        return imds_error(400, error, text);
    }
    return own({{"statusCode", 400}, {"message", text}, {"correlationId", ""}}, 400);
}

bool named(ManagedIdentity const& identity, Request const& request) {
    return iequals(identity.client_id, request.param("client_id")) ||
           iequals(identity.principal_id, request.param("object_id")) ||
           iequals(identity.principal_id, request.param("principal_id")) ||
           iequals(identity.resource_id, request.param("msi_res_id")) ||
           iequals(identity.resource_id, request.param("mi_res_id"));
}

std::string resource_audience(std::string resource) {
    while (resource.ends_with('/')) {
        resource.pop_back();
    }
    return resource;
}

} // namespace

bool is_managed_identity_path(Request const& request) {
    auto const& s = request.segments;
    bool const imds = s.size() == 4 && iequals(s[0], "metadata") && iequals(s[1], "identity") &&
                      iequals(s[2], "oauth2") && iequals(s[3], "token");
    bool const app_service = s.size() == 2 && iequals(s[0], "msi") && iequals(s[1], "token");
    return imds || app_service;
}

Reply managed_identity_request(State& state, Request const& request) {
    bool const imds = is_imds(request);
    if (request.method != "GET") {
        return imds_error(405, "method_not_allowed", "Only GET is supported.");
    }
    if (imds && !iequals(request.header("metadata"), "true")) {
        return imds_error(400, "bad_request_102", "Required metadata header not specified");
    }
    if (!imds && request.header("x-identity-header") != kAppServiceHeader) {
        return own({{"statusCode", 401}, {"message", "The X-IDENTITY-HEADER is missing or wrong."}}, 401);
    }
    if (request.param("api-version").empty()) {
        return refusal(request, "bad_request_101", "Required query variable 'api-version' is missing");
    }
    std::string const resource = resource_audience(std::string(request.param("resource")));
    if (resource.empty()) {
        return refusal(request, "bad_request_101", "Required query variable 'resource' is missing");
    }
    bool const any_id = request.has_param("client_id") || request.has_param("object_id") ||
                        request.has_param("principal_id") || request.has_param("msi_res_id") ||
                        request.has_param("mi_res_id");
    auto const& all = state.world->managed_identities;
    if (!any_id) {
        return refusal(request,
                       "invalid_request",
                       "Multiple user assigned identities exist, please specify the clientId / resourceId of "
                       "the identity "
                       "in the token request");
    }
    auto const found =
        std::find_if(all.begin(), all.end(), [&](auto const& identity) { return named(identity, request); });
    if (found == all.end()) {
        return refusal(request, "invalid_request", "Identity not found");
    }
    std::string const key = found->client_id + " " + resource;
    auto const now = state.now();
    auto const lifetime = state.settings.managed_identity_lifetime_s;
    auto& cached = state.tokens.managed_identity_cache[key];
    auto const* issued = cached.empty() ? nullptr : state.tokens.find_access_token(cached);
    bool const fresh = issued != nullptr && issued->expires - now > std::chrono::seconds(lifetime / 2);
    if (!fresh || !state.settings.cache_managed_identity_tokens) {
        TokenRequest wanted;
        wanted.identity = state.world->find_identity(found->tenant_id, found->principal_id);
        wanted.client_id = found->client_id;
        wanted.audience = resource;
        // Entra's own name, whatever host it is reached by: federated credentials are written with it.
        wanted.issuer = "https://login.microsoftonline.com/" + found->tenant_id + "/v2.0";
        wanted.managed_identity_resource_id = found->resource_id;
        wanted.lifetime_s = lifetime;
        cached = issue_token(state, wanted);
        issued = state.tokens.find_access_token(cached);
    }
    ++state.counters.tokens[imds ? "imds" : "app_service"];
    auto const expires = unix_seconds(issued->expires);
    auto const left = std::to_string(expires - unix_seconds(now));
    if (!imds) {
        return own({{"access_token", cached},
                    {"expires_on", std::to_string(expires)},
                    {"resource", resource},
                    {"token_type", "Bearer"},
                    {"client_id", found->client_id}},
                   200);
    }
    return own({{"access_token", cached},
                {"client_id", found->client_id},
                {"expires_in", left},
                {"expires_on", std::to_string(expires)},
                {"ext_expires_in", left},
                {"not_before", std::to_string(expires - lifetime)},
                {"resource", resource},
                {"token_type", "Bearer"}},
               200);
}

} // namespace simulator
