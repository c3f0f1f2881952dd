#include "server/store/connector_table.hpp"

#include "server/store/database.hpp"

#include <utility>

namespace server {
namespace {

core::Error conflict(std::string code, std::string message, std::string fix) {
    return core::Error(core::ErrorKind::conflict, std::move(message))
        .with_code(std::move(code))
        .with_fix(std::move(fix))
        .with_not_sent();
}

core::Error precondition_failed(std::string const& name) {
    return conflict("precondition_failed",
                    "'" + name + "' was changed meanwhile.",
                    "Read it again, and repeat the change with the ETag of that answer in If-Match.")
        .with_status(412);
}

class Found {
public:
    std::int64_t generation = 0; ///< 0 = there is none
    std::int64_t created_at = 0;
    std::string organization;
};

Found look_up(SQLite::Database& database, std::string const& table, std::string const& name) {
    SQLite::Statement row(database,
                          "SELECT generation, created_at, organization FROM " + table + " WHERE name = ?");
    row.bind(1, name);
    Found found;
    if (row.executeStep()) {
        found.generation = row.getColumn(0).getInt64();
        found.created_at = row.getColumn(1).getInt64();
        found.organization = row.getColumn(2).getString();
    }
    return found;
}

/// By the key `organization` or `name`.
bool erase(SQLite::Database& database, char const* table, char const* column, std::string const& value) {
    SQLite::Statement statement(database, std::string("DELETE FROM ") + table + " WHERE " + column + " = ?");
    statement.bind(1, value);
    return statement.exec() != 0;
}

StoredDocument read_document(SQLite::Statement& row) {
    StoredDocument record(
        row.getColumn(0).getString(), row.getColumn(1).getString(), row.getColumn(2).getString());
    record.generation = row.getColumn(3).getInt64();
    record.created_at = time_from_column(row.getColumn(4).getInt64());
    record.updated_at = time_from_column(row.getColumn(5).getInt64());
    return record;
}

} // namespace

core::Result<std::vector<StoredDocument>> ConnectorTable::list(char const* table) {
    std::vector<StoredDocument> all;
    SQLite::Statement row(database_,
                          std::string("SELECT name, organization, document, generation, created_at, "
                                      "updated_at FROM ") +
                              table + " ORDER BY name");
    while (row.executeStep()) {
        all.push_back(read_document(row));
    }
    return all;
}

core::Result<StoredDocument> ConnectorTable::save(char const* table,
                                                  StoredDocument record,
                                                  Precondition const& expected,
                                                  std::size_t most,
                                                  core::SystemTime now) {
    Found const found = look_up(database_, table, record.name);
    if (!expected.holds(found.generation)) {
        return core::fail(precondition_failed(record.name));
    }
    if (found.generation == 0) {
        auto const count = database_.execAndGet(std::string("SELECT count(*) FROM ") + table).getInt64();
        if (count >= static_cast<std::int64_t>(most)) {
            return core::fail(
                core::Error(core::ErrorKind::overloaded,
                            "There are " + std::to_string(count) + " already, as many as may be stored.")
                    .with_code("store_limit_reached")
                    .with_fix("Remove some, or raise limits.stored_connectors or "
                              "limits.stored_sources."));
        }
    }
    record.generation = next_generation(database_);
    record.created_at = found.generation == 0 ? now : time_from_column(found.created_at);
    record.updated_at = now;
    erase(database_, table, "name", record.name); // the new spelling of the name counts
    SQLite::Statement statement(database_,
                                std::string("INSERT INTO ") + table + " VALUES (?, ?, ?, ?, ?, ?)");
    statement.bind(1, record.name);
    statement.bind(2, record.organization);
    statement.bind(3, record.document);
    statement.bind(4, record.generation);
    statement.bind(5, to_column(record.created_at));
    statement.bind(6, to_column(record.updated_at));
    statement.exec();
    return record;
}

core::Result<StoredDocument> ConnectorTable::save_connector(StoredDocument record,
                                                            Precondition const& expected,
                                                            std::size_t most,
                                                            core::SystemTime now) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    {
        SQLite::Statement other(database_, "SELECT name FROM connector WHERE organization = ? AND name <> ?");
        other.bind(1, record.organization);
        other.bind(2, record.name);
        if (other.executeStep()) {
            return core::fail(conflict("connector_organization_taken",
                                       "A connector for this organization already exists",
                                       "Change the connector '" + other.getColumn(0).getString() +
                                           "' instead, or delete it first."));
        }
    }
    ADOMCPD_TRY(StoredDocument saved, save("connector", std::move(record), expected, most, now));
    transaction.commit();
    return saved;
}

core::Result<bool> ConnectorTable::remove_connector(std::string const& name,
                                                    Precondition const& expected,
                                                    AuditActor const& actor,
                                                    core::SystemTime now) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    Found const found = look_up(database_, "connector", name);
    if (found.generation == 0) {
        return false;
    }
    if (!expected.holds(found.generation)) {
        return core::fail(precondition_failed(name));
    }
    erase(database_, "connector", "name", name);
    erase(database_, "pat_reach", "organization", found.organization);
    for (auto const& [table, method] : {std::pair("pat", "pat"),
                                        std::pair("oauth_grant", "oauth"),
                                        std::pair("managed_identity", "managed_identity")}) {
        if (erase(database_, table, "organization", found.organization)) {
            AuditEvent event(audit_event::kCredentialRemoved, AuditOutcome::done, actor);
            event.organization = found.organization;
            event.method = method;
            event.subject = "with connector " + name;
            ADOMCPD_TRY_VOID(audit_.append(std::move(event), now));
        }
    }
    transaction.commit();
    return true;
}

core::Result<StoredDocument> ConnectorTable::save_source(StoredDocument record,
                                                         Precondition const& expected,
                                                         std::size_t most,
                                                         core::SystemTime now) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    ADOMCPD_TRY(StoredDocument saved, save("knowledge_source", std::move(record), expected, most, now));
    transaction.commit();
    return saved;
}

core::Result<bool> ConnectorTable::remove_source(std::string const& name, Precondition const& expected) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    Found const found = look_up(database_, "knowledge_source", name);
    if (found.generation == 0) {
        return false;
    }
    if (!expected.holds(found.generation)) {
        return core::fail(precondition_failed(name));
    }
    erase(database_, "knowledge_source", "name", name);
    transaction.commit();
    return true;
}

core::Result<std::vector<StoredIdentity>> ConnectorTable::list_identities() {
    std::vector<StoredIdentity> all;
    SQLite::Statement row(database_,
                          "SELECT organization, client_id, federated_client_id, federated_tenant_id, "
                          "stored_at, generation FROM managed_identity ORDER BY organization");
    while (row.executeStep()) {
        StoredIdentity& one = all.emplace_back(row.getColumn(0).getString());
        one.client_id = row.getColumn(1).getString();
        one.federated_client_id = row.getColumn(2).getString();
        one.federated_tenant_id = row.getColumn(3).getString();
        one.stored_at = time_from_column(row.getColumn(4).getInt64());
        one.generation = row.getColumn(5).getInt64();
    }
    return all;
}

core::Result<StoredIdentity> ConnectorTable::save_identity(StoredIdentity record, core::SystemTime now) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    record.generation = next_generation(database_);
    record.stored_at = now;
    SQLite::Statement statement(database_,
                                "INSERT OR REPLACE INTO managed_identity VALUES (?, ?, ?, ?, ?, ?)");
    statement.bind(1, record.organization);
    statement.bind(2, record.client_id);
    statement.bind(3, record.federated_client_id);
    statement.bind(4, record.federated_tenant_id);
    statement.bind(5, to_column(record.stored_at));
    statement.bind(6, record.generation);
    statement.exec();
    transaction.commit();
    return record;
}

core::Result<bool> ConnectorTable::remove_identity(std::string const& organization) {
    return erase(database_, "managed_identity", "organization", organization);
}

core::Result<void> ConnectorTable::save_reach(PatReach const& reach) {
    SQLite::Statement statement(database_, "INSERT OR REPLACE INTO pat_reach VALUES (?, ?)");
    statement.bind(1, reach.organization);
    statement.bind(2, reach.generation);
    statement.exec();
    return {};
}

core::Result<std::vector<PatReach>> ConnectorTable::list_reaches() {
    std::vector<PatReach> all;
    SQLite::Statement row(database_, "SELECT organization, generation FROM pat_reach ORDER BY organization");
    while (row.executeStep()) {
        all.emplace_back(row.getColumn(0).getString(), row.getColumn(1).getInt64());
    }
    return all;
}

} // namespace server
