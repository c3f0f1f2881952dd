#pragma once

#include "auth/credential_stores.hpp"
#include "core/result.hpp"
#include "server/store/envelope_key_ring.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace server {

/// Grants, PATs and agent tokens, on the store's thread. A write is durable when the function returns. What
/// SQLite throws comes out as it is: the caller turns it into an error.
class CredentialTables {
public:
    CredentialTables(SQLite::Database& database, KeyRing const& keys) : database_(database), keys_(keys) {}

    /// Fails when an envelope needs a key that is not in the ring, naming the records.
    core::Result<void> check_keys();

    core::Result<std::optional<auth::OAuthGrant>> load_grant(std::string const& organization);
    core::Result<std::int64_t> save_grant(std::string const& organization, auth::OAuthGrant const& grant);
    /// The new generation; nullopt, and nothing is written, when the stored grant's is not `expected`.
    core::Result<std::optional<std::int64_t>>
    rotate_grant(std::string const& organization, std::int64_t expected, auth::OAuthGrant const& grant);
    core::Result<bool> remove_grant(std::string const& organization);
    core::Result<std::vector<auth::GrantStore::ListedGrant>> list_grants();

    core::Result<std::optional<auth::StoredPat>> load_pat(std::string const& organization);
    core::Result<std::int64_t> save_pat(std::string const& organization, auth::StoredPat const& pat);
    core::Result<bool> remove_pat(std::string const& organization);
    core::Result<std::vector<auth::PatStore::ListedPat>> list_pats();

    core::Result<std::optional<auth::AgentTokenRecord>> find_agent_token(std::string const& id);
    core::Result<void> insert_agent_token(auth::AgentTokenRecord const& record);
    core::Result<std::vector<auth::AgentTokenRecord>> list_agent_tokens();
    core::Result<bool> revoke_agent_token(std::string const& id);
    core::Result<void> rotate_agent_token(auth::AgentTokenRecord const& successor,
                                          core::SystemTime overlap_ends,
                                          core::SystemTime now);
    core::Result<void> note_agent_token_use(std::string const& id, core::SystemTime when);

private:
    /// Rises with every write to a credential, also across removals: an old envelope never fits a new record.
    std::int64_t next_generation();
    /// Inside a transaction of the caller's.
    core::Result<std::int64_t> write_grant(std::string const& organization, auth::OAuthGrant const& grant);
    core::Result<bool> remove_from(char const* table, std::string const& organization);

    SQLite::Database& database_;
    KeyRing const& keys_;
};

} // namespace server
