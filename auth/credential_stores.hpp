#pragma once

#include "auth/grant_rotation.hpp"
#include "core/clock.hpp"
#include "core/principal.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"
#include "core/task.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// What `auth` needs kept, as interfaces; server/store implements them on SQLite. Every write is durable
/// (fsync) when its task completes. `organization` is the canonical, lower-case name.
namespace auth {

/// A person's delegated grant. The refresh token rotates: the new one is stored before its access token is
/// first used.
class OAuthGrant {
public:
    OAuthGrant(std::string tenant_, std::string client_id_, core::Secret refresh_token_)
        : tenant(std::move(tenant_)), client_id(std::move(client_id_)),
          refresh_token(std::move(refresh_token_)) {}
    OAuthGrant clone() const;

    std::string tenant; ///< tenant id (or `organizations`) whose token endpoint redeems it
    std::string client_id;
    core::Secret refresh_token;
    core::Secret previous_refresh_token; ///< kept until the new one has worked once; may be empty
    std::string identity;                ///< preferred_username for display, may be empty
    std::string account_id;              ///< tid/oid, may be empty
    core::SystemTime obtained_at{};      ///< of the sign-in
    core::SystemTime refreshed_at{};     ///< of the last rotation
    std::int64_t generation = 0;         ///< raised by the store with every write

    /// What the last rotation brought, so that one process's refresh serves all that share the store; may be
    /// empty.
    core::Secret access_token;
    core::SystemTime access_expires_at{};
    core::SystemTime access_refresh_at{};
    /// What the authority wants the next sign-in to ask for (a claims challenge); may be empty.
    std::string sign_in_claims;
};

class GrantStore : public GrantRotation {
public:
    virtual core::Task<core::Result<std::optional<OAuthGrant>>> load_grant(std::string organization) = 0;
    /// Sets `grant.generation` to the new one on success.
    virtual core::Task<core::Result<void>> save_grant(std::string organization, OAuthGrant& grant) = 0;
    virtual core::Task<core::Result<bool>> remove_grant(std::string organization) = 0;
    /// Without the secrets.
    class ListedGrant {
    public:
        std::string organization;
        std::string tenant;
        std::string identity;
        core::SystemTime obtained_at{};
        std::int64_t generation = 0;
    };
    virtual core::Task<core::Result<std::vector<ListedGrant>>> list_grants() = 0;
};

/// A store that one process uses, from one thread: nobody comes between a look and a write, nobody contends
/// for the lease.
class LocalGrantStore : public GrantStore {
public:
    core::Task<core::Result<bool>>
    rotate_grant(std::string organization, std::int64_t expected, OAuthGrant& grant) override;
    core::Task<core::Result<std::unique_ptr<RefreshLease>>> try_lease(std::string organization) override;
};

class StoredPat {
public:
    explicit StoredPat(core::Secret pat_) : pat(std::move(pat_)) {}
    StoredPat clone() const;

    core::Secret pat;
    std::optional<core::SystemTime> expires_at; ///< entered by the person: a PAT cannot tell
    std::string identity;
    core::SystemTime stored_at{};
    std::int64_t generation = 0;
};

class PatStore {
public:
    virtual ~PatStore() = default;
    virtual core::Task<core::Result<std::optional<StoredPat>>> load_pat(std::string organization) = 0;
    virtual core::Task<core::Result<void>> save_pat(std::string organization, StoredPat& pat) = 0;
    virtual core::Task<core::Result<bool>> remove_pat(std::string organization) = 0;
    /// Without the secrets.
    class ListedPat {
    public:
        std::string organization;
        std::string identity;
        std::optional<core::SystemTime> expires_at;
        core::SystemTime stored_at{};
        std::int64_t generation = 0;
    };
    virtual core::Task<core::Result<std::vector<ListedPat>>> list_pats() = 0;
};

/// An inbound token of an agent: `adoc_<id>_<secret>`. Only the SHA-256 of the secret is kept.
class AgentTokenRecord {
public:
    std::string id;
    std::string name;
    core::Role role = core::Role::reader;
    std::string secret_sha256; ///< 32 raw bytes
    core::SystemTime created_at{};
    std::optional<core::SystemTime> expires_at;
    std::optional<core::SystemTime> last_used_at; ///< to the minute or so; nullopt = never
    bool revoked = false;
};

class AgentTokenStore {
public:
    virtual ~AgentTokenStore() = default;
    virtual core::Task<core::Result<std::optional<AgentTokenRecord>>> find_agent_token(std::string id) = 0;
    virtual core::Task<core::Result<void>> insert_agent_token(AgentTokenRecord record) = 0;
    virtual core::Task<core::Result<std::vector<AgentTokenRecord>>> list_agent_tokens() = 0;
    /// False when there is no such token.
    virtual core::Task<core::Result<bool>> revoke_agent_token(std::string id) = 0;
    /// Inserts `successor` and lets every other token of its name that is neither revoked nor expired end at
    /// `overlap_ends` at the latest, all of it or nothing.
    virtual core::Task<core::Result<void>> rotate_agent_token(AgentTokenRecord successor,
                                                              core::SystemTime overlap_ends) = 0;
    /// Keeps the latest of the times it is told; of no consequence when there is no such token.
    virtual core::Task<core::Result<void>> note_agent_token_use(std::string id, core::SystemTime when) = 0;
};

} // namespace auth
