#include "simulator/digest.hpp"
#include "simulator/entra_authority.hpp"
#include "simulator/entra_errors.hpp"

#include <algorithm>

namespace simulator {
namespace {

bool redirect_matches(std::string_view registered, std::string_view given) {
    if (registered == given || std::string(registered) + "/" == given) {
        return true;
    }
    // The port of a loopback address is free.
    for (std::string_view const origin :
         {"http://localhost", "http://127.0.0.1", "https://localhost", "https://127.0.0.1"}) {
        if (!registered.starts_with(origin) || !given.starts_with(origin)) {
            continue;
        }
        auto rest = given.substr(origin.size());
        if (rest.starts_with(':')) {
            auto const slash = rest.find('/');
            rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash);
        }
        auto const path = registered.substr(origin.size());
        if (rest == path || (path.empty() && rest == "/")) {
            return true;
        }
    }
    return false;
}

Reply error_page(int code, std::string const& text) {
    Reply reply(400,
                "text/html; charset=utf-8",
                "<!DOCTYPE html><html><head><title>Sign in to your account</title></head><body><p>AADSTS" +
                    std::to_string(code) + ": " + html_escape(text) + "</p></body></html>");
    reply.service_headers = false;
    return reply;
}

Reply back_to_client(std::string const& redirect_uri, std::string_view mode, NameValues const& values) {
    if (mode == "form_post") {
        std::string page =
            "<html><body onload=\"document.forms[0].submit()\"><form method=\"POST\" action=\"" +
            html_escape(redirect_uri) + "\">";
        for (auto const& [name, value] : values) {
            page += "<input type=\"hidden\" name=\"" + name + "\" value=\"" + html_escape(value) + "\"/>";
        }
        Reply reply(200, "text/html; charset=utf-8", page + "</form></body></html>");
        reply.service_headers = false;
        return reply;
    }
    std::string location = redirect_uri;
    // A redirect URI without a path comes back with a slash.
    if (location.find('/', location.find("//") + 2) == std::string::npos) {
        location += '/';
    }
    char separator = mode == "fragment" ? '#' : location.find('?') == std::string::npos ? '?' : '&';
    for (auto const& [name, value] : values) {
        location += separator + name + "=" + percent_encode(value);
        separator = '&';
    }
    Reply reply(302, "text/html; charset=utf-8", "<html><head><title>Object moved</title></head></html>");
    reply.service_headers = false;
    return reply.with("Location", location);
}

} // namespace

Reply authorize_endpoint(State& state, Request const& request, std::string_view tenant) {
    // POST carries the same parameters as a form.
    NameValues const form = request.method == "POST" ? parse_form(request.body) : request.query;
    std::string const redirect_uri = form_value(form, "redirect_uri");
    std::string const client_id = form_value(form, "client_id");
    auto const* application = state.world->find_application(client_id);
    if (!is_pseudo_tenant(tenant) && state.world->find_tenant(tenant) == nullptr) {
        return error_page(90002, "Tenant '" + std::string(tenant) + "' not found.");
    }
    if (application == nullptr) {
        return error_page(700016,
                          "Application with identifier '" + client_id + "' was not found in the directory.");
    }
    auto const& uris = application->redirect_uris;
    if (std::none_of(
            uris.begin(), uris.end(), [&](auto const& uri) { return redirect_matches(uri, redirect_uri); })) {
        return error_page(50011,
                          "The redirect URI '" + redirect_uri +
                              "' specified in the request does not match the redirect "
                              "URIs configured for the application '" +
                              client_id + "'.");
    }
    std::string const mode = form_value(form, "response_mode");
    std::string const given_state = form_value(form, "state");
    auto const refuse = [&](std::string const& error, std::string const& text) {
        return back_to_client(
            redirect_uri, mode, {{"error", error}, {"error_description", text}, {"state", given_state}});
    };
    if (!state.settings.authorize_error.empty()) {
        // The sentence is the one the token endpoint has for the number.
        Json const body = Json::parse(entra_error(state.settings.authorize_code).body);
        return refuse(state.settings.authorize_error, string_member(body, "error_description"));
    }
    if (form_value(form, "response_type") != "code") {
        return refuse("unsupported_response_type", "AADSTS70004: Only the code response type is supported.");
    }
    if (application->is_public && form_value(form, "code_challenge").empty()) {
        return refuse("invalid_request",
                      "AADSTS9002325: Proof Key for Code Exchange is required for public clients.");
    }
    if (read_claims(state, form, "authorize_with_claims")) {
        return refuse("invalid_request", "AADSTS9002313: The claims parameter is not a valid JSON object.");
    }
    std::string user = form_value(form, "login_hint");
    if (state.world->find_user_anywhere(user) == nullptr) {
        user = state.settings.sign_in_user;
    }
    auto const* identity = identity_at(state, user, tenant);
    if (identity == nullptr) {
        return refuse("interaction_required",
                      "AADSTS50020: User account '" + user + "' does not exist in tenant '" +
                          std::string(tenant) + "' and cannot access the application in that tenant.");
    }
    AuthorizationCode code;
    code.client_id = application->client_id;
    code.redirect_uri = redirect_uri;
    code.challenge = form_value(form, "code_challenge");
    code.person = identity->person;
    code.tenant_id = identity->tenant_id;
    code.scope = form_value(form, "scope");
    code.nonce = form_value(form, "nonce");
    code.expires = state.now() + std::chrono::minutes(10);
    std::string const value = "1.A" + random_token(90);
    state.tokens.codes[value] = std::move(code);
    return back_to_client(
        redirect_uri, mode, {{"code", value}, {"state", given_state}, {"session_state", next_guid()}});
}

} // namespace simulator
