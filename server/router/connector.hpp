#pragma once

#include "ado/client.hpp"
#include "ado/organization.hpp"
#include "ado/throttle.hpp"
#include "auth/providers.hpp"
#include "core/clock.hpp"
#include "core/token_source.hpp"
#include "server/tools/call_scope.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace server {

/// A provider and whether the configuration names it. One that is merely possible (a PAT might be stored
/// later) is passed over silently while nothing is stored for it.
class ConnectorProvider {
public:
    ConnectorProvider(std::unique_ptr<auth::CredentialProvider> provider_,
                      bool declared_,
                      bool self_contained_ = false)
        : provider(std::move(provider_)), declared(declared_), self_contained(self_contained_) {}
    /// Nothing to authenticate with: nothing stored, as far as is known, and nothing configured.
    bool absent() const {
        auth::ProviderState const state = provider->status().state;
        return state == auth::ProviderState::not_configured ||
               (state == auth::ProviderState::unknown && !self_contained && !stored);
    }
    std::unique_ptr<auth::CredentialProvider> provider;
    bool declared;
    bool self_contained; ///< needs nothing from the store: managed identity, a PAT from a file
    bool stored = false; ///< the store holds a credential for it
};

class ConnectorStatus {
public:
    std::string state; ///< a word of CONTRACT §4
    core::SystemTime since{};
    std::string reason;
    std::string fix;
    std::string method; ///< of the provider in use
    std::string identity;
    std::string tenant;
};

/// One organization: its client, its policy and its credential providers in order of precedence. As a token
/// source it asks the first provider that is usable: one that is refused for good is passed over (unless
/// `fallback` is off), one that is failing for a moment is not. One thread.
class Connector final : public core::TokenSource {
public:
    class Settings {
    public:
        std::string name;
        bool declared = false;
        bool fallback = true;
        ConnectorPolicy policy;
    };

    Connector(Settings settings, ado::Organization organization, std::vector<ConnectorProvider> providers);
    ~Connector() override;
    Connector(Connector const&) = delete;
    Connector& operator=(Connector const&) = delete;

    /// Gives the connector its client, which uses it as token source.
    void attach_client(std::unique_ptr<ado::Throttle> throttle, std::unique_ptr<ado::Client> client);

    core::Task<core::Result<core::AccessToken>> get(std::chrono::seconds min_ttl,
                                                    core::CallContext const& ctx) override;
    void invalidate(core::AccessToken const& rejected) override;
    void challenged(core::AccessToken const& rejected, std::string_view challenge) override;

    Settings const& settings() const noexcept { return settings_; }
    ado::Organization const& organization() const noexcept { return organization_; }
    ado::Client& client() noexcept { return *client_; }
    std::vector<ConnectorProvider> const& providers() const noexcept { return providers_; }
    ConnectorStatus status() const;

    /// A call went through as `identity` with `method`.
    void note_accepted(std::string_view method, std::string const& identity);
    /// A stored credential of this organization changed.
    void credentials_changed();
    /// Whether the store holds a credential for `method`.
    void set_stored(std::string_view method, bool stored);

private:
    Settings settings_;
    ado::Organization organization_;
    std::vector<ConnectorProvider> providers_;
    std::unique_ptr<ado::Throttle> throttle_;
    std::unique_ptr<ado::Client> client_;
};

} // namespace server
