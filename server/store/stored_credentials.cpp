#include "server/store/stored_credentials.hpp"

namespace server {

// Jobs own what they need, the actor too: this object may be gone when they run.

core::Task<core::Result<std::optional<auth::OAuthGrant>>>
StoredCredentials::load_grant(std::string organization) {
    return thread_.run([tables = &tables_, organization = std::move(organization)] {
        return tables->load_grant(organization);
    });
}

core::Task<core::Result<void>> StoredCredentials::save_grant(std::string organization,
                                                             auth::OAuthGrant& grant) {
    auto job =
        [tables = &tables_, actor = actor_, organization = std::move(organization), copy = grant.clone()] {
            return tables->save_grant(organization, copy, actor);
        };
    auto task = thread_.run(std::move(job));
    CO_TRY(std::int64_t const generation, co_await std::move(task));
    grant.generation = generation;
    co_return core::Result<void>();
}

core::Task<core::Result<bool>>
StoredCredentials::rotate_grant(std::string organization, std::int64_t expected, auth::OAuthGrant& grant) {
    auto job = [tables = &tables_,
                actor = actor_,
                organization = std::move(organization),
                expected,
                copy = grant.clone()] { return tables->rotate_grant(organization, expected, copy, actor); };
    auto task = thread_.run(std::move(job));
    CO_TRY(std::optional<std::int64_t> const generation, co_await std::move(task));
    if (generation) {
        grant.generation = *generation;
    }
    co_return generation.has_value();
}

core::Task<core::Result<std::unique_ptr<auth::RefreshLease>>>
StoredCredentials::try_lease(std::string organization) {
    return thread_.run([tables = &tables_, organization = std::move(organization)] {
        return tables->try_lease(organization);
    });
}

core::Task<core::Result<bool>> StoredCredentials::remove_grant(std::string organization) {
    return thread_.run([tables = &tables_, actor = actor_, organization = std::move(organization)] {
        return tables->remove_grant(organization, actor);
    });
}

core::Task<core::Result<std::vector<auth::GrantStore::ListedGrant>>> StoredCredentials::list_grants() {
    return thread_.run([tables = &tables_] { return tables->list_grants(); });
}

core::Task<core::Result<std::optional<auth::StoredPat>>>
StoredCredentials::load_pat(std::string organization) {
    return thread_.run([tables = &tables_, organization = std::move(organization)] {
        return tables->load_pat(organization);
    });
}

core::Task<core::Result<void>> StoredCredentials::save_pat(std::string organization, auth::StoredPat& pat) {
    auto job =
        [tables = &tables_, actor = actor_, organization = std::move(organization), copy = pat.clone()] {
            return tables->save_pat(organization, copy, actor);
        };
    auto task = thread_.run(std::move(job));
    CO_TRY(std::int64_t const generation, co_await std::move(task));
    pat.generation = generation;
    co_return core::Result<void>();
}

core::Task<core::Result<bool>> StoredCredentials::remove_pat(std::string organization) {
    return thread_.run([tables = &tables_, actor = actor_, organization = std::move(organization)] {
        return tables->remove_pat(organization, actor);
    });
}

core::Task<core::Result<std::vector<auth::PatStore::ListedPat>>> StoredCredentials::list_pats() {
    return thread_.run([tables = &tables_] { return tables->list_pats(); });
}

core::Task<core::Result<std::optional<auth::AgentTokenRecord>>>
StoredCredentials::find_agent_token(std::string id) {
    return thread_.run([tables = &tables_, id = std::move(id)] { return tables->find_agent_token(id); });
}

core::Task<core::Result<void>> StoredCredentials::insert_agent_token(auth::AgentTokenRecord record) {
    return thread_.run([tables = &tables_, actor = actor_, record = std::move(record)] {
        return tables->insert_agent_token(record, actor);
    });
}

core::Task<core::Result<std::vector<auth::AgentTokenRecord>>> StoredCredentials::list_agent_tokens() {
    return thread_.run([tables = &tables_] { return tables->list_agent_tokens(); });
}

core::Task<core::Result<bool>> StoredCredentials::revoke_agent_token(std::string id) {
    return thread_.run([tables = &tables_, actor = actor_, id = std::move(id)] {
        return tables->revoke_agent_token(id, actor);
    });
}

core::Task<core::Result<void>> StoredCredentials::rotate_agent_token(auth::AgentTokenRecord successor,
                                                                     core::SystemTime overlap_ends) {
    return thread_.run([tables = &tables_, actor = actor_, successor = std::move(successor), overlap_ends] {
        return tables->rotate_agent_token(successor, overlap_ends, actor);
    });
}

core::Task<core::Result<void>> StoredCredentials::note_agent_token_use(std::string id,
                                                                       core::SystemTime when) {
    return thread_.run(
        [tables = &tables_, id = std::move(id), when] { return tables->note_agent_token_use(id, when); });
}

} // namespace server
