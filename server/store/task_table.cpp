#include "server/store/task_table.hpp"

#include "server/store/database.hpp"

namespace server {
namespace {

/// A transaction holds other processes up: many short ones rather than one over a whole day's tasks.
constexpr int kForgottenAtOnce = 256;

constexpr char kColumns[] =
    "id, owner, owner_name, owner_role, tool, arguments, client_features, status, status_message, state, "
    "requests, inputs, outcome, created_at, updated_at, ttl_ms, cancel_requested, runner, lease_until, "
    "version";

protocol::TaskRecord read_task(SQLite::Statement& row) {
    protocol::TaskRecord record;
    record.id = row.getColumn(0).getString();
    record.owner = row.getColumn(1).getString();
    record.owner_name = row.getColumn(2).getString();
    // A role this program does not know gets the least.
    record.owner_role = core::parse_role(row.getColumn(3).getString()).value_or(core::Role::reader);
    record.tool = row.getColumn(4).getString();
    record.arguments = row.getColumn(5).getString();
    record.client_features = static_cast<std::uint8_t>(row.getColumn(6).getInt());
    // The table's CHECK lets no other word in.
    record.status =
        protocol::parse_task_status(row.getColumn(7).getString()).value_or(protocol::TaskStatus::failed);
    record.status_message = row.getColumn(8).getString();
    record.state = row.getColumn(9).getString();
    record.requests = row.getColumn(10).getString();
    record.inputs = row.getColumn(11).getString();
    record.outcome = row.getColumn(12).getString();
    record.created_at = time_from_column(row.getColumn(13).getInt64());
    record.updated_at = time_from_column(row.getColumn(14).getInt64());
    record.ttl = std::chrono::milliseconds(row.getColumn(15).getInt64());
    record.cancel_requested = row.getColumn(16).getInt() != 0;
    record.runner = row.getColumn(17).getString();
    record.lease_until = time_from_column(row.getColumn(18).getInt64());
    record.version = row.getColumn(19).getInt64();
    return record;
}

/// ?1 to ?20 in the order of kColumns, ?21 the time it is found by when it has to go.
void bind_task(SQLite::Statement& statement, protocol::TaskRecord const& record) {
    statement.bind(1, record.id);
    statement.bind(2, record.owner);
    statement.bind(3, record.owner_name);
    statement.bind(4, std::string(core::to_string(record.owner_role)));
    statement.bind(5, record.tool);
    statement.bind(6, record.arguments);
    statement.bind(7, static_cast<int>(record.client_features));
    statement.bind(8, std::string(protocol::to_string(record.status)));
    statement.bind(9, record.status_message);
    statement.bind(10, record.state);
    statement.bind(11, record.requests);
    statement.bind(12, record.inputs);
    statement.bind(13, record.outcome);
    statement.bind(14, to_column(record.created_at));
    statement.bind(15, to_column(record.updated_at));
    statement.bind(16, record.ttl.count());
    statement.bind(17, record.cancel_requested ? 1 : 0);
    statement.bind(18, record.runner);
    statement.bind(19, to_column(record.lease_until));
    statement.bind(20, record.version);
    statement.bind(21, to_column(protocol::expiry_of(record)));
}

} // namespace

core::Result<void> TaskTable::insert(protocol::TaskRecord record) {
    record.version = 1;
    SQLite::Statement statement(database_,
                                std::string("INSERT INTO task (") + kColumns +
                                    ", expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, "
                                    "?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21) "
                                    "ON CONFLICT (id) DO NOTHING");
    bind_task(statement, record);
    if (statement.exec() == 0) {
        return core::fail(core::ErrorKind::conflict, "there is a task of this id already");
    }
    return {};
}

core::Result<std::optional<protocol::TaskRecord>> TaskTable::load(std::string const& id) {
    SQLite::Statement row(database_, std::string("SELECT ") + kColumns + " FROM task WHERE id = ?");
    row.bind(1, id);
    return row.executeStep() ? std::optional(read_task(row)) : std::nullopt;
}

core::Result<bool> TaskTable::save(protocol::TaskRecord const& record) {
    SQLite::Statement statement(
        database_,
        "UPDATE task SET owner = ?2, owner_name = ?3, owner_role = ?4, tool = ?5, arguments = ?6, "
        "client_features = ?7, status = ?8, status_message = ?9, state = ?10, requests = ?11, inputs = ?12, "
        "outcome = ?13, created_at = ?14, updated_at = ?15, ttl_ms = ?16, cancel_requested = ?17, "
        "runner = ?18, lease_until = CASE WHEN runner = ?18 AND status = 'working' AND ?8 = 'working' "
        "THEN max(lease_until, ?19) ELSE ?19 END, version = version + 1, expires_at = ?21 "
        "WHERE id = ?1 AND version = ?20");
    bind_task(statement, record);
    return statement.exec() != 0;
}

core::Result<std::size_t> TaskTable::count_open(std::string const& owner) {
    SQLite::Statement row(
        database_, "SELECT count(*) FROM task WHERE owner = ? AND status IN ('working', 'input_required')");
    row.bind(1, owner);
    row.executeStep();
    return static_cast<std::size_t>(row.getColumn(0).getInt64());
}

core::Result<std::vector<protocol::TaskRecord>>
TaskTable::claim_abandoned(std::string const& runner, core::SystemTime now, core::SystemTime lease_until) {
    std::vector<protocol::TaskRecord> out;
    {
        // Every replica asks all the time and mostly there is nothing: without the writers' lock, then.
        SQLite::Statement any(database_,
                              "SELECT 1 FROM task WHERE status = 'working' AND lease_until < ? LIMIT 1");
        any.bind(1, to_column(now));
        if (!any.executeStep()) {
            return out;
        }
    }
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement row(database_,
                          std::string("UPDATE task SET runner = ?1, lease_until = ?2, version = version + 1 "
                                      "WHERE id IN (SELECT id FROM task WHERE status = 'working' AND "
                                      "lease_until < ?3 ORDER BY lease_until, id LIMIT ?4) RETURNING ") +
                              kColumns);
    row.bind(1, runner);
    row.bind(2, to_column(lease_until));
    row.bind(3, to_column(now));
    row.bind(4, static_cast<std::int64_t>(protocol::kClaimedAtOnce));
    while (row.executeStep()) {
        out.push_back(read_task(row));
    }
    transaction.commit();
    return out;
}

core::Result<std::vector<std::string>> TaskTable::renew(std::string const& runner,
                                                        core::SystemTime lease_until) {
    std::vector<std::string> to_cancel;
    SQLite::Statement row(database_,
                          "UPDATE task SET lease_until = ? WHERE status = 'working' AND runner = ? "
                          "RETURNING id, cancel_requested");
    row.bind(1, to_column(lease_until));
    row.bind(2, runner);
    while (row.executeStep()) {
        if (row.getColumn(1).getInt() != 0) {
            to_cancel.push_back(row.getColumn(0).getString());
        }
    }
    return to_cancel;
}

core::Result<std::vector<std::string>> TaskTable::changed_since(core::SystemTime since) {
    std::vector<std::string> out;
    SQLite::Statement row(database_, "SELECT id FROM task WHERE updated_at >= ? ORDER BY updated_at");
    row.bind(1, to_column(since));
    while (row.executeStep()) {
        out.push_back(row.getColumn(0).getString());
    }
    return out;
}

core::Result<std::size_t> TaskTable::forget_expired(core::SystemTime now) {
    std::size_t forgotten = 0;
    int removed = 0;
    do {
        SQLite::Statement statement(database_,
                                    "DELETE FROM task WHERE id IN (SELECT id FROM task WHERE expires_at <= ? "
                                    "ORDER BY expires_at LIMIT ?)");
        statement.bind(1, to_column(now));
        statement.bind(2, kForgottenAtOnce);
        removed = statement.exec();
        forgotten += static_cast<std::size_t>(removed);
    } while (removed == kForgottenAtOnce);
    return forgotten;
}

} // namespace server
