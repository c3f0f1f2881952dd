#pragma once

#include "server/store/audit.hpp"
#include "server/store/credential_tables.hpp"
#include "server/store/store_thread.hpp"

#include <utility>

namespace server {

/// The store's credentials as one actor changes them: every call is a job for the store's thread.
class StoredCredentials final : public CredentialStores {
public:
    StoredCredentials(StoreThread& thread, CredentialTables& tables, AuditActor actor)
        : thread_(thread), tables_(tables), actor_(std::move(actor)) {}

    core::Task<core::Result<std::optional<auth::OAuthGrant>>> load_grant(std::string organization) override;
    core::Task<core::Result<void>> save_grant(std::string organization, auth::OAuthGrant& grant) override;
    core::Task<core::Result<bool>>
    rotate_grant(std::string organization, std::int64_t expected, auth::OAuthGrant& grant) override;
    core::Task<core::Result<std::unique_ptr<auth::RefreshLease>>>
    try_lease(std::string organization) override;
    core::Task<core::Result<bool>> remove_grant(std::string organization) override;
    core::Task<core::Result<std::vector<ListedGrant>>> list_grants() override;

    core::Task<core::Result<std::optional<auth::StoredPat>>> load_pat(std::string organization) override;
    core::Task<core::Result<void>> save_pat(std::string organization, auth::StoredPat& pat) override;
    core::Task<core::Result<bool>> remove_pat(std::string organization) override;
    core::Task<core::Result<std::vector<ListedPat>>> list_pats() override;

    core::Task<core::Result<std::optional<auth::AgentTokenRecord>>> find_agent_token(std::string id) override;
    core::Task<core::Result<void>> insert_agent_token(auth::AgentTokenRecord record) override;
    core::Task<core::Result<std::vector<auth::AgentTokenRecord>>> list_agent_tokens() override;
    core::Task<core::Result<bool>> revoke_agent_token(std::string id) override;
    core::Task<core::Result<void>> rotate_agent_token(auth::AgentTokenRecord successor,
                                                      core::SystemTime overlap_ends) override;
    core::Task<core::Result<void>> note_agent_token_use(std::string id, core::SystemTime when) override;

private:
    StoreThread& thread_;
    CredentialTables& tables_; ///< on the store's thread
    AuditActor actor_;
};

} // namespace server
