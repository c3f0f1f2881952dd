#include "simulator/digest.hpp"
#include "simulator/entra_authority.hpp"
#include "simulator/entra_errors.hpp"

#include <algorithm>

namespace simulator {
namespace {

constexpr std::string_view kDeviceGrant = "urn:ietf:params:oauth:grant-type:device_code";

bool present_in(Application const& application, std::string_view tenant_id) {
    return application.tenants.contains("*") || application.tenants.contains(std::string(tenant_id));
}

/// What an access token is for: the one scope that names a resource. Empty = none, "?" = several.
std::string resource_of_scopes(std::string_view scopes) {
    std::string found;
    for (auto const& scope : split(scopes, ' ')) {
        auto const slash = scope.rfind('/');
        if (scope.empty() || slash == std::string::npos || slash < 8) {
            continue;
        }
        std::string const resource = scope.substr(0, slash);
        if (!found.empty() && found != resource) {
            return "?";
        }
        found = resource;
    }
    return found;
}

std::string granted_scope(std::string_view resource) {
    std::string const r(resource);
    return r + "/user_impersonation " + r + "/.default";
}

bool asks_for(std::string_view scopes, std::string_view name) {
    auto const parts = split(scopes, ' ');
    return std::find(parts.begin(), parts.end(), name) != parts.end();
}

class UserTokenRequest {
public:
    std::string client_id;
    std::string person;
    std::string tenant; ///< of the path
    std::string scope;
    std::string nonce;
    std::string family;
    bool with_refresh_token = true;
};

/// The token response of all flows in which a person takes part.
Reply user_tokens(State& state, Request const& request, UserTokenRequest const& wanted) {
    auto const* identity = identity_at(state, wanted.person, wanted.tenant);
    if (identity == nullptr) {
        return entra_error(
            state.world->find_tenant(wanted.tenant) == nullptr && !is_pseudo_tenant(wanted.tenant) ? 90002
                                                                                                   : 50020);
    }
    std::string resource = resource_of_scopes(wanted.scope);
    if (resource == "?") {
        return entra_error(700022);
    }
    if (resource.empty()) {
        resource = std::string(kAzureDevOpsResource);
    }
    TokenRequest access;
    access.identity = identity;
    access.client_id = wanted.client_id;
    access.audience = resource;
    access.scope = "user_impersonation";
    access.issuer = token_issuer(request, identity->tenant_id);
    access.delegated = true;
    access.lifetime_s = access_token_lifetime(state);
    Json body = {{"token_type", "Bearer"},
                 {"scope", granted_scope(resource)},
                 {"expires_in", access.lifetime_s},
                 {"ext_expires_in", access.lifetime_s}};
    if (state.settings.refresh_in_s > 0) {
        body["refresh_in"] = state.settings.refresh_in_s;
    }
    body["access_token"] = issue_token(state, access);
    if (wanted.with_refresh_token) {
        std::string const token = "1.A" + random_token(120);
        Grant grant;
        grant.family = wanted.family;
        grant.client_id = wanted.client_id;
        grant.person = wanted.person;
        grant.tenant_id = identity->tenant_id;
        grant.scope = wanted.scope;
        grant.expires = state.now() + std::chrono::hours(24 * 90);
        state.tokens.grants[token] = std::move(grant);
        body["refresh_token"] = token;
    }
    if (asks_for(wanted.scope, "openid") || !wanted.nonce.empty()) {
        auto const now = unix_seconds(state.now());
        Json claims = {{"aud", wanted.client_id},
                       {"iss", access.issuer},
                       {"iat", now},
                       {"nbf", now},
                       {"exp", now + 3600},
                       {"name", identity->display_name},
                       {"oid", identity->object_id},
                       {"preferred_username", identity->unique_name},
                       {"sub", base64url_encode(sha256_bytes(identity->object_id + wanted.client_id))},
                       {"tid", identity->tenant_id},
                       {"ver", "2.0"}};
        if (!wanted.nonce.empty()) {
            claims["nonce"] = wanted.nonce;
        }
        body["id_token"] = state.keys.current().sign(claims);
    }
    auto const* home = state.world->find_user_anywhere(wanted.person);
    body["client_info"] = base64url_encode(dump({{"uid", home->object_id}, {"utid", home->tenant_id}}));
    Reply reply = json_reply(body);
    reply.service_headers = false;
    return reply.with("Cache-Control", "no-store, no-cache");
}

bool pkce_matches(std::string const& challenge, std::string const& verifier) {
    return challenge.empty() || base64url_encode(sha256_bytes(verifier)) == challenge;
}

Reply redeem_code(State& state, Request const& request, std::string_view tenant, NameValues const& form) {
    auto const found = state.tokens.codes.find(form_value(form, "code"));
    if (found == state.tokens.codes.end()) {
        return entra_error(70000, "The provided authorization code is invalid or malformed.");
    }
    auto& code = found->second;
    if (code.used) {
        state.tokens.revoke_family(code.family);
        return entra_error(54005);
    }
    if (code.expires <= state.now()) {
        return entra_error(70008);
    }
    if (code.client_id != form_value(form, "client_id") ||
        code.redirect_uri != form_value(form, "redirect_uri")) {
        return entra_error(
            70000, "The provided authorization code was issued for another client or another redirect URI.");
    }
    if (!pkce_matches(code.challenge, form_value(form, "code_verifier"))) {
        return entra_error(501481);
    }
    code.used = true;
    code.family = next_guid();
    ++state.counters.tokens["authorization_code"];
    UserTokenRequest wanted;
    wanted.client_id = code.client_id;
    wanted.person = code.person;
    wanted.tenant = std::string(tenant);
    wanted.scope = code.scope;
    wanted.nonce = code.nonce;
    wanted.family = code.family;
    wanted.with_refresh_token = asks_for(code.scope, "offline_access");
    return user_tokens(state, request, wanted);
}

Reply refresh(State& state, Request const& request, std::string_view tenant, NameValues const& form) {
    std::string const token = form_value(form, "refresh_token");
    auto const found = state.tokens.grants.find(token);
    if (found == state.tokens.grants.end()) {
        auto const refused = state.tokens.refused_grants.find(token);
        return entra_error(refused == state.tokens.refused_grants.end() ? 70000 : refused->second);
    }
    if (found->second.client_id != form_value(form, "client_id")) {
        return entra_error(70000, "The refresh token was issued to another client.");
    }
    if (found->second.expires <= state.now()) {
        return entra_error(700082);
    }
    if (found->second.superseded && state.settings.rotation == "family-revocation") {
        std::string const family = found->second.family; // the entry goes away with it
        state.tokens.revoke_family(family);
        return entra_error(70000,
                           "The refresh token was used before; all tokens of its grant have been revoked.");
    }
    UserTokenRequest wanted;
    wanted.client_id = found->second.client_id;
    wanted.person = found->second.person;
    wanted.tenant = std::string(tenant);
    wanted.scope = form_value(form, "scope").empty() ? found->second.scope : form_value(form, "scope");
    wanted.family = found->second.family;
    wanted.with_refresh_token = state.settings.rotation != "none";
    Reply reply = user_tokens(state, request, wanted);
    if (reply.status == 200) {
        ++state.counters.tokens["refresh_token"];
        // Entra does not revoke the old token at once: whoever lost the new one can still come back with it.
        state.tokens.grants[token].superseded = wanted.with_refresh_token;
    }
    return reply;
}

Reply redeem_device_code(State& state,
                         Request const& request,
                         std::string_view tenant,
                         NameValues const& form) {
    auto const found = state.tokens.device_flows.find(form_value(form, "device_code"));
    if (found == state.tokens.device_flows.end() ||
        found->second.client_id != form_value(form, "client_id")) {
        return device_flow_error("bad_verification_code", 70018, "The verification code does not match.");
    }
    auto& flow = found->second;
    auto const now = state.now();
    bool const too_early =
        flow.polls > 0 && now - flow.last_poll < std::chrono::seconds(state.settings.device_interval_s) -
                                                     std::chrono::milliseconds(200);
    ++flow.polls;
    flow.last_poll = now;
    if (flow.expires <= now) {
        return device_flow_error("expired_token", 70019, "The verification code has expired.");
    }
    auto const auto_after = state.settings.device_auto_approve_after;
    if (flow.state == DeviceState::pending && auto_after >= 0 && flow.polls > auto_after) {
        flow.state = DeviceState::approved;
        flow.person = state.settings.sign_in_user;
    }
    if (flow.state == DeviceState::declined) {
        return device_flow_error(
            "authorization_declined", 70020, "The end user denied the authorization request.");
    }
    if (flow.state == DeviceState::redeemed) {
        return device_flow_error("invalid_grant", 70000, "The device code was already redeemed.");
    }
    if (flow.state == DeviceState::pending) {
        if (too_early && state.settings.device_slow_down) {
            return device_flow_error("slow_down", 70016, "The client polls too often.");
        }
        return device_flow_error("authorization_pending",
                                 70016,
                                 "OAuth 2.0 device flow error. Authorization is pending. Continue polling.");
    }
    UserTokenRequest wanted;
    wanted.client_id = flow.client_id;
    wanted.person = flow.person;
    wanted.tenant = std::string(tenant);
    wanted.scope = flow.scope;
    wanted.family = next_guid();
    wanted.with_refresh_token = asks_for(flow.scope, "offline_access");
    Reply reply = user_tokens(state, request, wanted);
    if (reply.status == 200) {
        flow.state = DeviceState::redeemed;
        ++state.counters.tokens["device_code"];
    }
    return reply;
}

} // namespace

bool is_pseudo_tenant(std::string_view tenant) {
    return iequals(tenant, "common") || iequals(tenant, "organizations");
}

// Where a person's tokens come from: the tenant of the path, or the home tenant for `organizations` and
/// `common`.
Identity const* identity_at(State const& state, std::string_view person, std::string_view tenant) {
    if (is_pseudo_tenant(tenant)) {
        return state.world->find_user_anywhere(person);
    }
    auto const* known = state.world->find_tenant(tenant);
    return known == nullptr ? nullptr : state.world->find_user(known->id, person);
}

Reply token_endpoint(State& state, Request const& request, std::string_view tenant) {
    auto const type = request.header("content-type");
    if (!istarts_with(type, "application/x-www-form-urlencoded")) {
        return entra_error(900144, "The request body must contain the following parameter: 'grant_type'.");
    }
    auto const form = parse_form(request.body);
    std::string const grant = form_value(form, "grant_type");
    if (grant.empty()) {
        return entra_error(900144, "The request body must contain the following parameter: 'grant_type'.");
    }
    if (form_value(form, "client_id").empty()) {
        return entra_error(900144, "The request body must contain the following parameter: 'client_id'.");
    }
    if (!is_pseudo_tenant(tenant) && state.world->find_tenant(tenant) == nullptr) {
        return entra_error(90002, "Tenant '" + std::string(tenant) + "' not found.");
    }
    if (auto refusal = read_claims(state, form, "with_claims")) {
        return *refusal;
    }
    if (grant == "client_credentials") {
        return client_credentials(state, request, tenant, form);
    }
    auto const* application = state.world->find_application(form_value(form, "client_id"));
    auto const* known = state.world->find_tenant(tenant);
    if (application == nullptr || (known != nullptr && !present_in(*application, known->id))) {
        return entra_error(700016,
                           "Application with identifier '" + form_value(form, "client_id") +
                               "' was not found in the directory '" + std::string(tenant) + "'.");
    }
    bool const device = grant == kDeviceGrant || grant == "device_code";
    if (auto refusal = authenticate_client(state, *application, form, !device)) {
        return *refusal;
    }
    if (grant == "authorization_code") {
        return redeem_code(state, request, tenant, form);
    }
    if (grant == "refresh_token") {
        return refresh(state, request, tenant, form);
    }
    return device ? redeem_device_code(state, request, tenant, form) : entra_error(70003);
}

Reply device_code_endpoint(State& state, Request const& request, std::string_view tenant) {
    auto const form = parse_form(request.body);
    std::string const client_id = form_value(form, "client_id");
    if (!is_pseudo_tenant(tenant) && state.world->find_tenant(tenant) == nullptr) {
        return entra_error(90002);
    }
    auto const* application = state.world->find_application(client_id);
    if (application == nullptr) {
        return entra_error(700016,
                           "Application with identifier '" + client_id + "' was not found in the directory.");
    }
    if (form_value(form, "scope").empty()) {
        return entra_error(90014);
    }
    DeviceFlow flow;
    std::string code;
    for (char const c : sha256_bytes(next_guid()).substr(0, 9)) {
        code += "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"[static_cast<unsigned char>(c) & 31U];
    }
    flow.user_code = code;
    flow.client_id = client_id;
    flow.tenant = std::string(tenant);
    flow.scope = form_value(form, "scope");
    flow.expires = state.now() + std::chrono::seconds(state.settings.device_expires_s);
    std::string const device_code = "FAQAB" + random_token(80);
    state.tokens.device_flows[device_code] = flow;
    Reply reply =
        json_reply({{"user_code", code},
                    {"device_code", device_code},
                    {"verification_uri", "https://microsoft.com/devicelogin"},
                    {"expires_in", state.settings.device_expires_s},
                    {"interval", state.settings.device_interval_s},
                    {"message",
                     "To sign in, use a web browser to open the page https://microsoft.com/devicelogin "
                     "and enter the code " +
                         code + " to authenticate."}});
    reply.service_headers = false;
    return reply;
}

} // namespace simulator
