#include "server/store/connector_table.hpp"

#include "core/json.hpp"
#include "server/store/database.hpp"

#include <nlohmann/json.hpp>

#include <set>
#include <string_view>
#include <utility>

namespace server {

/// Where documents of a kind lie, and what the audit calls what is done to them.
class DocumentKind {
public:
    char const* table;
    std::string_view created;
    std::string_view changed;
};

namespace {

constexpr DocumentKind kConnector{
    "connector", audit_event::kConnectorCreated, audit_event::kConnectorChanged};
constexpr DocumentKind kSource{"knowledge_source", audit_event::kSourceCreated, audit_event::kSourceChanged};

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
    std::string document;
};

Found look_up(SQLite::Database& database, std::string const& table, std::string const& name) {
    SQLite::Statement row(
        database, "SELECT generation, created_at, organization, document FROM " + table + " WHERE name = ?");
    row.bind(1, name);
    Found found;
    if (row.executeStep()) {
        found.generation = row.getColumn(0).getInt64();
        found.created_at = row.getColumn(1).getInt64();
        found.organization = row.getColumn(2).getString();
        found.document = row.getColumn(3).getString();
    }
    return found;
}

/// Names of the members in which two documents differ, in order. Values are nobody's business here.
std::string changed_members(std::string const& before, std::string const& after) {
    auto const old_document = core::parse_json(before, core::JsonLimits());
    auto const new_document = core::parse_json(after, core::JsonLimits());
    if (!old_document || !new_document || !old_document->is_object() || !new_document->is_object()) {
        return "all of it";
    }
    std::set<std::string> names;
    for (auto const& [one, other] :
         {std::pair(&*old_document, &*new_document), std::pair(&*new_document, &*old_document)}) {
        for (auto const& [name, value] : one->items()) {
            core::Json const* const there = core::find(*other, name);
            if (there == nullptr || *there != value) {
                names.insert(name);
            }
        }
    }
    std::string out;
    for (std::string const& name : names) {
        out += (out.empty() ? "" : ", ") + name;
    }
    return out;
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

core::Result<StoredDocument> ConnectorTable::save(DocumentKind const& kind,
                                                  StoredDocument record,
                                                  Precondition const& expected,
                                                  std::size_t most,
                                                  AuditActor const& actor,
                                                  core::SystemTime now) {
    char const* const table = kind.table;
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

    AuditEvent event(found.generation == 0 ? kind.created : kind.changed, AuditOutcome::done, actor);
    event.organization = record.organization;
    event.subject = record.name;
    std::string const members =
        found.generation == 0 ? std::string() : changed_members(found.document, record.document);
    event.subject += members.empty() ? "" : ": " + members;
    ADOMCPD_TRY_VOID(audit_.append(std::move(event), now));
    return record;
}

core::Result<StoredDocument> ConnectorTable::save_connector(StoredDocument record,
                                                            Precondition const& expected,
                                                            std::size_t most,
                                                            AuditActor const& actor,
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
    ADOMCPD_TRY(StoredDocument saved, save(kConnector, std::move(record), expected, most, actor, now));
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
    AuditEvent removed(audit_event::kConnectorRemoved, AuditOutcome::done, actor);
    removed.organization = found.organization;
    removed.subject = name;
    ADOMCPD_TRY_VOID(audit_.append(std::move(removed), now));
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
                                                         AuditActor const& actor,
                                                         core::SystemTime now) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    ADOMCPD_TRY(StoredDocument saved, save(kSource, std::move(record), expected, most, actor, now));
    transaction.commit();
    return saved;
}

core::Result<bool> ConnectorTable::remove_source(std::string const& name,
                                                 Precondition const& expected,
                                                 AuditActor const& actor,
                                                 core::SystemTime now) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    Found const found = look_up(database_, "knowledge_source", name);
    if (found.generation == 0) {
        return false;
    }
    if (!expected.holds(found.generation)) {
        return core::fail(precondition_failed(name));
    }
    erase(database_, "knowledge_source", "name", name);
    AuditEvent event(audit_event::kSourceRemoved, AuditOutcome::done, actor);
    event.organization = found.organization;
    event.subject = name;
    ADOMCPD_TRY_VOID(audit_.append(std::move(event), now));
    transaction.commit();
    return true;
}

core::Result<std::vector<StoredIdentity>> ConnectorTable::list_identities() {
    std::vector<StoredIdentity> all;
    SQLite::Statement row(database_,
                          "SELECT organization, client_id, federated_client_id, federated_tenant_id, "
                          "stored_at, generation, object_id, resource_id FROM managed_identity "
                          "ORDER BY organization");
    while (row.executeStep()) {
        StoredIdentity& one = all.emplace_back(row.getColumn(0).getString());
        one.client_id = row.getColumn(1).getString();
        one.federated_client_id = row.getColumn(2).getString();
        one.federated_tenant_id = row.getColumn(3).getString();
        one.stored_at = time_from_column(row.getColumn(4).getInt64());
        one.generation = row.getColumn(5).getInt64();
        one.object_id = row.getColumn(6).getString();
        one.resource_id = row.getColumn(7).getString();
    }
    return all;
}

core::Result<StoredIdentity> ConnectorTable::save_identity(StoredIdentity record,
                                                           std::string const& known_as,
                                                           AuditActor const& actor,
                                                           core::SystemTime now) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    bool const replaced = erase(database_, "managed_identity", "organization", record.organization);
    record.generation = next_generation(database_);
    record.stored_at = now;
    SQLite::Statement statement(database_, "INSERT INTO managed_identity VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    statement.bind(1, record.organization);
    statement.bind(2, record.client_id);
    statement.bind(3, record.federated_client_id);
    statement.bind(4, record.federated_tenant_id);
    statement.bind(5, to_column(record.stored_at));
    statement.bind(6, record.generation);
    statement.bind(7, record.object_id);
    statement.bind(8, record.resource_id);
    statement.exec();
    AuditEvent event(replaced ? audit_event::kCredentialReplaced : audit_event::kCredentialStored,
                     AuditOutcome::done,
                     actor);
    event.organization = record.organization;
    event.method = "managed_identity";
    event.identity = known_as;
    event.subject = record.federated_client_id.empty()
                        ? record.client_id + record.object_id + record.resource_id
                        : record.federated_client_id;
    ADOMCPD_TRY_VOID(audit_.append(std::move(event), now));
    transaction.commit();
    return record;
}

core::Result<bool> ConnectorTable::remove_identity(std::string const& organization,
                                                   AuditActor const& actor,
                                                   core::SystemTime now) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    if (!erase(database_, "managed_identity", "organization", organization)) {
        return false;
    }
    AuditEvent event(audit_event::kCredentialRemoved, AuditOutcome::done, actor);
    event.organization = organization;
    event.method = "managed_identity";
    ADOMCPD_TRY_VOID(audit_.append(std::move(event), now));
    transaction.commit();
    return true;
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
