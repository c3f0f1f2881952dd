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

core::Error disabled(std::string const& name) {
    return core::Error(core::ErrorKind::forbidden, "Connector '" + name + "' is disabled.")
        .with_code("connector_disabled")
        .with_fix("An administrator can enable it: `enabled: true` where it is declared, or PATCH "
                  "/api/v2/extendedAgent/connectors/" +
                  name + ".")
        .with_not_sent();
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

std::string_view to_string(ConnectorOrigin origin) noexcept {
    switch (origin) {
    case ConnectorOrigin::configuration:
        return "configuration";
    case ConnectorOrigin::api:
        return "api";
    case ConnectorOrigin::credential:
        break;
    }
    return "credential";
}

Connector::Connector(Settings settings,
                     ado::Organization organization,
                     std::vector<ConnectorProvider> providers)
    : settings_(std::move(settings)), organization_(std::move(organization)),
      providers_(std::move(providers)) {}

Connector::~Connector() = default;

void Connector::attach_client(std::shared_ptr<ado::Throttle> throttle, std::unique_ptr<ado::Client> client) {
    throttle_ = std::move(throttle);
    client_ = std::move(client);
}

core::Task<core::Result<core::AccessToken>> Connector::get(std::chrono::seconds min_ttl,
                                                           core::CallContext const& ctx) {
    if (!settings_.enabled) {
        co_return core::fail(disabled(settings_.name));
    }
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
    ConnectorStatus status = provider_status();
    if (!settings_.enabled) {
        core::Error const error = disabled(settings_.name);
        status.state = "disabled";
        status.since = {};
        status.reason = error.message();
        status.fix = error.fix();
        settle_since(status);
        return status;
    }
    bool const works = status.state == "connected" || status.state == "refreshing";
    if (works && settings_.clock != nullptr) {
        core::SystemTime const now = settings_.clock->system_now();
        std::optional<PatEnd> const end = status.method == "pat" ? pat_end() : std::nullopt;
        std::optional<core::SystemTime> const when = end ? end->when() : std::nullopt;
        if (when && reached_warning(*when, now)) {
            status.state = "expiring";
            status.since = *when - std::chrono::days(kPatWarningDays.front());
            status.reason = describe_pat_end(organization_.name(), *end, now);
            status.fix = pat_end_fix(organization_.name(), *end);
        }
        std::optional<core::SteadyTime> const pause = throttle_ ? throttle_->paused_until() : std::nullopt;
        if (pause) {
            auto const left = std::chrono::ceil<std::chrono::seconds>(*pause - settings_.clock->now());
            status.state = "throttled";
            status.since = {};
            status.reason = "Azure DevOps asked for a pause of this organization's requests until " +
                            core::format_utc(now + left) + ".";
            status.fix = "Wait; calls go on by themselves. Make fewer at a time if it comes again.";
        }
        std::optional<ado::Outage> const outage = throttle_ ? throttle_->outage() : std::nullopt;
        if (outage) {
            status.state = "degraded";
            status.since = outage->since;
            status.reason = outage->describe();
            status.fix = "Wait; calls go on by themselves once it answers. If it stays, check "
                         "https://status.dev.azure.com and this machine's way out.";
        }
    }
    settle_since(status);
    return status;
}

/// A state that no provider dates counts from when it was first seen.
void Connector::settle_since(ConnectorStatus& status) const {
    if (shown_state_ != status.state) {
        shown_state_ = status.state;
        shown_since_ = settings_.clock != nullptr ? settings_.clock->system_now() : core::SystemTime();
    }
    if (status.since == core::SystemTime()) {
        status.since = shown_since_;
    }
}

ConnectorStatus Connector::provider_status() const {
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
        if (result.state == "connected" && status.fetching) {
            result.state = "refreshing";
        }
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

std::optional<PatEnd> Connector::pat_end() const {
    for (ConnectorProvider const& entry : providers_) {
        if (entry.provider->method() != "pat" || entry.absent()) {
            continue;
        }
        std::optional<core::SystemTime> entered = entry.provider->status().expires_at;
        if (!entered && !entry.self_contained) {
            entered = entry.stored_end;
        }
        return PatEnd(entered, entry.works_everywhere && !entry.self_contained);
    }
    return std::nullopt;
}

std::vector<std::string> Connector::notes() const {
    std::vector<std::string> notes;
    std::optional<PatEnd> const end = pat_end();
    if (end && settings_.clock != nullptr) {
        std::string text = describe_pat_end(organization_.name(), *end, settings_.clock->system_now());
        if (!text.empty()) {
            notes.push_back(std::move(text) + " " + pat_end_fix(organization_.name(), *end));
        }
    }
    return notes;
}

void Connector::set_pat_facts(StoredPatFacts const& facts) {
    for (ConnectorProvider& entry : providers_) {
        if (entry.provider->method() == "pat") {
            entry.stored_end = facts.expires_at;
            entry.works_everywhere = facts.works_everywhere;
        }
    }
}

void Connector::take_over(Connector const& earlier) {
    for (ConnectorProvider& entry : providers_) {
        for (ConnectorProvider const& before : earlier.providers_) {
            if (before.provider->method() == entry.provider->method()) {
                entry.stored = before.stored;
                entry.stored_end = before.stored_end;
                entry.works_everywhere = before.works_everywhere;
            }
        }
    }
}

void Connector::pat_file_changed() {
    for (ConnectorProvider const& entry : providers_) {
        if (entry.provider->method() == "pat" && entry.self_contained) {
            entry.provider->credential_changed();
        }
    }
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
