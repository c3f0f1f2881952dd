#include "server/commands/login.hpp"

#include "auth/device_code.hpp"
#include "auth/providers.hpp"
#include "auth/tenant_lookup.hpp"
#include "core/crypto/random.hpp"
#include "server/commands/command_run.hpp"
#include "server/commands/exit_codes.hpp"
#include "server/config/load_config.hpp"
#include "server/outbound.hpp"
#include "server/router/connector_factory.hpp"
#include "server/router/credential_check.hpp"
#include "server/store/state_store.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>

namespace server {
namespace {

/// A device code lives 15 minutes; the rest is for the requests around it.
constexpr std::chrono::minutes kSignInTime{17};

/// Holds a fresh grant until it has been seen to work. Nothing reaches the disk before that.
class UnprovenGrant final : public auth::GrantStore {
public:
    explicit UnprovenGrant(auth::OAuthGrant grant) : grant_(std::move(grant)) {}

    core::Task<core::Result<std::optional<auth::OAuthGrant>>> load_grant(std::string) override {
        co_return std::optional<auth::OAuthGrant>(grant_.clone());
    }
    core::Task<core::Result<void>> save_grant(std::string, auth::OAuthGrant& grant) override {
        grant.generation = grant_.generation + 1;
        grant_ = grant.clone();
        co_return core::Result<void>();
    }
    core::Task<core::Result<bool>> remove_grant(std::string) override { co_return false; }
    core::Task<core::Result<std::vector<ListedGrant>>> list_grants() override {
        co_return std::vector<ListedGrant>();
    }
    auth::OAuthGrant take() { return std::move(grant_); }

private:
    auth::OAuthGrant grant_;
};

std::string declared_tenant(Config const& config, ado::Organization const& organization) {
    for (ConnectorConfig const& connector : config.connectors) {
        auto const declared = ado::parse_organization(connector.organization, organization_urls(config));
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

void show(auth::DeviceCodePrompt const& prompt) {
    std::fprintf(stderr,
                 "To sign in, open %s and enter the code %s (valid until %s).\n",
                 prompt.verification_uri.c_str(),
                 prompt.user_code.c_str(),
                 core::format_utc(prompt.expires_at).c_str());
}

core::Task<core::Result<std::string>> sign_in(CommandRun& run, LoginOptions const& options) {
    Config const& config = run.config();
    CO_TRY(ado::Organization const organization,
           ado::parse_organization(options.organization, organization_urls(config)));
    core::CallContext const ctx(core::random_uuid(), core::Deadline::in(run.clock(), kSignInTime));

    std::string tenant = options.tenant.empty() ? declared_tenant(config, organization) : options.tenant;
    if (tenant.empty()) {
        CO_TRY(tenant,
               co_await auth::lookup_tenant(
                   run.outbound().retrying(), config.azure_devops.identity_url, organization.name(), ctx));
    }
    auth::DeviceCodeFlow flow(run.outbound().once(),
                              run.clock(),
                              auth::DeviceCodeConfig(config.entra.authority, tenant, config.entra.client_id));
    CO_TRY(auth::DeviceCodePrompt const prompt, co_await flow.start(ctx));
    show(prompt);
    CO_TRY(auth::OAuthGrant grant, co_await flow.poll(prompt, ctx));

    UnprovenGrant unproven(std::move(grant));
    auth::ProviderEnvironment environment(run.executor(), run.outbound().once(), run.clock());
    environment.authority = config.entra.authority;
    auth::OAuthProviderConfig provider_config;
    provider_config.organization = organization.key();
    provider_config.client_secret = config.entra.client_secret.clone();
    auto const provider = auth::make_oauth_provider(environment, std::move(provider_config), unproven);
    CO_TRY(core::AccessToken token, co_await provider->get(std::chrono::seconds(60), ctx));
    ado::Organization target = organization;
    CO_TRY(CredentialCheck const check,
           co_await check_credential(
               std::move(target), std::move(token), run.outbound().retrying(), run.clock(), ctx));

    auth::OAuthGrant proven = unproven.take();
    if (proven.identity.empty()) {
        proven.identity = check.identity;
    }
    std::string const identity = proven.identity;
    CO_TRY_VOID(co_await run.store().save_grant(organization.key(), proven));
    co_return "Connected to Azure DevOps: organization " + organization.name() + ", tenant " + tenant +
        ", as " + identity + ".";
}

} // namespace

int run_login(LoginOptions const& options) {
    auto config = load_config(options.config);
    if (!config) {
        return report_error(config.error());
    }
    if (!options.device_code) {
        std::fprintf(stderr,
                     "ado-mcpd: this version signs in by device code only.\n  fix: add --device-code\n");
        return kExitUsage;
    }
    if (config->entra.client_id.empty()) {
        return report_error(core::Error(core::ErrorKind::invalid_argument,
                                        "entra.client_id is not set: there is no app to sign in with.")
                                .with_code("config_invalid")
                                .with_fix("Set entra.client_id to your app registration, or to `developer` "
                                          "to sign in without one."));
    }
    auto run = CommandRun::make(std::move(*config));
    if (!run) {
        return report_error(run.error());
    }
    auto connected = (*run)->wait_for(sign_in(**run, options));
    if (!connected) {
        return report_error(connected.error());
    }
    std::printf("%s\n", connected->c_str());
    return kExitDone;
}

} // namespace server
