#include "simulator/managed_identity.hpp"

#include "simulator/entra_authority.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace simulator {
namespace {

Reply own(Json const& body, int status) {
    Reply reply = json_reply(body, status);
    reply.service_headers = false;
    return reply;
}

/// Every source says no in its own way.
Reply refusal(std::string const& source, int status, std::string_view error, std::string_view text) {
    if (source == "app_service" || source == "app_service_2017") {
        return own({{"statusCode", status}, {"message", text}, {"correlationId", ""}}, status);
    }
    if (source == "cloud_shell" || source == "azure_ml") {
        return own({{"error", {{"code", error}, {"message", text}}}}, status);
    }
    if (source == "service_fabric") {
        return own({{"error", {{"correlationId", ""}, {"code", error}, {"message", text}}}}, status);
    }
    return own({{"error", error}, {"error_description", text}}, status);
}

bool named(ManagedIdentity const& identity, Request const& request) {
    return iequals(identity.client_id, request.param("client_id")) ||
           iequals(identity.client_id, request.param("clientid")) ||
           iequals(identity.principal_id, request.param("object_id")) ||
           iequals(identity.principal_id, request.param("principal_id")) ||
           iequals(identity.principal_id, request.param("principalid")) ||
           iequals(identity.resource_id, request.param("msi_res_id")) ||
           iequals(identity.resource_id, request.param("mi_res_id"));
}

/// The parameters by which a source takes an identity; with none of them, whether it has one of its own.
class Choice {
public:
    std::vector<std::string_view> parameters;
    bool has_own = false;
};

Choice choice_of(std::string const& source) {
    if (source == "imds") {
        return {{"client_id", "object_id", "msi_res_id"}, false};
    }
    if (source == "app_service") {
        return {{"client_id", "object_id", "principal_id", "mi_res_id"}, false};
    }
    if (source == "app_service_2017") {
        return {{"clientid"}, true};
    }
    if (source == "azure_ml") {
        return {{"clientid"}, false};
    }
    if (source == "service_fabric") {
        return {{"principalid"}, true};
    }
    return {{}, true};
}

std::string resource_audience(std::string resource) {
    while (resource.ends_with('/')) {
        resource.pop_back();
    }
    return resource;
}

std::string resource_of(Request const& request) {
    std::string found(request.param("resource"));
    if (request.method == "POST") {
        for (auto const& [name, value] : parse_form(request.body)) {
            found = iequals(name, "resource") ? value : found;
        }
    }
    return resource_audience(std::move(found));
}

std::string content_of(std::string const& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Who asks is known by a header, or by having read a file that only its group may read.
std::optional<Reply> check_caller(State const& state, std::string const& source, Request const& request) {
    bool const wants_metadata =
        source == "imds" || source == "arc" || source == "cloud_shell" || source == "azure_ml";
    if (wants_metadata && !iequals(request.header("metadata"), "true")) {
        return refusal(source, 400, "bad_request_102", "Required metadata header not specified");
    }
    bool const has_header = source == "app_service" ? request.header("x-identity-header") == kIdentityHeader
                                                    : request.header("secret") == kIdentityHeader;
    bool const wants_header = source == "app_service" || source == "app_service_2017" ||
                              source == "azure_ml" || source == "service_fabric";
    if (wants_header && !has_header) {
        return refusal(source, 401, "Unauthorized", "The identity header is missing or wrong.");
    }
    if (source == "arc") {
        std::string const& file = state.settings.arc_key_file;
        std::string const key = content_of(file);
        if (key.empty() || request.header("authorization") != "Basic " + key) {
            return refusal(source, 401, "unauthorized", "The key of the challenge is missing or wrong.")
                .with("WWW-Authenticate", "Basic realm=" + file);
        }
    }
    return std::nullopt;
}

Json body_of(std::string const& source,
             std::string const& token,
             std::string const& client_id,
             std::string const& resource,
             TimePoint expires,
             TimePoint now) {
    auto const end = unix_seconds(expires);
    auto const left = std::to_string(end - unix_seconds(now));
    Json body = {{"access_token", token}, {"resource", resource}, {"token_type", "Bearer"}};
    if (source == "app_service") {
        body["client_id"] = client_id;
        body["expires_on"] = std::to_string(end);
    } else if (source == "app_service_2017") {
        body["expires_on"] = us_time(expires);
    } else if (source == "azure_ml") {
        body["client_id"] = client_id;
        body["expires_on"] = std::to_string(end);
    } else if (source == "service_fabric") {
        body["expires_on"] = end;
    } else {
        body["client_id"] = client_id;
        body["expires_in"] = left;
        body["expires_on"] = std::to_string(end);
        body["ext_expires_in"] = left;
        body["not_before"] = std::to_string(unix_seconds(now));
    }
    return body;
}

} // namespace

bool is_managed_identity_path(Request const& request) {
    auto const& s = request.segments;
    bool const metadata = s.size() == 4 && iequals(s[0], "metadata") && iequals(s[1], "identity") &&
                          iequals(s[2], "oauth2") && iequals(s[3], "token");
    bool const msi =
        s.size() == 2 && iequals(s[0], "msi") && (iequals(s[1], "token") || iequals(s[1], "auth"));
    bool const cloud_shell = s.size() == 2 && iequals(s[0], "oauth2") && iequals(s[1], "token");
    return metadata || msi || cloud_shell;
}

std::string managed_identity_source(Request const& request) {
    std::string_view const version = request.param("api-version");
    if (iequals(request.segments.front(), "oauth2")) {
        return "cloud_shell";
    }
    if (iequals(request.segments.front(), "msi")) {
        return iequals(request.segments[1], "auth") ? "azure_ml"
               : version == "2017-09-01"            ? "app_service_2017"
                                                    : "app_service";
    }
    return version == "2020-05-01"                              ? "service_fabric"
           : version == "2020-06-01" || version == "2019-11-01" ? "arc"
                                                                : "imds";
}

Reply managed_identity_request(State& state, Request const& request) {
    std::string const source = managed_identity_source(request);
    char const* const method = source == "cloud_shell" ? "POST" : "GET";
    if (request.method != method) {
        return refusal(source, 405, "method_not_allowed", std::string("Only ") + method + " is supported.");
    }
    if (auto refused = check_caller(state, source, request)) {
        return *refused;
    }
    if (source != "cloud_shell" && request.param("api-version").empty()) {
        return refusal(source, 400, "bad_request_101", "Required query variable 'api-version' is missing");
    }
    std::string const resource = resource_of(request);
    if (resource.empty()) {
        return refusal(source, 400, "bad_request_101", "Required variable 'resource' is missing");
    }
    Choice const choice = choice_of(source);
    bool const any_id = std::any_of(choice.parameters.begin(),
                                    choice.parameters.end(),
                                    [&](std::string_view name) { return request.has_param(name); });
    auto const& all = state.world->managed_identities;
    if (!any_id && !choice.has_own) {
        return refusal(source,
                       400,
                       "invalid_request",
                       "Multiple user assigned identities exist, please specify the clientId / resourceId of "
                       "the identity in the token request");
    }
    auto const found = any_id ? std::find_if(all.begin(),
                                             all.end(),
                                             [&](auto const& identity) { return named(identity, request); })
                              : all.begin();
    if (found == all.end()) {
        return refusal(source, 400, "invalid_request", "Identity not found");
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
    ++state.counters.tokens[source];
    return own(body_of(source, cached, found->client_id, resource, issued->expires, now), 200);
}

} // namespace simulator
