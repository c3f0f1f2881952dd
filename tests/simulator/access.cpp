#include "simulator/access.hpp"

namespace simulator {
namespace {

constexpr std::string_view kAnonymousId = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa";
constexpr std::string_view kBasicRealm = "Basic realm=\"https://tfsprodeus1.app.visualstudio.com/\"";

std::string bearer_challenge(Organization const& organization) {
    return "Bearer authorization_uri=https://login.microsoftonline.com/" + organization.tenant->id;
}

bool suppressed(Request const& request) {
    return iequals(request.header("x-tfs-fedauthredirect"), "Suppress");
}

Reply to_sign_in(Call const& call) {
    Reply reply(302,
                "text/html; charset=utf-8",
                "<html><head><title>Object moved</title></head><body><h2>Object moved to <a "
                "href=\"/_signin\">here</a>.</h2></body></html>");
    reply.with("Location",
               "https://spsprodeus1.vssps.visualstudio.com/_signin?realm=dev.azure.com&reply_to=" +
                   percent_encode(call.base_url + "/") + "&ht=2&hid=" + call.organization->id +
                   "&context=eyJodCI6M30");
    return reply;
}

/// A credential that is not one of ours, was revoked, or belongs to another organization.
Reply refused(Call const& call) {
    if (!suppressed(call.request)) {
        return to_sign_in(call);
    }
    Reply reply = empty_reply(401);
    reply.with("WWW-Authenticate", bearer_challenge(*call.organization))
        .with("WWW-Authenticate", std::string(kBasicRealm))
        .with("WWW-Authenticate", "TFS-Federated");
    return reply;
}

Reply not_authorized(std::string_view id) {
    return ado_error(401,
                     "UnauthorizedRequestException",
                     "TF400813: The user '" + std::string(id) +
                         "' is not authorized to access this resource.");
}

Reply expired_pat(Route const& route) {
    std::string const sentence = "Access Denied: The Personal Access Token used has expired.";
    Reply reply = route.service == Service::search
                      ? Reply(401,
                              "text/html; charset=utf-8",
                              "<!DOCTYPE html>\r\n<html><head><title>" + sentence +
                                  "</title></head><body></body></html>\r\n")
                      : ado_error(401, "AccessCheckException", sentence);
    reply.with("X-TFS-ServiceError", percent_encode(sentence));
    reply.with("WWW-Authenticate", std::string(kBasicRealm));
    return reply;
}

std::optional<Reply> admit(Call& call, Identity const& identity) {
    auto const* member = call.organization->find_member(identity);
    if (member == nullptr) {
        bool const foreign = identity.tenant_id != call.organization->tenant->id;
        return not_authorized(foreign ? kAnonymousId : std::string_view(identity.vss_id));
    }
    if (!identity.materialized) {
        return ado_error(
            401,
            "AadUserStateException",
            "Identity '" + identity.unique_name +
                "' has not been materialized, please use interactive login over the browser first.");
    }
    call.caller.identity = &identity;
    call.caller.membership = member;
    return std::nullopt;
}

std::optional<Reply> authenticate_bearer(Call& call, std::string_view token) {
    auto const* issued = call.state.tokens.find_access_token(token);
    if (issued == nullptr || issued->expires <= call.state.now() ||
        (issued->audience != kAzureDevOpsResource && issued->audience != kAzureDevOpsUri)) {
        return refused(call);
    }
    auto const* identity = call.state.world->find_identity(issued->tenant_id, issued->object_id);
    if (identity == nullptr) {
        return refused(call);
    }
    return admit(call, *identity);
}

std::optional<Reply> authenticate_pat(Call& call, Route const& route, std::string_view password) {
    auto const* pat = call.state.world->find_pat(password);
    // Not a scope in truth, but what its owner chose beside the scopes.
    bool const fits = pat != nullptr && (pat->scopes.contains("all_organizations") ||
                                         iequals(pat->organization, call.organization->name));
    if (!fits) {
        return refused(call);
    }
    if (pat->valid_to <= call.state.now()) {
        return expired_pat(route);
    }
    if (auto refusal = admit(call, *pat->owner)) {
        return refusal;
    }
    call.caller.pat = pat;
    return std::nullopt;
}

} // namespace

bool Caller::has_scope(std::string_view scope) const {
    if (scope.empty() || pat == nullptr || pat->scopes.contains("app_token")) {
        return true;
    }
    std::string const wanted(scope);
    return pat->scopes.contains(wanted) || pat->scopes.contains(wanted + "_write") ||
           pat->scopes.contains(wanted + "_manage");
}

void add_tenant_headers(Organization const& organization, Reply& reply) {
    reply.with("WWW-Authenticate", bearer_challenge(organization))
        .with("WWW-Authenticate", std::string(kBasicRealm))
        .with("WWW-Authenticate", "TFS-Federated")
        .with("X-VSS-ResourceTenant", organization.tenant->id)
        .with("X-VSS-AuthorizationEndpoint", "https://vssps.dev.azure.com/" + organization.name + "/")
        .with("X-TFS-FedAuthRealm", "https://spsprodeus1.vssps.visualstudio.com/")
        .with("X-TFS-FedAuthIssuer", "https://www.visualstudio.com/");
}

Reply missing_scope() {
    Reply reply = empty_reply(401);
    reply.with("WWW-Authenticate", std::string(kBasicRealm));
    return reply;
}

std::optional<Reply> authenticate(Call& call, Route const& route) {
    auto const header = call.request.header("authorization");
    if (header.empty()) {
        if (route.anonymous_allowed) {
            return std::nullopt;
        }
        if (!suppressed(call.request)) {
            return to_sign_in(call);
        }
        Reply reply = empty_reply(401);
        add_tenant_headers(*call.organization, reply);
        return reply;
    }
    if (istarts_with(header, "Bearer ")) {
        return authenticate_bearer(call, trim(header.substr(7)));
    }
    if (istarts_with(header, "Basic ")) {
        auto const decoded = base64_decode(trim(header.substr(6)));
        auto const colon = decoded.has_value() ? decoded->find(':') : std::string::npos;
        if (colon == std::string::npos) {
            return refused(call);
        }
        std::string const password = decoded->substr(colon + 1);
        // An Entra token is accepted as the Basic password too.
        return password.starts_with("eyJ") ? authenticate_bearer(call, password)
                                           : authenticate_pat(call, route, password);
    }
    return refused(call);
}

} // namespace simulator
