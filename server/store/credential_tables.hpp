#pragma once

#include "auth/credential_stores.hpp"
#include "core/result.hpp"
#include "server/store/audit_table.hpp"
#include "server/store/database.hpp"
#include "server/store/live_key_ring.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace server {

/// Grants, PATs and agent tokens, on the store's thread. A write is durable when the function returns, and so
/// is the audit's record of it: both are one transaction. What SQLite throws comes out as it is: the caller
/// turns it into an error.
class CredentialTables {
public:
    CredentialTables(SQLite::Database& database, LiveKeyRing& keys, AuditTable& audit, core::Clock& clock)
        : database_(database), keys_(keys), audit_(audit), clock_(clock) {}

    core::Result<std::optional<auth::OAuthGrant>> load_grant(std::string const& organization);
    core::Result<std::int64_t>
    save_grant(std::string const& organization, auth::OAuthGrant const& grant, AuditActor const& actor);
    /// The new generation; nullopt, and nothing is written, when the stored grant's is not `expected`.
    core::Result<std::optional<std::int64_t>> rotate_grant(std::string const& organization,
                                                           std::int64_t expected,
                                                           auth::OAuthGrant const& grant,
                                                           AuditActor const& actor);
    core::Result<bool> remove_grant(std::string const& organization, AuditActor const& actor);
    core::Result<std::vector<auth::GrantStore::ListedGrant>> list_grants();

    core::Result<std::optional<auth::StoredPat>> load_pat(std::string const& organization);
    core::Result<std::int64_t>
    save_pat(std::string const& organization, auth::StoredPat const& pat, AuditActor const& actor);
    core::Result<bool> remove_pat(std::string const& organization, AuditActor const& actor);
    core::Result<std::vector<auth::PatStore::ListedPat>> list_pats();

    core::Result<std::optional<auth::AgentTokenRecord>> find_agent_token(std::string const& id);
    core::Result<void> insert_agent_token(auth::AgentTokenRecord const& record, AuditActor const& actor);
    core::Result<std::vector<auth::AgentTokenRecord>> list_agent_tokens();
    core::Result<bool> revoke_agent_token(std::string const& id, AuditActor const& actor);
    core::Result<void> rotate_agent_token(auth::AgentTokenRecord const& successor,
                                          core::SystemTime overlap_ends,
                                          core::SystemTime now,
                                          AuditActor const& actor);
    core::Result<void> note_agent_token_use(std::string const& id, core::SystemTime when);

private:
    /// These two inside a transaction of the caller's.
    core::Result<std::int64_t>
    write_grant(std::string const& organization, auth::OAuthGrant const& grant, AuditActor const& actor);
    core::Result<void>
    write_agent_token(auth::AgentTokenRecord const& token, std::string_view what, AuditActor const& actor);
    core::Result<bool> remove_from(char const* table,
                                   char const* method,
                                   std::string const& organization,
                                   AuditActor const& actor);
    core::Result<void> record(AuditEvent event);

    SQLite::Database& database_;
    LiveKeyRing& keys_;
    AuditTable& audit_;
    core::Clock& clock_;
};

} // namespace server
