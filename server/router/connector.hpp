#pragma once

#include "ado/client.hpp"
#include "ado/organization.hpp"
#include "ado/throttle.hpp"
#include "auth/providers.hpp"
#include "core/clock.hpp"
#include "core/token_source.hpp"
#include "server/router/pat_expiry.hpp"
#include "server/tools/call_scope.hpp"

#include <memory>
#include <optional>
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
    /// Of a stored PAT, known before it is first used.
    std::optional<core::SystemTime> stored_end;
    bool works_everywhere = false; ///< a PAT that other organizations take too
};

/// What the store says about a PAT, without the token.
class StoredPatFacts {
public:
    std::optional<core::SystemTime> expires_at;
    bool works_everywhere = false;
};

/// Where a connector comes from.
enum class ConnectorOrigin {
    configuration, ///< declared in the file, read-only in the API
    api,           ///< made through the API
    credential,    ///< stands for what is stored of an organization that has none of the others
};
std::string_view to_string(ConnectorOrigin origin) noexcept;

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
        ConnectorOrigin origin = ConnectorOrigin::credential;
        bool enabled = true;
        bool fallback = true;
        std::string oauth_tenant;           ///< where people sign in; empty = found out
        core::Clock const* clock = nullptr; ///< for states that depend on the time; may be null
        ConnectorPolicy policy;
    };

    Connector(Settings settings, ado::Organization organization, std::vector<ConnectorProvider> providers);
    ~Connector() override;
    Connector(Connector const&) = delete;
    Connector& operator=(Connector const&) = delete;

    /// Gives the connector its client, which uses it as token source.
    /// The throttle may be that of a connector whose place this one takes: a pause goes on.
    void attach_client(std::shared_ptr<ado::Throttle> throttle, std::unique_ptr<ado::Client> client);

    core::Task<core::Result<core::AccessToken>> get(std::chrono::seconds min_ttl,
                                                    core::CallContext const& ctx) override;
    void invalidate(core::AccessToken const& rejected) override;
    void challenged(core::AccessToken const& rejected, std::string_view challenge) override;

    Settings const& settings() const noexcept { return settings_; }
    ado::Organization const& organization() const noexcept { return organization_; }
    ado::Client& client() noexcept { return *client_; }
    std::vector<ConnectorProvider> const& providers() const noexcept { return providers_; }
    std::shared_ptr<ado::Throttle> const& throttle() const noexcept { return throttle_; }
    ConnectorStatus status() const;
    /// What people should know beside the state: tokens that end soon. May be empty.
    std::vector<std::string> notes() const;
    /// The end of the PAT that would be used, when one is stored or configured.
    std::optional<PatEnd> pat_end() const;

    /// A call went through as `identity` with `method`.
    void note_accepted(std::string_view method, std::string const& identity);
    /// A stored credential of this organization changed.
    void credentials_changed();
    /// Whether the store holds a credential for `method`.
    void set_stored(std::string_view method, bool stored);
    void set_pat_facts(StoredPatFacts const& facts);
    /// Takes over what `earlier`, a connector of the same organization, knows of the store.
    void take_over(Connector const& earlier);
    /// The configured PAT's file changed.
    void pat_file_changed();

private:
    ConnectorStatus provider_status() const;
    void settle_since(ConnectorStatus& status) const;

    Settings settings_;
    ado::Organization organization_;
    std::vector<ConnectorProvider> providers_;
    std::shared_ptr<ado::Throttle> throttle_; ///< perhaps shared with the connector before this one
    std::unique_ptr<ado::Client> client_;
    mutable std::string shown_state_; ///< what status() said last, and since when
    mutable core::SystemTime shown_since_{};
};

} // namespace server
