#include "server/router/grant_proof.hpp"
#include "ado/transport.hpp"

#include "server/router/credential_check.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace server {
namespace {

constexpr std::chrono::seconds kTokenLife{60};

/// Holds a fresh grant until it has been seen to work. Nothing reaches the disk before that.
class UnprovenGrant final : public auth::LocalGrantStore {
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
    auth::OAuthGrant take() {
        // The first call is to fetch its own access token: that shows the stored grant to be good.
        grant_.access_token = core::Secret();
        return std::move(grant_);
    }

private:
    auth::OAuthGrant grant_;
};

} // namespace

core::Task<core::Result<auth::OAuthGrant>> prove_grant(auth::ProviderEnvironment const& environment,
                                                       core::HttpClient& ado_http,
                                                       core::Secret const& client_secret,
                                                       ado::Organization organization,
                                                       auth::OAuthGrant grant,
                                                       core::CallContext const& ctx) {
    UnprovenGrant unproven(std::move(grant));
    auth::OAuthProviderConfig config;
    config.organization = organization.key();
    config.client_secret = client_secret.clone();
    auto const provider = auth::make_oauth_provider(environment, std::move(config), unproven);
    CO_TRY(core::AccessToken token, co_await provider->get(kTokenLife, ctx));
    // People sign in to the cloud alone; an older Server takes only PATs.
    std::string const api_version = ado::ClientLimits().api_version;
    CO_TRY(CredentialCheck const check,
           co_await check_credential(
               std::move(organization), std::move(token), api_version, ado_http, environment.clock, ctx));
    auth::OAuthGrant proven = unproven.take();
    if (proven.identity.empty()) {
        proven.identity = check.identity;
    }
    co_return proven;
}

} // namespace server
