#include "server/router/credential_service.hpp"

#include "auth/pat_format.hpp"
#include "core/log.hpp"
#include "server/router/connector_document.hpp"
#include "server/router/credential_check.hpp"
#include "server/router/credential_report.hpp"
#include "server/router/pat_reach.hpp"

#include <algorithm>
#include <utility>

namespace server {
namespace {

/// How long a token must last that is tried before its source is stored.
constexpr std::chrono::seconds kTokenLife{60};

} // namespace

CredentialService::CredentialService(ConnectorParts const& parts,
                                     OrganizationDirectory& directory,
                                     ConnectorSet& set,
                                     ConnectorStore& store,
                                     core::Clock& clock,
                                     AuditDesk& audit)
    : parts_(parts), directory_(directory), set_(set), store_(store), clock_(clock), audit_(audit) {}

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
    core::Result<CredentialCheck> const check = co_await check_credential(
        target, std::move(candidate), parts_.config.azure_devops.api_version, parts_.ado_http, clock_, ctx);
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
    core::AccessToken probe(normalized.pat.clone(),
                            core::AuthScheme::basic,
                            core::SystemTime::max(),
                            core::SystemTime::max(),
                            "pat");
    bool const everywhere = co_await reaches_elsewhere(target.key(), std::move(probe), ctx);

    auth::StoredPat record(std::move(normalized.pat));
    record.expires_at = expires;
    record.identity = check->identity;
    record.stored_at = clock_.system_now();
    std::unique_ptr<CredentialStores> const stores = audit_.acting_as(actor);
    CO_TRY_VOID(co_await stores->save_pat(target.key(), record));

    CO_TRY(std::shared_ptr<Connector> connector, directory_.find_or_make(organization));
    connector->set_stored("pat", true);
    StoredPatFacts facts;
    facts.expires_at = expires;
    connector->set_pat_facts(facts);
    connector->credentials_changed();
    note_taken_up(target.key(), record.generation);
    if (everywhere) {
        co_await note_reach(target.key(), ctx);
    }
    core::log::info("credential.stored",
                    {{"organization", target.name()}, {"method", "pat"}, {"request_id", ctx.request_id}});

    PatAccepted accepted(target.name());
    accepted.identity = check->identity;
    accepted.expires_at = expires;
    accepted.notes = connector->notes();
    co_return accepted;
}

/// follow_store() must not find it new: that would forget a refusal which came since.
void CredentialService::note_taken_up(std::string const& key, std::int64_t pat_generation) {
    std::string& seen = seen_[key];
    std::string const grant = seen.substr(std::min(seen.find('g'), seen.size()));
    seen = "p" + std::to_string(pat_generation) + grant;
}

core::Task<bool> CredentialService::is_stored_elsewhere(std::string key, core::Secret pat) {
    auto const listed = co_await parts_.pats.list_pats();
    if (!listed) {
        co_return false;
    }
    for (auto const& other : *listed) {
        if (other.organization == key) {
            continue;
        }
        auto const stored = co_await parts_.pats.load_pat(other.organization);
        if (stored && stored->has_value() && pat.equals((*stored)->pat.expose())) {
            co_return true;
        }
    }
    co_return false;
}

core::Task<bool> CredentialService::reaches_elsewhere(std::string key,
                                                      core::AccessToken candidate,
                                                      core::CallContext const& ctx) {
    core::Secret same = candidate.value.clone();
    bool const stored = co_await is_stored_elsewhere(key, std::move(same));
    if (stored) {
        co_return true;
    }
    std::vector<ado::Organization> others;
    for (std::shared_ptr<Connector> const& other : directory_.all()) {
        if (other->organization().key() != key) {
            others.push_back(other->organization());
        }
    }
    bool const works =
        co_await pat_works_elsewhere(std::move(candidate), others, parts_.ado_http, clock_, ctx);
    co_return works;
}

core::Task<void> CredentialService::note_reach(std::string key, core::CallContext const& ctx) {
    auto const listed = co_await parts_.pats.list_pats();
    if (!listed) {
        co_return;
    }
    for (auto const& pat : *listed) {
        if (pat.organization != key) {
            continue;
        }
        PatReach reach(key, pat.generation);
        auto const saved = co_await store_.save_reach(std::move(reach));
        if (!saved) {
            core::log::warn("pat.reach_unsaved", {{"reason", core::describe(saved.error())}});
        }
        if (std::shared_ptr<Connector> const connector = directory_.find_key(key)) {
            StoredPatFacts facts;
            facts.expires_at = pat.expires_at;
            facts.works_everywhere = true;
            connector->set_pat_facts(facts);
        }
        core::log::warn("pat.all_organizations", {{"organization", key}, {"request_id", ctx.request_id}});
    }
}

core::Result<void> CredentialService::check_identity(IdentityRequest const& request,
                                                     std::string const& key) const {
    if (request.federated_client_id.empty() != request.federated_tenant_id.empty()) {
        return core::fail(core::Error(core::ErrorKind::invalid_argument,
                                      "Only one of federated_client_id and federated_tenant_id is given.")
                              .with_code("federation_incomplete")
                              .with_fix("Give both to reach another tenant, or neither."));
    }
    ADOMCPD_TRY_VOID(check_one_identity(request.client_id, request.object_id, request.resource_id));
    ConnectorConfig const* const config = set_.config_of(key);
    bool const named =
        config != nullptr && std::any_of(config->auth.begin(), config->auth.end(), [](auto const& method) {
            return method.method == AuthMethod::managed_identity;
        });
    if (named) {
        return core::fail(core::Error(core::ErrorKind::conflict,
                                      "Connector '" + config->name + "' names its managed identity itself.")
                              .with_code("identity_declared")
                              .with_fix("Change it there, or take the method out of the connector first."));
    }
    return {};
}

core::Task<core::Result<IdentityAccepted>> CredentialService::attach_identity(IdentityRequest request,
                                                                              core::Principal caller,
                                                                              core::CallContext const& ctx) {
    CO_TRY(ado::Organization const target, directory_.parse(request.organization));
    std::string const key = target.key();
    CO_TRY_VOID(check_identity(request, key));
    StoredIdentity record(key);
    record.client_id = request.client_id;
    record.object_id = request.object_id;
    record.resource_id = request.resource_id;
    record.federated_client_id = request.federated_client_id;
    record.federated_tenant_id = request.federated_tenant_id;
    AuthMethodConfig const method = identity_method(record);
    auto const provider = make_identity_provider(parts_, key, method);
    CO_TRY(core::AccessToken token, co_await provider->get(kTokenLife, ctx));
    ado::Organization tried = target;
    CO_TRY(CredentialCheck const check,
           co_await check_credential(std::move(tried),
                                     std::move(token),
                                     parts_.config.azure_devops.api_version,
                                     parts_.ado_http,
                                     clock_,
                                     ctx));
    AuditActor actor(caller.id, caller.name, ctx.request_id);
    CO_TRY(StoredIdentity saved,
           co_await store_.save_identity(std::move(record), check.identity, std::move(actor)));
    set_.put_identity(std::move(saved));
    core::log::info(
        "credential.stored",
        {{"organization", target.name()}, {"method", "managed_identity"}, {"request_id", ctx.request_id}});
    IdentityAccepted accepted(target.name());
    accepted.identity = check.identity;
    accepted.tenant = request.federated_tenant_id;
    co_return accepted;
}

core::Task<core::Result<std::vector<OrganizationCredentials>>>
CredentialService::list(core::CallContext const&) {
    std::vector<OrganizationCredentials> reports;
    for (std::shared_ptr<Connector> const& connector : directory_.all()) {
        reports.push_back(describe_credentials(*connector));
    }
    co_return reports;
}

core::Task<core::Result<OrganizationCredentials>> CredentialService::get(std::string organization,
                                                                         core::CallContext const&) {
    auto const connector = directory_.find(organization);
    if (!connector) {
        co_return core::fail(connector.error());
    }
    co_return describe_credentials(**connector);
}

core::Task<core::Result<std::string>>
CredentialService::remove(std::string organization, core::Principal caller, core::CallContext const& ctx) {
    auto const parsed = directory_.parse(organization);
    if (!parsed) {
        co_return core::fail(parsed.error());
    }
    std::string const key = parsed->key();
    AuditActor const actor(caller.id, caller.name, ctx.request_id);
    std::unique_ptr<CredentialStores> const stores = audit_.acting_as(actor);
    CO_TRY(bool const pat_removed, co_await stores->remove_pat(key));
    CO_TRY(bool const grant_removed, co_await stores->remove_grant(key));
    CO_TRY(bool const identity_removed, co_await store_.remove_identity(key, actor));
    forget(key);
    if (!pat_removed && !grant_removed && !identity_removed) {
        co_return core::fail(core::Error(core::ErrorKind::not_found,
                                         "No credential is stored for organization '" + parsed->name() + "'.")
                                 .with_code("credential_not_found"));
    }
    core::log::info("credential.removed", {{"organization", key}, {"request_id", ctx.request_id}});
    co_return parsed->name();
}

void CredentialService::forget(std::string const& key) {
    if (std::shared_ptr<Connector> const connector = directory_.find_key(key)) {
        connector->set_stored("pat", false);
        connector->set_stored("oauth", false);
        connector->set_pat_facts(StoredPatFacts());
        connector->credentials_changed();
    }
    set_.drop_identity(key);
    set_.drop_credential(key);
    seen_.erase(key);
}

core::Task<core::Result<void>> CredentialService::follow_store() {
    CO_TRY(auto const pats, co_await parts_.pats.list_pats());
    CO_TRY(auto const grants, co_await parts_.grants.list_grants());
    CO_TRY(auto const reaches, co_await store_.list_reaches());
    std::map<std::string, StoredPatFacts> facts;
    std::map<std::string, std::string> now;
    for (auto const& pat : pats) {
        now[pat.organization] += "p" + std::to_string(pat.generation);
        StoredPatFacts& known = facts[pat.organization];
        known.expires_at = pat.expires_at;
        known.works_everywhere = std::any_of(reaches.begin(), reaches.end(), [&pat](PatReach const& reach) {
            return reach.organization == pat.organization && reach.generation == pat.generation;
        });
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
        if (std::shared_ptr<Connector> const connector = directory_.find_key(organization)) {
            connector->set_stored("pat", false);
            connector->set_stored("oauth", false);
            connector->credentials_changed();
        }
        set_.drop_credential(organization);
    }
    for (std::shared_ptr<Connector> const& connector : directory_.all()) {
        auto const stored = now.find(connector->organization().key());
        std::string const kinds = stored == now.end() ? std::string() : stored->second;
        connector->set_stored("pat", kinds.find('p') != std::string::npos);
        connector->set_stored("oauth", kinds.find('g') != std::string::npos);
        auto const known = facts.find(connector->organization().key());
        connector->set_pat_facts(known == facts.end() ? StoredPatFacts() : known->second);
    }
    seen_ = std::move(now);
    co_return core::Result<void>();
}

} // namespace server
