#include "server/router/credential_service.hpp"

#include "auth/pat_format.hpp"
#include "core/log.hpp"
#include "server/router/credential_check.hpp"

#include <utility>

namespace server {

CredentialService::CredentialService(ConnectorParts const& parts,
                                     OrganizationDirectory& directory,
                                     core::Clock& clock,
                                     AuditDesk& audit)
    : parts_(parts), directory_(directory), clock_(clock), audit_(audit) {}

core::Task<core::Result<PatAccepted>> CredentialService::attach_pat(std::string organization,
                                                                    core::Secret pat,
                                                                    std::optional<core::SystemTime> expires,
                                                                    core::Principal caller,
                                                                    core::CallContext const& ctx) {
    auto parsed = directory_.parse(organization);
    if (!parsed) {
        co_return core::fail(parsed.error());
    }
    if (expires && *expires <= clock_.system_now()) {
        co_return core::fail(core::Error(core::ErrorKind::invalid_argument,
                                         "`expires` is in the past: " + core::format_utc(*expires) + ".")
                                 .with_code("expires_in_past")
                                 .with_fix("Give the date the token page shows, or leave it out."));
    }
    CO_TRY(auth::NormalizedPat normalized, auth::normalize_pat(pat));
    core::AccessToken candidate(normalized.pat.clone(),
                                core::AuthScheme::basic,
                                core::SystemTime::max(),
                                core::SystemTime::max(),
                                "pat");
    ado::Organization const target = *parsed;
    AuditActor const actor(caller.id, caller.name, ctx.request_id);
    core::Result<CredentialCheck> const check =
        co_await check_credential(target, std::move(candidate), parts_.ado_http, clock_, ctx);
    if (!check) {
        core::Error const& error = check.error();
        if (error.kind() == core::ErrorKind::unauthorized || error.kind() == core::ErrorKind::forbidden) {
            AuditEvent event(audit_event::kCredentialRefused, AuditOutcome::refused, actor);
            event.organization = target.key();
            event.method = "pat";
            event.error_code = error.code();
            event.fingerprint = audit_.audit().fingerprint(normalized.pat);
            CO_TRY_VOID(co_await audit_.audit().append(std::move(event)));
        }
        co_return core::fail(error);
    }

    auth::StoredPat record(std::move(normalized.pat));
    record.expires_at = expires;
    record.identity = check->identity;
    record.stored_at = clock_.system_now();
    std::unique_ptr<CredentialStores> const stores = audit_.acting_as(actor);
    CO_TRY_VOID(co_await stores->save_pat(target.key(), record));

    CO_TRY(std::shared_ptr<Connector> connector, directory_.find_or_make(organization));
    connector->set_stored("pat", true);
    connector->credentials_changed();
    core::log::info("credential.stored",
                    {{"organization", target.name()}, {"method", "pat"}, {"request_id", ctx.request_id}});

    PatAccepted accepted(target.name());
    accepted.identity = check->identity;
    accepted.expires_at = expires;
    co_return accepted;
}

OrganizationCredentials CredentialService::report(Connector const& connector) const {
    OrganizationCredentials result(connector.organization().name());
    result.connector = connector.settings().name;
    result.state = connector.status().state;
    for (ConnectorProvider const& entry : connector.providers()) {
        auth::ProviderStatus const provider = entry.provider->status();
        if (entry.absent() && !entry.declared) {
            continue;
        }
        CredentialMethodStatus method(entry.provider->method());
        method.state = auth::to_string(entry.absent() ? auth::ProviderState::not_configured : provider.state);
        if (provider.since != core::SystemTime()) {
            method.since = provider.since;
        }
        method.identity = provider.identity;
        method.tenant = provider.tenant;
        method.expires_at = provider.expires_at;
        method.last_refresh = provider.last_refresh;
        method.last_error = provider.reason;
        method.last_error_code = provider.code;
        method.fix = provider.fix;
        result.methods.push_back(std::move(method));
    }
    return result;
}

core::Task<core::Result<std::vector<OrganizationCredentials>>>
CredentialService::list(core::CallContext const&) {
    std::vector<OrganizationCredentials> reports;
    for (std::shared_ptr<Connector> const& connector : directory_.all()) {
        reports.push_back(report(*connector));
    }
    co_return reports;
}

core::Task<core::Result<OrganizationCredentials>> CredentialService::get(std::string organization,
                                                                         core::CallContext const&) {
    auto const connector = directory_.find(organization);
    if (!connector) {
        co_return core::fail(connector.error());
    }
    co_return report(**connector);
}

core::Task<core::Result<std::string>>
CredentialService::remove(std::string organization, core::Principal caller, core::CallContext const& ctx) {
    auto const parsed = directory_.parse(organization);
    if (!parsed) {
        co_return core::fail(parsed.error());
    }
    std::string const key = parsed->key();
    std::unique_ptr<CredentialStores> const stores =
        audit_.acting_as(AuditActor(caller.id, caller.name, ctx.request_id));
    CO_TRY(bool const pat_removed, co_await stores->remove_pat(key));
    CO_TRY(bool const grant_removed, co_await stores->remove_grant(key));
    if (!pat_removed && !grant_removed) {
        co_return core::fail(core::Error(core::ErrorKind::not_found,
                                         "No credential is stored for organization '" + parsed->name() + "'.")
                                 .with_code("credential_not_found"));
    }
    if (auto const connector = directory_.find(key)) {
        (*connector)->set_stored("pat", false);
        (*connector)->set_stored("oauth", false);
        (*connector)->credentials_changed();
    }
    directory_.remove_undeclared(key);
    seen_.erase(key);
    core::log::info("credential.removed", {{"organization", key}, {"request_id", ctx.request_id}});
    co_return parsed->name();
}

core::Task<core::Result<void>> CredentialService::follow_store() {
    CO_TRY(auto const pats, co_await parts_.pats.list_pats());
    CO_TRY(auto const grants, co_await parts_.grants.list_grants());
    std::map<std::string, std::string> now;
    for (auto const& pat : pats) {
        now[pat.organization] += "p" + std::to_string(pat.generation);
    }
    for (auto const& grant : grants) {
        // A rotation by this or another process leaves the sign-in as it was: only a new sign-in counts as a
        // change.
        now[grant.organization] += "g" + std::to_string(grant.obtained_at.time_since_epoch().count());
    }
    for (auto const& [organization, generations] : now) {
        auto const before = seen_.find(organization);
        if (before != seen_.end() && before->second == generations) {
            continue;
        }
        auto connector = directory_.find_or_make(organization);
        if (!connector) {
            core::log::warn("store.organization_unusable",
                            {{"organization", organization}, {"reason", connector.error().message()}});
            continue;
        }
        (*connector)->credentials_changed();
    }
    for (auto const& [organization, generations] : seen_) {
        if (now.contains(organization)) {
            continue;
        }
        if (auto const connector = directory_.find(organization)) {
            (*connector)->credentials_changed();
        }
        directory_.remove_undeclared(organization);
    }
    for (std::shared_ptr<Connector> const& connector : directory_.all()) {
        auto const stored = now.find(connector->organization().key());
        std::string const kinds = stored == now.end() ? std::string() : stored->second;
        connector->set_stored("pat", kinds.find('p') != std::string::npos);
        connector->set_stored("oauth", kinds.find('g') != std::string::npos);
    }
    seen_ = std::move(now);
    co_return core::Result<void>();
}

} // namespace server
