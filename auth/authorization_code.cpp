#include "auth/authorization_code.hpp"

#include "auth/claims_request.hpp"
#include "auth/device_code.hpp"
#include "auth/entra_token_client.hpp"
#include "auth/oauth_grant.hpp"
#include "auth/tenant_lookup.hpp"
#include "core/text/percent_encoding.hpp"

#include <algorithm>
#include <chrono>

namespace auth {
namespace {

using core::ErrorKind;

constexpr std::chrono::seconds kRequestDeadline{30};
constexpr std::size_t kLongestDescription = 2048;
constexpr std::string_view kStartAgain = "Start the sign-in again.";

std::string_view without_slashes(std::string_view url) noexcept {
    while (url.ends_with('/')) {
        url.remove_suffix(1);
    }
    return url;
}

core::Error refusal(std::string code, std::string message) {
    return core::Error(ErrorKind::unauthorized, std::move(message))
        .with_code(std::move(code))
        .with_fix(std::string(kStartAgain));
}

EntraErrorContext context_of(OAuthState const& state, std::string authority) {
    EntraErrorContext context;
    context.authority = std::move(authority);
    context.tenant = state.tenant;
    context.client_id = state.client_id;
    context.organization = state.organization;
    return context;
}

/// What the authority said instead of sending a code.
core::Error declined(AuthorizationAnswer const& answer, EntraErrorContext const& context) {
    EntraError refused = parse_authorize_error(answer.error, answer.error_description, context);
    core::Error& error = refused.failure.error;
    if (answer.error == "access_denied" && refused.codes.empty()) {
        return refusal("access_denied", "The sign-in was cancelled or refused.");
    }
    if (!refused.failure.permanent()) {
        // Nobody repeats this by himself: it takes the person.
        error = std::move(error).with_fix("Start the sign-in again in a few minutes.");
    }
    return error;
}

} // namespace

bool is_prompt(std::string_view text) noexcept {
    return text == "login" || text == "consent" || text == "select_account" || text == "none";
}

std::string authorize_url(AuthorizeRequest const& request) {
    OAuthState const& state = request.state;
    core::QueryPairs query;
    query.emplace_back("client_id", state.client_id);
    query.emplace_back("response_type", "code");
    query.emplace_back("redirect_uri", state.redirect_uri);
    query.emplace_back("response_mode", "query");
    query.emplace_back("scope", std::string(kDelegatedScope));
    query.emplace_back("state", request.sealed_state);
    query.emplace_back("nonce", state.nonce);
    query.emplace_back("code_challenge", request.code_challenge);
    query.emplace_back("code_challenge_method", "S256");
    query.emplace_back("client_info", "1");
    if (!request.prompt.empty()) {
        query.emplace_back("prompt", request.prompt);
    }
    if (!request.login_hint.empty()) {
        query.emplace_back("login_hint", request.login_hint);
    }
    query.emplace_back("claims", with_capabilities(state.claims));
    return std::string(without_slashes(request.authority)) + "/" + core::percent_encode(state.tenant) +
           "/oauth2/v2.0/authorize?" + core::build_query(query);
}

std::optional<AuthorizationAnswer> read_authorization_answer(std::string_view encoded) {
    std::optional<core::QueryPairs> pairs = core::parse_query(encoded);
    if (!pairs) {
        return std::nullopt;
    }
    AuthorizationAnswer answer;
    bool twice = false;
    for (auto& pair : *pairs) {
        // Named by hand: a lambda may not capture a structured binding in C++20 as every compiler reads it.
        auto const& name = pair.first;
        auto& value = pair.second;
        auto const keep = [&twice, &value](std::string& member) {
            twice = twice || !member.empty();
            member = value;
        };
        if (name == "code") {
            twice = twice || !answer.code.empty();
            answer.code = core::Secret(value);
            core::wipe(value.data(), value.size());
        } else if (name == "state") {
            keep(answer.state);
        } else if (name == "error") {
            keep(answer.error);
        } else if (name == "error_description") {
            keep(answer.error_description);
        } else if (name == "iss") {
            keep(answer.issuer);
        }
    }
    bool const one_of_both = answer.code.empty() != answer.error.empty();
    if (twice || answer.state.empty() || !one_of_both) {
        return std::nullopt;
    }
    if (answer.error_description.size() > kLongestDescription) {
        answer.error_description.resize(kLongestDescription);
    }
    return answer;
}

bool is_issuer_of(std::string_view issuer, std::string_view authority, std::string_view tenant) {
    constexpr std::string_view kEnd = "/v2.0";
    authority = without_slashes(authority);
    if (!issuer.starts_with(authority) || !issuer.ends_with(kEnd) ||
        issuer.size() <= authority.size() + kEnd.size() + 1 || issuer[authority.size()] != '/') {
        return false;
    }
    std::string_view const named =
        issuer.substr(authority.size() + 1, issuer.size() - authority.size() - 1 - kEnd.size());
    // `organizations` and a domain stand for a tenant whose id is not known beforehand.
    return is_tenant_id(tenant) ? core::iequals(named, tenant) : is_tenant_id(named);
}

core::Result<void> check_id_token(std::optional<JwtClaims> const& claims, OAuthState const& state) {
    if (!claims) {
        return core::fail(refusal("id_token_missing", "Microsoft Entra did not say who signed in."));
    }
    if (state.nonce.empty() || claims->nonce != state.nonce) {
        return core::fail(
            refusal("nonce_mismatch", "The answer of Microsoft Entra belongs to another sign-in."));
    }
    if (std::ranges::find(claims->audience, state.client_id) == claims->audience.end()) {
        return core::fail(
            refusal("audience_mismatch", "The answer of Microsoft Entra is for another application."));
    }
    if (is_tenant_id(state.tenant) && !claims->tenant_id.empty() &&
        !core::iequals(claims->tenant_id, state.tenant)) {
        return core::fail(refusal("tenant_mismatch",
                                  "The sign-in was made in tenant " + claims->tenant_id +
                                      ", but organization " + state.organization + " belongs to tenant " +
                                      state.tenant + ".")
                              .with_fix("Sign in with an account of that tenant, or as its guest."));
    }
    return {};
}

core::Task<core::Result<OAuthGrant>> AuthorizationCodeFlow::finish(OAuthState const& state,
                                                                   AuthorizationAnswer const& answer,
                                                                   core::CallContext const& ctx) {
    EntraErrorContext context = context_of(state, authority_);
    if (!answer.issuer.empty() && !is_issuer_of(answer.issuer, authority_, state.tenant)) {
        co_return core::fail(refusal("issuer_mismatch", "The answer came from another authority."));
    }
    if (!answer.error.empty()) {
        co_return core::fail(declined(answer, context));
    }
    EntraTokenClient client(http_, clock_, authority_);
    core::CallContext const limited = ctx.shortened(core::Deadline::in(clock_, kRequestDeadline));
    EntraResult redeemed = co_await client.redeem_code(std::move(context),
                                                       state.redirect_uri,
                                                       std::string(kDelegatedScope),
                                                       answer.code,
                                                       state.verifier,
                                                       client_secret_,
                                                       with_capabilities(state.claims),
                                                       limited);
    if (!redeemed) {
        core::Error error = redeemed.error().failure.error;
        if (!redeemed.error().failure.permanent()) {
            error = std::move(error).with_fix("Start the sign-in again in a few minutes.");
        }
        co_return core::fail(std::move(error));
    }
    CO_TRY_VOID(check_id_token(redeemed->id_token, state));
    co_return make_grant(state.tenant, state.client_id, std::move(*redeemed), clock_.system_now());
}

} // namespace auth
