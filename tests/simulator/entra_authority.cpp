#include "simulator/entra_authority.hpp"

#include "simulator/digest.hpp"
#include "simulator/entra_errors.hpp"

#include <algorithm>
#include <random>

namespace simulator {
namespace {

std::string authority_base(Request const& request) {
    return iequals(request.host_name(), "login.microsoftonline.com") ? "https://login.microsoftonline.com"
                                                                     : "https://" + request.host;
}

Reply plain(Json const& value) {
    Reply reply = json_reply(value);
    reply.service_headers = false;
    return reply.with("Cache-Control", "max-age=86400, private");
}

Reply metadata(State& state, Request const& request, std::string_view tenant) {
    auto const* known = state.world->find_tenant(tenant);
    if (known == nullptr && !is_pseudo_tenant(tenant)) {
        return entra_error(90002,
                           "Tenant '" + std::string(tenant) +
                               "' not found. Check to make sure you have the correct "
                               "tenant ID and are signing into the correct cloud.");
    }
    std::string const base = authority_base(request);
    std::string const id = known == nullptr ? std::string(tenant) : known->id;
    std::string const v2 = base + "/" + id + "/oauth2/v2.0/";
    return plain({{"token_endpoint", v2 + "token"},
                  {"token_endpoint_auth_methods_supported",
                   {"client_secret_post", "private_key_jwt", "client_secret_basic"}},
                  {"jwks_uri", base + "/" + id + "/discovery/v2.0/keys"},
                  {"response_modes_supported", {"query", "fragment", "form_post"}},
                  {"subject_types_supported", {"pairwise"}},
                  {"id_token_signing_alg_values_supported", {"RS256"}},
                  {"response_types_supported", {"code", "id_token", "code id_token", "id_token token"}},
                  {"scopes_supported", {"openid", "profile", "email", "offline_access"}},
                  {"issuer", base + "/" + (known == nullptr ? "{tenantid}" : id) + "/v2.0"},
                  {"request_uri_parameter_supported", false},
                  {"authorization_endpoint", v2 + "authorize"},
                  {"device_authorization_endpoint", v2 + "devicecode"},
                  {"end_session_endpoint", v2 + "logout"},
                  {"claims_supported",
                   {"sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "oid"}},
                  {"tenant_region_scope", "EU"},
                  {"cloud_instance_name", "microsoftonline.com"}});
}

Reply keys(State& state, Request const& request, std::string_view tenant) {
    Json list = Json::array();
    for (auto const* key : {&state.keys.spare(), &state.keys.current()}) {
        Json jwk = key->jwk();
        auto const* known = state.world->find_tenant(tenant);
        jwk["issuer"] =
            authority_base(request) + "/" + (known == nullptr ? "{tenantid}" : known->id) + "/v2.0";
        list.push_back(std::move(jwk));
    }
    return plain({{"keys", list}});
}

Reply instance_discovery(Request const& request) {
    std::string const host = request.host;
    return plain({{"tenant_discovery_endpoint",
                   authority_base(request) + "/common/v2.0/.well-known/openid-configuration"},
                  {"api-version", "1.1"},
                  {"metadata",
                   Json::array({{{"preferred_network", host},
                                 {"preferred_cache", host},
                                 {"aliases", Json::array({host})}}})}});
}

} // namespace

std::string form_value(NameValues const& form, std::string_view name) {
    for (auto const& [key, value] : form) {
        if (key == name) {
            return value;
        }
    }
    return {};
}

std::optional<Reply> read_claims(State& state, NameValues const& form, std::string const& counter) {
    std::string const text = form_value(form, "claims");
    if (text.empty()) {
        return std::nullopt;
    }
    auto const claims = parse_json(text);
    if (!claims.has_value() || !claims->is_object()) {
        return entra_error(9002313, "The claims parameter is not a valid JSON object.");
    }
    auto const of_access_token = claims->find("access_token");
    bool asks = false;
    if (of_access_token != claims->end() && of_access_token->is_object()) {
        for (auto const& [name, value] : of_access_token->items()) {
            asks = asks || name != "xms_cc";
        }
    }
    if (asks) {
        ++state.counters.tokens[counter];
    }
    return std::nullopt;
}

std::string token_issuer(Request const& request, std::string_view tenant_id) {
    return authority_base(request) + "/" + std::string(tenant_id) + "/v2.0";
}

long long access_token_lifetime(State const& state) {
    if (state.settings.access_token_lifetime_s > 0) {
        return state.settings.access_token_lifetime_s;
    }
    static std::mt19937 engine{std::random_device{}()};
    return std::uniform_int_distribution<long long>(3600, 5399)(engine);
}

std::string issue_token(State& state, TokenRequest const& wanted) {
    auto const now = unix_seconds(state.now());
    bool const exchange = wanted.audience == kExchangeAudience || wanted.audience == kExchangeAudienceId;
    std::string const audience(exchange ? std::string(kExchangeAudienceId) : wanted.audience);
    auto const& identity = *wanted.identity;
    Json claims = {
        {"aud", audience},
        {"iss", wanted.issuer},
        {"iat", now},
        {"nbf", now},
        {"exp", now + wanted.lifetime_s},
        {"aio", random_token(24)},
        {"azp", wanted.client_id},
        {"azpacr", wanted.delegated ? "0" : "2"},
        {"oid", identity.object_id},
        {"rh", "1." + random_token(20)},
        {"sub", wanted.delegated ? base64url_encode(sha256_bytes(identity.object_id)) : identity.object_id},
        {"tid", identity.tenant_id},
        {"uti", random_token(22)},
        {"ver", "2.0"}};
    if (wanted.delegated) {
        claims["scp"] = wanted.scope;
        claims["name"] = identity.display_name;
        claims["preferred_username"] = identity.unique_name;
    } else {
        claims["idtyp"] = "app";
    }
    if (!wanted.managed_identity_resource_id.empty()) {
        claims["xms_mirid"] = wanted.managed_identity_resource_id;
    }
    std::string token = state.keys.current().sign(claims);
    IssuedToken issued;
    issued.tenant_id = identity.tenant_id;
    issued.object_id = identity.object_id;
    issued.client_id = wanted.client_id;
    issued.audience = audience;
    issued.delegated = wanted.delegated;
    issued.expires = from_unix(now + wanted.lifetime_s);
    state.tokens.remember(token, std::move(issued), state.now());
    return token;
}

bool is_entra_path(Request const& request) {
    auto const& s = request.segments;
    if (s.size() < 3) {
        return false;
    }
    bool const oauth = s.size() == 4 && iequals(s[1], "oauth2") && iequals(s[2], "v2.0");
    bool const well_known =
        iequals(s[s.size() - 2], ".well-known") && iequals(s.back(), "openid-configuration");
    bool const discovery = iequals(s[1], "discovery");
    return oauth || well_known || discovery;
}

std::string entra_route_name(Request const& request) {
    auto const& s = request.segments;
    if (s.size() == 4 && iequals(s[1], "oauth2")) {
        return "entra." + lower(s[3]);
    }
    if (!s.empty() && iequals(s.back(), "openid-configuration")) {
        return "entra.metadata";
    }
    if (!s.empty() && iequals(s.back(), "keys")) {
        return "entra.keys";
    }
    return s.size() == 3 && iequals(s[1], "discovery") ? "entra.instance" : "entra.other";
}

std::optional<Reply> entra_request(State& state, Request const& request, std::string& route) {
    route = entra_route_name(request);
    std::string const tenant = request.segments.empty() ? "" : request.segments.front();
    bool const get = request.method == "GET" || request.method == "HEAD";
    if (route == "entra.metadata" && get) {
        return metadata(state, request, tenant);
    }
    if (route == "entra.keys" && get) {
        return keys(state, request, tenant);
    }
    if (route == "entra.instance" && get) {
        return instance_discovery(request);
    }
    if (route == "entra.authorize" && (get || request.method == "POST")) {
        return authorize_endpoint(state, request, tenant);
    }
    if (route == "entra.devicecode" && request.method == "POST") {
        return device_code_endpoint(state, request, tenant);
    }
    if (route == "entra.token" && request.method == "POST") {
        return token_endpoint(state, request, tenant);
    }
    if (route == "entra.token" || route == "entra.devicecode") {
        return entra_error(
            9002313, "The endpoint only accepts POST requests. Received a " + request.method + " request.");
    }
    return std::nullopt;
}

} // namespace simulator
