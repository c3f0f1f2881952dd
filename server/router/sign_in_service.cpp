#include "server/router/sign_in_service.hpp"

#include "auth/tenant_cache.hpp"
#include "auth/tenant_lookup.hpp"
#include "core/crypto/random.hpp"
#include "core/log.hpp"
#include "core/text/base64.hpp"
#include "server/router/connector_factory.hpp"
#include "server/router/grant_proof.hpp"
#include "server/router/sign_in_errors.hpp"
#include "server/router/sign_in_settlement.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace server {
namespace {

using core::ErrorKind;
using sign_in_errors::link_expired;
using sign_in_errors::link_used;
using sign_in_errors::make_error;
using sign_in_errors::start_again;

constexpr std::size_t kNonceBytes = 16;
constexpr char kCancelledCode[] = "sign_in_cancelled";
/// How often a waiter looks whether another process ended the flow.
constexpr std::chrono::seconds kStoreLook{1};

std::string declared_tenant(Config const& config,
                            ado::OrganizationUrls const& urls,
                            ado::Organization const& organization) {
    for (ConnectorConfig const& connector : config.connectors) {
        auto const declared = ado::parse_organization(connector.organization, urls);
        if (!declared || declared->key() != organization.key()) {
            continue;
        }
        for (AuthMethodConfig const& method : connector.auth) {
            if (method.method == AuthMethod::oauth && !method.tenant.empty()) {
                return method.tenant;
            }
        }
    }
    return {};
}

/// A tenant id, a domain or `organizations`: it becomes part of an address.
bool is_tenant(std::string_view text) noexcept {
    return text.size() <= 253 && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      c == '-' || c == '.';
           });
}

} // namespace

SignInService::SignInService(SignInEnvironment environment)
    : environment_(std::move(environment)), clock_(environment_.provider_environment.clock),
      audit_(environment_.audit),
      flows_(std::make_shared<SignInFlows>(environment_.config.limits.sign_in_flows)),
      devices_(std::make_shared<DeviceSignIns>()) {
    return_.public_url = environment_.config.public_url;
}

core::Task<core::Result<std::string>> SignInService::tenant_of(std::string organization,
                                                               core::CallContext const& ctx) {
    if (environment_.provider_environment.tenants != nullptr) {
        core::Result<std::string> known =
            co_await environment_.provider_environment.tenants->find(std::move(organization), ctx);
        co_return known;
    }
    std::string base = environment_.config.azure_devops.identity_url;
    core::Result<std::string> found =
        co_await auth::lookup_tenant(environment_.retrying, std::move(base), std::move(organization), ctx);
    co_return found;
}

/// A refusal may mean that the organization has moved: the next sign-in looks again.
void SignInService::forget_tenant(std::string const& organization, core::Error const& error) {
    bool const refused = error.kind() == ErrorKind::unauthorized || error.kind() == ErrorKind::forbidden;
    if (refused && environment_.provider_environment.tenants != nullptr) {
        environment_.provider_environment.tenants->forget(organization);
    }
}

core::Task<core::Result<SignInTarget>> SignInService::aim(SignInRequest const& request,
                                                          core::CallContext const& ctx) {
    Config const& config = environment_.config;
    if (config.entra.client_id.empty()) {
        co_return core::fail(
            make_error(ErrorKind::invalid_argument,
                       "config_invalid",
                       "entra.client_id is not set: there is no app to sign in with.",
                       "Set entra.client_id to your app registration, or to `developer` to sign in "
                       "without one."));
    }
    ado::OrganizationUrls const urls = organization_urls(config);
    CO_TRY(ado::Organization organization, ado::parse_organization(request.organization, urls));
    std::string tenant =
        request.tenant.empty() ? declared_tenant(config, urls, organization) : request.tenant;
    // A connector made through the API says it in its own settings.
    if (tenant.empty() && environment_.directory != nullptr) {
        if (auto const connector = environment_.directory->find_key(organization.key())) {
            tenant = connector->settings().oauth_tenant;
        }
    }
    if (!is_tenant(tenant)) {
        co_return core::fail(make_error(ErrorKind::invalid_argument,
                                        "invalid_tenant",
                                        "'tenant' is not a tenant.",
                                        "Give a tenant's id or one of its domains, or leave it out."));
    }
    if (tenant.empty()) {
        CO_TRY(tenant, co_await tenant_of(organization.name(), ctx));
    }
    co_return SignInTarget(std::move(organization), std::move(tenant));
}

std::string SignInService::new_flow_id(SignInTarget const& target, core::SystemTime expires_at) const {
    auth::FlowTicket ticket(target.organization.name());
    ticket.started_at = clock_.system_now();
    ticket.expires_at = expires_at;
    return auth::make_flow_id(environment_.sealer, ticket);
}

core::Task<core::Result<SignInLink>> SignInService::start(SignInRequest request,
                                                          core::CallContext const& ctx) {
    Config const& config = environment_.config;
    CO_TRY(std::string redirect_uri, redirect_uri_of(config.entra, return_));
    if (!request.prompt.empty() && !auth::is_prompt(request.prompt)) {
        co_return core::fail(make_error(ErrorKind::invalid_argument,
                                        "invalid_prompt",
                                        "'prompt' is none of the words an authority knows.",
                                        "Give login, consent, select_account or none, or leave it out."));
    }
    CO_TRY(SignInTarget const target, co_await aim(request, ctx));

    auth::PkcePair pkce = auth::PkcePair::make();
    core::SystemTime const now = clock_.system_now();
    core::SystemTime const expires_at = now + config.limits.sign_in_ms;
    std::string const name = target.organization.name();
    auth::OAuthState state(new_flow_id(target, expires_at), name, std::move(pkce.verifier));
    state.tenant = target.tenant;
    state.client_id = config.entra.client_id;
    state.redirect_uri = std::move(redirect_uri);
    state.principal = request.principal;
    state.nonce = core::base64url_encode(core::random_bytes(kNonceBytes));
    state.started_at = now;
    state.expires_at = expires_at;
    CO_TRY(std::optional<auth::OAuthGrant> const before,
           co_await environment_.grants.load_grant(target.organization.key()));
    if (before) {
        state.claims = before->sign_in_claims;
    }

    auth::AuthorizeRequest authorize(
        config.entra.authority, state, auth::seal_state(environment_.sealer, state));
    authorize.code_challenge = std::move(pkce.challenge);
    authorize.login_hint = request.login_hint;
    // A browser is often signed in as somebody, who need not be the one with access to the organization.
    authorize.prompt = request.prompt;
    if (request.prompt.empty() && request.login_hint.empty()) {
        authorize.prompt = "select_account";
    }

    SignInLink link(state.flow_id);
    link.organization = name;
    link.tenant = target.tenant;
    link.authorize_url = auth::authorize_url(authorize);
    link.redirect_uri = state.redirect_uri;
    link.expires_at = expires_at;

    SignInStatus status(state.flow_id);
    status.organization = name;
    status.tenant = target.tenant;
    status.expires_at = expires_at;
    // Where there is no room the link works all the same.
    static_cast<void>(flows_->add(std::move(status), false));
    audit_.started(name, request.principal, "browser", ctx.request_id);
    core::log::info("sign_in.started",
                    {{"organization", name},
                     {"method", "oauth"},
                     {"tenant", target.tenant},
                     {"principal", request.principal},
                     {"request_id", ctx.request_id}});
    co_return link;
}

bool SignInService::knows(std::string_view state) const {
    return auth::open_state(environment_.sealer, state).has_value();
}

core::Task<core::Result<SignInStatus>> SignInService::finish(auth::AuthorizationAnswer answer,
                                                             core::CallContext const& ctx) {
    std::optional<auth::OAuthState> const state = auth::open_state(environment_.sealer, answer.state);
    if (!state) {
        co_return core::fail(start_again("sign_in_unknown", "This server knows nothing of such a sign-in."));
    }
    core::SystemTime const now = clock_.system_now();
    if (state->expires_at <= now) {
        flows_->failed(state->flow_id, link_expired(ErrorKind::timeout));
        co_return core::fail(link_expired(ErrorKind::invalid_argument));
    }
    if (!flows_->claim(state->flow_id, state->expires_at, now)) {
        SignInStatus const* const known = flows_->find(state->flow_id);
        bool const cancelled = known != nullptr && known->failure && known->failure->code() == kCancelledCode;
        co_return core::fail(cancelled ? *known->failure : link_used());
    }
    SignInStatus outcome(state->flow_id);
    outcome.organization = state->organization;
    outcome.tenant = state->tenant;
    outcome.expires_at = state->expires_at;
    if (flows_->find(state->flow_id) == nullptr) {
        // Started by another process, or before a restart. A browser that opens its tabs again sends the old
        // answer once more, and an authority that sees a code twice may revoke what the first use brought.
        CO_TRY(auto const newer, co_await newer_grant(state->organization, state->started_at));
        if (newer) {
            co_return core::fail(link_used());
        }
        static_cast<void>(flows_->add(outcome, false));
    }
    SignInSettlement settlement(flows_, state->flow_id, state->principal, ctx.request_id, audit_);
    core::Result<std::string> const identity = co_await connect(*state, answer, ctx);
    settlement.settle(identity, state->organization);
    if (identity) {
        outcome.state = SignInState::connected;
        outcome.identity = *identity;
    } else {
        forget_tenant(state->organization, identity.error());
        outcome.state = SignInState::failed;
        outcome.failure.emplace(identity.error());
    }
    co_return outcome;
}

core::Task<core::Result<std::string>> SignInService::connect(auth::OAuthState const& state,
                                                             auth::AuthorizationAnswer const& answer,
                                                             core::CallContext const& ctx) {
    CO_TRY(ado::Organization organization,
           ado::parse_organization(state.organization, organization_urls(environment_.config)));
    auth::ProviderEnvironment& provider = environment_.provider_environment;
    auth::AuthorizationCodeFlow flow(
        provider.http, clock_, provider.authority, environment_.config.entra.client_secret);
    CO_TRY(auth::OAuthGrant grant, co_await flow.finish(state, answer, ctx));
    core::Result<std::string> identity =
        co_await keep(std::move(organization), std::move(grant), state.principal, ctx);
    co_return identity;
}

/// Proves the grant, stores it durably, and only then lets the connector know.
core::Task<core::Result<std::string>> SignInService::keep(ado::Organization organization,
                                                          auth::OAuthGrant grant,
                                                          std::string principal,
                                                          core::CallContext const& ctx) {
    ado::Organization target = organization;
    CO_TRY(auth::OAuthGrant proven,
           co_await prove_grant(environment_.provider_environment,
                                environment_.retrying,
                                environment_.config.entra.client_secret,
                                std::move(target),
                                std::move(grant),
                                ctx));
    CO_TRY_VOID(co_await audit_.save(
        environment_.grants, organization.key(), proven, std::move(principal), ctx.request_id));
    if (environment_.directory != nullptr) {
        CO_TRY(std::shared_ptr<Connector> const connector,
               environment_.directory->find_or_make(organization.name()));
        connector->set_stored("oauth", true);
        connector->credentials_changed();
    }
    co_return proven.identity;
}

core::Task<core::Result<SignInStatus>> SignInService::status(std::string flow_id, core::CallContext const&) {
    SignInStatus const* const known = flows_->find(flow_id);
    if (known != nullptr && known->state != SignInState::pending) {
        co_return *known;
    }
    std::optional<auth::FlowTicket> const ticket = auth::open_flow_id(environment_.sealer, flow_id);
    if (!ticket) {
        co_return core::fail(core::Error(ErrorKind::not_found, "There is no such sign-in.")
                                 .with_code("flow_not_found")
                                 .with_fix("Start a sign-in and use the flow_id of its answer."));
    }
    SignInStatus status(flow_id);
    if (known != nullptr) {
        status = *known;
    }
    status.organization = ticket->organization;
    status.expires_at = ticket->expires_at;
    CO_TRY(auto const newer, co_await newer_grant(ticket->organization, ticket->started_at));
    if (newer) {
        status.state = SignInState::connected;
        status.identity = newer->identity;
        status.tenant = newer->tenant;
    }
    if (status.state == SignInState::pending && status.expires_at <= clock_.system_now() &&
        !flows_->is_under_way(flow_id)) {
        status.state = SignInState::failed;
        status.failure.emplace(link_expired(ErrorKind::timeout));
    }
    co_return status;
}

core::Task<core::Result<std::optional<auth::GrantStore::ListedGrant>>>
SignInService::newer_grant(std::string organization, core::SystemTime since) {
    std::optional<auth::GrantStore::ListedGrant> found;
    CO_TRY(ado::Organization const wanted,
           ado::parse_organization(organization, organization_urls(environment_.config)));
    CO_TRY(auto grants, co_await environment_.grants.list_grants());
    for (auth::GrantStore::ListedGrant& grant : grants) {
        if (grant.organization == wanted.key() && grant.obtained_at >= since) {
            found.emplace(std::move(grant));
        }
    }
    co_return found;
}

core::Task<core::Result<SignInStatus>> SignInService::wait(std::string flow_id,
                                                           core::CallContext const& ctx) {
    while (true) {
        CO_TRY(SignInStatus now, co_await status(flow_id, ctx));
        if (now.state != SignInState::pending || ctx.deadline.passed(clock_.now())) {
            co_return now;
        }
        core::Deadline const look = core::Deadline::in(clock_, kStoreLook).earlier(ctx.deadline);
        if (std::shared_ptr<core::Event> const ended = flows_->ended(flow_id)) {
            static_cast<void>(co_await ended->wait(look));
        } else {
            co_await clock_.sleep_until(look.time());
        }
    }
}

core::Task<core::Result<SignInStatus>>
SignInService::cancel(std::string flow_id, std::string principal, core::CallContext const& ctx) {
    CO_TRY(SignInStatus now, co_await status(flow_id, ctx));
    if (now.state != SignInState::pending) {
        co_return now;
    }
    std::shared_ptr<DeviceJob> const job = devices_->find_flow(flow_id);
    core::Error const error = make_error(ErrorKind::cancelled,
                                         "sign_in_cancelled",
                                         "The sign-in was cancelled.",
                                         "Start it again if need be.");
    if (job && job->has_grant) {
        co_return now;
    }
    if (job) {
        end_device(*job, error, std::move(principal), ctx.request_id);
    } else {
        if (!flows_->claim(flow_id, now.expires_at, clock_.system_now())) {
            co_return now; // the browser is back already
        }
        if (flows_->find(flow_id) == nullptr) {
            static_cast<void>(flows_->add(now, false));
        }
        SignInSettlement settlement(flows_, flow_id, std::move(principal), ctx.request_id, audit_);
        settlement.settle(core::fail(error), now.organization);
    }
    now.state = SignInState::failed;
    now.failure.emplace(error);
    co_return now;
}

} // namespace server
