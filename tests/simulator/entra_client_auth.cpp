#include "simulator/entra_authority.hpp"

#include "simulator/entra_errors.hpp"

#include <algorithm>

namespace simulator {
namespace {

constexpr std::string_view kAssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Clock skew the authority allows.
constexpr long long kSkew = 300;

bool signed_by_us(State& state, DecodedJwt const& token) {
    return string_member(token.header, "alg") == "RS256" &&
           (state.keys.current().verify(token.signed_part, token.signature) ||
            state.keys.spare().verify(token.signed_part, token.signature));
}

std::string audience_of(DecodedJwt const& token) {
    auto const found = token.claims.find("aud");
    if (found != token.claims.end() && found->is_array() && !found->empty() && found->front().is_string()) {
        return found->front().get<std::string>();
    }
    return string_member(token.claims, "aud");
}

std::string presented(DecodedJwt const& token) {
    return " Presented assertion issuer '" + string_member(token.claims, "iss") + "', subject '" +
           string_member(token.claims, "sub") + "', audience '" + audience_of(token) + "'.";
}

/// The federated credentials decide in the order issuer, subject, audience, and each has its own number.
std::optional<Reply> check_federation(State& state, Application const& application, DecodedJwt const& token) {
    if (application.federated.empty()) {
        return entra_error(70025,
                           "The client '" + application.client_id + "'(" + application.name +
                               ") has no configured federated identity credentials.");
    }
    std::string const issuer = string_member(token.claims, "iss");
    std::string const subject = string_member(token.claims, "sub");
    std::string const audience = audience_of(token);
    auto const same_audience = [&](FederatedCredential const& c) {
        // Entra's own tokens carry the GUID form of the audience a credential names by URI.
        return c.audience == audience || (c.audience == kExchangeAudience && audience == kExchangeAudienceId);
    };
    auto const& all = application.federated;
    if (std::none_of(all.begin(), all.end(), [&](auto const& c) { return c.issuer == issuer; })) {
        return entra_error(700211,
                           "No matching federated identity record found for presented assertion issuer '" +
                               issuer + "'." + presented(token));
    }
    auto const issuer_and_subject = [&](auto const& c) { return c.issuer == issuer && c.subject == subject; };
    if (std::none_of(all.begin(), all.end(), issuer_and_subject)) {
        return entra_error(700213,
                           "No matching federated identity record found for presented assertion subject '" +
                               subject + "'." + presented(token));
    }
    if (std::none_of(all.begin(), all.end(), [&](auto const& c) {
            return issuer_and_subject(c) && same_audience(c);
        })) {
        return entra_error(700212,
                           "No matching federated identity record found for presented assertion audience '" +
                               audience + "'." + presented(token));
    }
    if (!signed_by_us(state, token)) {
        return entra_error(700027);
    }
    auto const now = unix_seconds(state.now());
    if (int_member(token.claims, "exp", 0) + kSkew <= now ||
        int_member(token.claims, "nbf", 0) > now + kSkew || !token.claims.contains("exp")) {
        return entra_error(700024,
                           "Client assertion is not within its valid time range. Current time: " +
                               iso_time(state.now()) + ", expiry time of assertion " +
                               iso_time(from_unix(int_member(token.claims, "exp", 0))) + ".");
    }
    if (token.claims.contains("scp")) {
        return entra_error(700226);
    }
    return std::nullopt;
}

std::string resource_of(std::string_view scope) {
    return std::string(scope.ends_with("/.default") ? scope.substr(0, scope.size() - 9) : scope);
}

} // namespace

std::optional<Reply>
authenticate_client(State& state, Application const& application, NameValues const& form, bool required) {
    std::string const assertion = form_value(form, "client_assertion");
    std::string const secret = form_value(form, "client_secret");
    if (application.is_public) {
        return assertion.empty() && secret.empty() ? std::nullopt : std::optional<Reply>(entra_error(700025));
    }
    if (!assertion.empty()) {
        auto const token = decode_jwt(assertion);
        if (form_value(form, "client_assertion_type") != kAssertionType || !token.has_value()) {
            return entra_error(
                9002313, "The client_assertion is malformed, or its client_assertion_type is not supported.");
        }
        return check_federation(state, application, *token);
    }
    if (!secret.empty()) {
        return secret == application.secret && !secret.empty() ? std::nullopt
                                                               : std::optional<Reply>(entra_error(7000215));
    }
    return required ? std::optional<Reply>(entra_error(7000218)) : std::nullopt;
}

Reply client_credentials(State& state,
                         Request const& request,
                         std::string_view tenant,
                         NameValues const& form) {
    if (iequals(tenant, "common") || iequals(tenant, "organizations") || iequals(tenant, "consumers")) {
        return entra_error(9001023);
    }
    auto const* known = state.world->find_tenant(tenant);
    if (known == nullptr) {
        return entra_error(90002);
    }
    auto const* application = state.world->find_application(form_value(form, "client_id"));
    auto const* principal = [&]() -> Identity const* {
        if (application == nullptr) {
            return nullptr;
        }
        auto const found = application->service_principals.find(known->id);
        return found == application->service_principals.end() ? nullptr : found->second;
    }();
    if (principal == nullptr) {
        return entra_error(
            700016,
            "Application with identifier '" + form_value(form, "client_id") +
                "' was not found in the directory '" + known->name +
                "'. This can happen if the application has not been installed by the administrator of "
                "the tenant or consented to by any user in the tenant.");
    }
    std::string const scope = form_value(form, "scope");
    if (scope.empty()) {
        return entra_error(90014);
    }
    if (!scope.ends_with("/.default") || scope.find(' ') != std::string::npos) {
        return entra_error(1002012);
    }
    if (auto refusal = authenticate_client(state, *application, form, true)) {
        return *refusal;
    }
    std::string const resource = resource_of(scope);
    bool const known_resource = resource == kAzureDevOpsResource || resource == kAzureDevOpsUri ||
                                resource == kExchangeAudience || resource == "https://azuresre.dev" ||
                                state.world->find_application(resource) != nullptr;
    if (!known_resource) {
        return entra_error(500011,
                           "The resource principal named " + resource +
                               " was not found in the tenant named " + known->name + ".");
    }
    TokenRequest wanted;
    wanted.identity = principal;
    wanted.client_id = application->client_id;
    wanted.audience = resource;
    wanted.issuer = token_issuer(request, known->id);
    wanted.lifetime_s = access_token_lifetime(state);
    ++state.counters.tokens["client_credentials"];
    Json body = {
        {"token_type", "Bearer"}, {"expires_in", wanted.lifetime_s}, {"ext_expires_in", wanted.lifetime_s}};
    if (state.settings.refresh_in_s > 0) {
        body["refresh_in"] = state.settings.refresh_in_s;
    }
    body["access_token"] = issue_token(state, wanted);
    Reply reply = json_reply(body);
    reply.service_headers = false;
    return reply.with("Cache-Control", "no-store, no-cache");
}

} // namespace simulator
