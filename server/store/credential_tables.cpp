#include "server/store/credential_tables.hpp"

#include "server/store/envelope.hpp"
#include "server/store/grant_access.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace server {
namespace {

/// The tenant and the client decide where a refresh token is sent.
RecordName grant_name(std::string const& organization,
                      std::int64_t generation,
                      std::string const& tenant,
                      std::string const& client_id) {
    RecordName name("grant", organization, generation);
    name.bound = {tenant, client_id};
    return name;
}

/// When the record that is there now was made.
std::optional<std::int64_t> stored_at(SQLite::Database& database,
                                      char const* column,
                                      char const* table,
                                      std::string const& organization) {
    SQLite::Statement row(database,
                          std::string("SELECT ") + column + " FROM " + table + " WHERE organization = ?");
    row.bind(1, organization);
    return row.executeStep() ? std::optional(row.getColumn(0).getInt64()) : std::nullopt;
}

tl::unexpected<core::Error> wrong_shape(RecordName const& record) {
    return core::fail(
        core::Error(core::ErrorKind::internal, record.describe() + " has another form than expected")
            .with_code("envelope_malformed"));
}

auth::AgentTokenRecord read_token(SQLite::Statement& row) {
    auth::AgentTokenRecord record;
    record.id = row.getColumn(0).getString();
    record.name = row.getColumn(1).getString();
    // A role this program does not know gets the least.
    record.role = core::parse_role(row.getColumn(2).getString()).value_or(core::Role::reader);
    record.secret_sha256 = std::string(blob_of(row.getColumn(3)));
    record.created_at = time_from_column(row.getColumn(4).getInt64());
    record.expires_at = optional_time(row.getColumn(5));
    record.revoked = row.getColumn(6).getInt() != 0;
    record.last_used_at = optional_time(row.getColumn(7));
    return record;
}

constexpr char kTokenColumns[] =
    "SELECT id, name, role, secret_sha256, created_at, expires_at, revoked, last_used_at FROM agent_token";

} // namespace

core::Result<void> CredentialTables::record(AuditEvent event) {
    ADOMCPD_TRY_VOID(audit_.append(std::move(event), clock_.system_now()));
    return {};
}

core::Result<bool> CredentialTables::remove_from(char const* table,
                                                 char const* method,
                                                 std::string const& organization,
                                                 AuditActor const& actor) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement statement(
        database_, std::string("DELETE FROM ") + table + " WHERE organization = ? RETURNING identity");
    statement.bind(1, organization);
    if (!statement.executeStep()) {
        return false;
    }
    AuditEvent event(audit_event::kCredentialRemoved, AuditOutcome::done, actor);
    event.organization = organization;
    event.method = method;
    event.identity = statement.getColumn(0).getString();
    statement.executeStep(); // to its end: an unfinished statement keeps the transaction open
    ADOMCPD_TRY_VOID(record(std::move(event)));
    transaction.commit();
    return true;
}

core::Result<std::optional<auth::OAuthGrant>> CredentialTables::load_grant(std::string const& organization) {
    SQLite::Statement row(
        database_,
        "SELECT generation, tenant, client_id, identity, account_id, obtained_at, refreshed_at, "
        "envelope FROM oauth_grant WHERE organization = ?");
    row.bind(1, organization);
    if (!row.executeStep()) {
        return std::optional<auth::OAuthGrant>();
    }
    std::int64_t const generation = row.getColumn(0).getInt64();
    std::string const tenant = row.getColumn(1).getString();
    std::string const client_id = row.getColumn(2).getString();
    RecordName const name = grant_name(organization, generation, tenant, client_id);
    ADOMCPD_TRY(std::vector<core::Secret> secrets, keys_.open(name, blob_of(row.getColumn(7))));
    if (secrets.size() != 2 && secrets.size() != 3) {
        return wrong_shape(name);
    }
    auth::OAuthGrant grant(tenant, client_id, std::move(secrets[0]));
    grant.previous_refresh_token = std::move(secrets[1]);
    if (secrets.size() == 3) {
        unpack_access(secrets[2], grant);
    }
    grant.identity = row.getColumn(3).getString();
    grant.account_id = row.getColumn(4).getString();
    grant.obtained_at = time_from_column(row.getColumn(5).getInt64());
    grant.refreshed_at = time_from_column(row.getColumn(6).getInt64());
    grant.generation = generation;
    return std::optional<auth::OAuthGrant>(std::move(grant));
}

core::Result<std::int64_t> CredentialTables::save_grant(std::string const& organization,
                                                        auth::OAuthGrant const& grant,
                                                        AuditActor const& actor) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    ADOMCPD_TRY(std::int64_t const generation, write_grant(organization, grant, actor));
    transaction.commit();
    return generation;
}

core::Result<std::optional<std::int64_t>> CredentialTables::rotate_grant(std::string const& organization,
                                                                         std::int64_t expected,
                                                                         auth::OAuthGrant const& grant,
                                                                         AuditActor const& actor) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    {
        SQLite::Statement row(database_, "SELECT generation FROM oauth_grant WHERE organization = ?");
        row.bind(1, organization);
        if (!row.executeStep() || row.getColumn(0).getInt64() != expected) {
            return std::optional<std::int64_t>();
        }
    }
    ADOMCPD_TRY(std::int64_t const generation, write_grant(organization, grant, actor));
    transaction.commit();
    return std::optional<std::int64_t>(generation);
}

core::Result<std::int64_t> CredentialTables::write_grant(std::string const& organization,
                                                         auth::OAuthGrant const& grant,
                                                         AuditActor const& actor) {
    std::int64_t const generation = next_generation(database_);
    core::Secret const access = pack_access(grant);
    std::array<core::Secret const*, 3> const secrets{
        &grant.refresh_token, &grant.previous_refresh_token, &access};
    ADOMCPD_TRY(KeyRing const* const ring, keys_.for_writing(database_));
    ADOMCPD_TRY(
        std::string const envelope,
        seal_envelope(*ring, grant_name(organization, generation, grant.tenant, grant.client_id), secrets));
    // The same sign-in with another token is its renewal.
    std::optional<std::int64_t> const before =
        stored_at(database_, "obtained_at", "oauth_grant", organization);
    bool const renewed = before == to_column(grant.obtained_at);
    AuditEvent event(renewed  ? audit_event::kCredentialRefreshed
                     : before ? audit_event::kCredentialReplaced
                              : audit_event::kCredentialStored,
                     AuditOutcome::done,
                     actor);
    event.organization = organization;
    event.method = "oauth";
    event.identity = grant.identity;
    event.fingerprint = audit_.fingerprint(grant.refresh_token);
    SQLite::Statement statement(database_,
                                "INSERT OR REPLACE INTO oauth_grant VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    statement.bind(1, organization);
    statement.bind(2, generation);
    statement.bind(3, grant.tenant);
    statement.bind(4, grant.client_id);
    statement.bind(5, grant.identity);
    statement.bind(6, grant.account_id);
    statement.bind(7, to_column(grant.obtained_at));
    statement.bind(8, to_column(grant.refreshed_at));
    bind_blob(statement, 9, envelope);
    statement.exec();
    ADOMCPD_TRY_VOID(record(std::move(event)));
    return generation;
}

core::Result<bool> CredentialTables::remove_grant(std::string const& organization, AuditActor const& actor) {
    return remove_from("oauth_grant", "oauth", organization, actor);
}

core::Result<std::vector<auth::GrantStore::ListedGrant>> CredentialTables::list_grants() {
    std::vector<auth::GrantStore::ListedGrant> out;
    SQLite::Statement row(database_,
                          "SELECT organization, tenant, identity, obtained_at, generation FROM oauth_grant "
                          "ORDER BY organization");
    while (row.executeStep()) {
        auth::GrantStore::ListedGrant& listed = out.emplace_back();
        listed.organization = row.getColumn(0).getString();
        listed.tenant = row.getColumn(1).getString();
        listed.identity = row.getColumn(2).getString();
        listed.obtained_at = time_from_column(row.getColumn(3).getInt64());
        listed.generation = row.getColumn(4).getInt64();
    }
    return out;
}

core::Result<std::optional<auth::StoredPat>> CredentialTables::load_pat(std::string const& organization) {
    SQLite::Statement row(
        database_,
        "SELECT generation, identity, expires_at, stored_at, envelope FROM pat WHERE organization = ?");
    row.bind(1, organization);
    if (!row.executeStep()) {
        return std::optional<auth::StoredPat>();
    }
    RecordName const name("pat", organization, row.getColumn(0).getInt64());
    ADOMCPD_TRY(std::vector<core::Secret> secrets, keys_.open(name, blob_of(row.getColumn(4))));
    if (secrets.size() != 1) {
        return wrong_shape(name);
    }
    auth::StoredPat pat(std::move(secrets[0]));
    pat.generation = name.generation;
    pat.identity = row.getColumn(1).getString();
    pat.expires_at = optional_time(row.getColumn(2));
    pat.stored_at = time_from_column(row.getColumn(3).getInt64());
    return std::optional<auth::StoredPat>(std::move(pat));
}

core::Result<std::int64_t> CredentialTables::save_pat(std::string const& organization,
                                                      auth::StoredPat const& pat,
                                                      AuditActor const& actor) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    std::int64_t const generation = next_generation(database_);
    std::array<core::Secret const*, 1> const secrets{&pat.pat};
    ADOMCPD_TRY(KeyRing const* const ring, keys_.for_writing(database_));
    ADOMCPD_TRY(std::string const envelope,
                seal_envelope(*ring, RecordName("pat", organization, generation), secrets));
    AuditEvent event(stored_at(database_, "stored_at", "pat", organization) ? audit_event::kCredentialReplaced
                                                                            : audit_event::kCredentialStored,
                     AuditOutcome::done,
                     actor);
    event.organization = organization;
    event.method = "pat";
    event.identity = pat.identity;
    event.fingerprint = audit_.fingerprint(pat.pat);
    SQLite::Statement statement(database_, "INSERT OR REPLACE INTO pat VALUES (?, ?, ?, ?, ?, ?)");
    statement.bind(1, organization);
    statement.bind(2, generation);
    statement.bind(3, pat.identity);
    bind_time(statement, 4, pat.expires_at);
    statement.bind(5, to_column(pat.stored_at));
    bind_blob(statement, 6, envelope);
    statement.exec();
    ADOMCPD_TRY_VOID(record(std::move(event)));
    transaction.commit();
    return generation;
}

core::Result<bool> CredentialTables::remove_pat(std::string const& organization, AuditActor const& actor) {
    return remove_from("pat", "pat", organization, actor);
}

core::Result<std::vector<auth::PatStore::ListedPat>> CredentialTables::list_pats() {
    std::vector<auth::PatStore::ListedPat> out;
    SQLite::Statement row(
        database_,
        "SELECT organization, identity, expires_at, stored_at, generation FROM pat ORDER BY organization");
    while (row.executeStep()) {
        auth::PatStore::ListedPat& listed = out.emplace_back();
        listed.organization = row.getColumn(0).getString();
        listed.identity = row.getColumn(1).getString();
        listed.expires_at = optional_time(row.getColumn(2));
        listed.stored_at = time_from_column(row.getColumn(3).getInt64());
        listed.generation = row.getColumn(4).getInt64();
    }
    return out;
}

core::Result<std::optional<auth::AgentTokenRecord>>
CredentialTables::find_agent_token(std::string const& id) {
    SQLite::Statement row(database_, std::string(kTokenColumns) + " WHERE id = ?");
    row.bind(1, id);
    return row.executeStep() ? std::optional(read_token(row)) : std::nullopt;
}

core::Result<void> CredentialTables::insert_agent_token(auth::AgentTokenRecord const& token,
                                                        AuditActor const& actor) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    ADOMCPD_TRY_VOID(write_agent_token(token, audit_event::kTokenCreated, actor));
    transaction.commit();
    return {};
}

core::Result<void> CredentialTables::write_agent_token(auth::AgentTokenRecord const& token,
                                                       std::string_view what,
                                                       AuditActor const& actor) {
    SQLite::Statement statement(database_,
                                "INSERT INTO agent_token (id, name, role, secret_sha256, created_at, "
                                "expires_at, revoked) VALUES (?, ?, ?, ?, ?, ?, ?)");
    statement.bind(1, token.id);
    statement.bind(2, token.name);
    statement.bind(3, std::string(core::to_string(token.role)));
    bind_blob(statement, 4, token.secret_sha256);
    statement.bind(5, to_column(token.created_at));
    bind_time(statement, 6, token.expires_at);
    statement.bind(7, token.revoked ? 1 : 0);
    statement.exec();
    AuditEvent event(what, AuditOutcome::done, actor);
    event.subject = token.id + " " + token.name + " (" + std::string(core::to_string(token.role)) + ")";
    return record(std::move(event));
}

core::Result<std::vector<auth::AgentTokenRecord>> CredentialTables::list_agent_tokens() {
    std::vector<auth::AgentTokenRecord> out;
    SQLite::Statement row(database_, std::string(kTokenColumns) + " ORDER BY created_at, id");
    while (row.executeStep()) {
        out.push_back(read_token(row));
    }
    return out;
}

core::Result<bool> CredentialTables::revoke_agent_token(std::string const& id, AuditActor const& actor) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement statement(database_, "UPDATE agent_token SET revoked = 1 WHERE id = ? RETURNING name");
    statement.bind(1, id);
    if (!statement.executeStep()) {
        return false;
    }
    AuditEvent event(audit_event::kTokenRevoked, AuditOutcome::done, actor);
    event.subject = id + " " + statement.getColumn(0).getString();
    statement.executeStep(); // to its end
    ADOMCPD_TRY_VOID(record(std::move(event)));
    transaction.commit();
    return true;
}

core::Result<void> CredentialTables::rotate_agent_token(auth::AgentTokenRecord const& successor,
                                                        core::SystemTime overlap_ends,
                                                        core::SystemTime now,
                                                        AuditActor const& actor) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement ending(database_,
                             "UPDATE agent_token SET expires_at = min(coalesce(expires_at, ?1), ?1) "
                             "WHERE name = ?2 AND revoked = 0 AND coalesce(expires_at, ?3 + 1) > ?3");
    ending.bind(1, to_column(overlap_ends));
    ending.bind(2, successor.name);
    ending.bind(3, to_column(now));
    ending.exec();
    ADOMCPD_TRY_VOID(write_agent_token(successor, audit_event::kTokenRotated, actor));
    transaction.commit();
    return {};
}

core::Result<void> CredentialTables::note_agent_token_use(std::string const& id, core::SystemTime when) {
    SQLite::Statement statement(
        database_,
        "UPDATE agent_token SET last_used_at = ?1 WHERE id = ?2 AND coalesce(last_used_at, 0) < ?1");
    statement.bind(1, to_column(when));
    statement.bind(2, id);
    statement.exec();
    return {};
}

} // namespace server
