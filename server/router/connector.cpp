#include "server/router/connector.hpp"

#include "core/check.hpp"
#include "core/log.hpp"

#include <utility>

namespace server {
namespace {

using auth::ProviderState;

/// The contract's word for a provider's state.
std::string_view connector_word(ProviderState state) {
    switch (state) {
    case ProviderState::unknown:
    case ProviderState::connected:
        return "connected";
    case ProviderState::not_configured:
        return "sign_in_required";
    case ProviderState::failing:
        return "degraded";
    default:
        return auth::to_string(state);
    }
}

core::Error not_configured(std::string const& organization) {
    return core::Error(core::ErrorKind::unauthorized,
                       "Azure DevOps access token not configured. Please authenticate.")
        .with_code("not_configured")
        .with_fix("Set up a credential for organization '" + organization +
                  "': `ado-mcpd login --organization " + organization +
                  " --device-code`, `ado-mcpd pat set --organization " + organization +
                  "`, or POST /api/v1/azuredevops/auth/pat.")
        .with_not_sent();
}

} // namespace

Connector::Connector(Settings settings,
                     ado::Organization organization,
                     std::vector<ConnectorProvider> providers)
    : settings_(std::move(settings)), organization_(std::move(organization)),
      providers_(std::move(providers)) {}

Connector::~Connector() = default;

void Connector::attach_client(std::unique_ptr<ado::Throttle> throttle, std::unique_ptr<ado::Client> client) {
    throttle_ = std::move(throttle);
    client_ = std::move(client);
}

core::Task<core::Result<core::AccessToken>> Connector::get(std::chrono::seconds min_ttl,
                                                           core::CallContext const& ctx) {
    std::optional<core::Error> first_refusal;
    // First those that have something to authenticate with, as far as is known; the others only when none of
    // these works out, because another process may have stored a credential a moment ago.
    for (bool const ask_absent : {false, true}) {
        for (ConnectorProvider const& entry : providers_) {
            auth::CredentialProvider& provider = *entry.provider;
            bool const absent = entry.absent();
            if (absent != ask_absent) {
                continue;
            }
            auto token = co_await provider.get(min_ttl, ctx);
            if (token) {
                ctx.trace->method = token->method;
                co_return token;
            }
            if (!provider.permanently_refused() && !entry.absent()) {
                co_return token;
            }
            if (absent && !entry.declared) {
                continue;
            }
            if (!first_refusal) {
                first_refusal.emplace(token.error());
            }
            if (!settings_.fallback) {
                co_return core::fail(std::move(*first_refusal));
            }
        }
    }
    if (first_refusal) {
        co_return core::fail(std::move(*first_refusal));
    }
    co_return core::fail(not_configured(organization_.name()));
}

void Connector::invalidate(core::AccessToken const& rejected) {
    for (ConnectorProvider const& entry : providers_) {
        if (entry.provider->method() == rejected.method) {
            entry.provider->invalidate(rejected);
        }
    }
}

void Connector::challenged(core::AccessToken const& rejected, std::string_view challenge) {
    for (ConnectorProvider const& entry : providers_) {
        if (entry.provider->method() == rejected.method) {
            entry.provider->challenged(rejected, challenge);
        }
    }
}

ConnectorStatus Connector::status() const {
    ConnectorStatus result;
    std::string passed_over;
    std::string passed_over_fix;
    for (ConnectorProvider const& entry : providers_) {
        auth::ProviderStatus const status = entry.provider->status();
        bool const absent = entry.absent();
        if (absent && !entry.declared) {
            continue;
        }
        bool const refused = entry.provider->permanently_refused() || absent;
        if (refused && settings_.fallback) {
            if (passed_over.empty()) {
                core::Error const nothing = not_configured(organization_.name());
                result.state = connector_word(absent ? ProviderState::not_configured : status.state);
                result.since = status.since;
                result.reason = status.reason.empty() ? nothing.message() : status.reason;
                result.fix = status.reason.empty() ? nothing.fix() : status.fix;
                result.tenant = status.tenant;
                passed_over = entry.provider->method() + ": " + result.reason;
                passed_over_fix = result.fix;
            }
            continue;
        }
        result.method = entry.provider->method();
        result.identity = status.identity;
        result.tenant = status.tenant;
        result.since = status.since;
        result.state = connector_word(status.state);
        result.reason = status.reason;
        result.fix = status.fix;
        if (!passed_over.empty() && (result.state == "connected" || result.state == "refreshing")) {
            result.state = "degraded";
            result.reason = "passed over: " + passed_over;
            result.fix = passed_over_fix;
        }
        return result;
    }
    if (result.state.empty()) {
        core::Error const error = not_configured(organization_.name());
        result.state = "sign_in_required";
        result.reason = error.message();
        result.fix = error.fix();
    }
    return result;
}

void Connector::note_accepted(std::string_view method, std::string const& identity) {
    for (ConnectorProvider const& entry : providers_) {
        if (entry.provider->method() == method) {
            entry.provider->note_accepted(identity);
        }
    }
}

void Connector::credentials_changed() {
    for (ConnectorProvider const& entry : providers_) {
        if (entry.provider->method() != "managed_identity") {
            entry.provider->credential_changed();
        }
    }
}

void Connector::set_stored(std::string_view method, bool stored) {
    for (ConnectorProvider& entry : providers_) {
        if (entry.provider->method() != method) {
            continue;
        }
        entry.stored = stored;
        auth::ProviderState const state = entry.provider->status().state;
        bool const holds_something =
            state != ProviderState::unknown && state != ProviderState::not_configured;
        if (!stored && !entry.self_contained && holds_something) {
            // Stored, taken up by a call and removed again by another process, all between two looks at the
            // store.
            entry.provider->credential_changed();
        }
    }
}

} // namespace server
