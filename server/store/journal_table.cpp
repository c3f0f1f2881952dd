#include "server/store/journal_table.hpp"

#include "server/store/database.hpp"

#include <string_view>

namespace server {
namespace {

constexpr char kColumns[] =
    "SELECT id, caller, organization, tool, idempotency_key, arguments_sha256, probe, result, "
    "resource_id, state, created_at, updated_at, lane, sent_at, busy_until FROM journal ";

char const* word(JournalEntry::State state) noexcept {
    switch (state) {
    case JournalEntry::State::pending:
        return "pending";
    case JournalEntry::State::done:
        return "done";
    case JournalEntry::State::abandoned:
        return "abandoned";
    case JournalEntry::State::unresolved:
        break;
    }
    return "unresolved";
}

/// The table's CHECK lets no other word in.
JournalEntry::State state_of(std::string_view text) noexcept {
    for (auto const state :
         {JournalEntry::State::pending, JournalEntry::State::done, JournalEntry::State::abandoned}) {
        if (text == word(state)) {
            return state;
        }
    }
    return JournalEntry::State::unresolved;
}

JournalEntry read_entry(SQLite::Statement& row) {
    JournalEntry entry;
    entry.id = row.getColumn(0).getInt64();
    entry.caller = row.getColumn(1).getString();
    entry.organization = row.getColumn(2).getString();
    entry.tool = row.getColumn(3).getString();
    if (!row.getColumn(4).isNull()) {
        entry.idempotency_key = row.getColumn(4).getString();
    }
    entry.arguments_sha256 = row.getColumn(5).getString();
    entry.probe = row.getColumn(6).getString();
    entry.result = row.getColumn(7).getString();
    entry.resource_id = row.getColumn(8).getString();
    entry.state = state_of(row.getColumn(9).getString());
    entry.created_at = time_from_column(row.getColumn(10).getInt64());
    entry.updated_at = time_from_column(row.getColumn(11).getInt64());
    entry.lane = row.getColumn(12).getString();
    entry.sent_at = time_from_column(row.getColumn(13).getInt64());
    entry.busy_until = time_from_column(row.getColumn(14).getInt64());
    return entry;
}

tl::unexpected<core::Error> no_entry(std::int64_t id) {
    return core::fail(
        core::Error(core::ErrorKind::not_found, "the journal has no entry " + std::to_string(id))
            .with_code("journal"));
}

core::Result<void> require_entry(int changed, std::int64_t id) {
    if (changed != 0) {
        return {};
    }
    return no_entry(id);
}

} // namespace

core::Result<Journal::Begun>
JournalTable::begin(JournalEntry entry, std::chrono::hours key_lifetime, core::SystemTime now) {
    Journal::Begun begun;
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    if (entry.idempotency_key) {
        SQLite::Statement earlier(
            database_,
            std::string(kColumns) +
                "WHERE caller = ? AND organization = ? AND tool = ? AND idempotency_key = ? AND "
                "state != 'abandoned' AND created_at > ? ORDER BY id DESC LIMIT 1");
        earlier.bind(1, entry.caller);
        earlier.bind(2, entry.organization);
        earlier.bind(3, entry.tool);
        earlier.bind(4, *entry.idempotency_key);
        earlier.bind(5, to_column(now - key_lifetime));
        if (earlier.executeStep()) {
            begun.fresh = false;
            begun.entry = read_entry(earlier);
            return begun;
        }
    }
    entry.state = JournalEntry::State::pending;
    entry.created_at = now;
    entry.updated_at = now;
    entry.sent_at = now;
    SQLite::Statement insert(
        database_,
        "INSERT INTO journal (caller, organization, tool, idempotency_key, arguments_sha256, probe, "
        "result, resource_id, state, created_at, updated_at, lane, sent_at, busy_until) "
        "VALUES (?, ?, ?, ?, ?, ?, '', '', 'pending', ?, ?, ?, ?, ?)");
    insert.bind(1, entry.caller);
    insert.bind(2, entry.organization);
    insert.bind(3, entry.tool);
    if (entry.idempotency_key) {
        insert.bind(4, *entry.idempotency_key);
    } else {
        insert.bind(4);
    }
    insert.bind(5, entry.arguments_sha256);
    insert.bind(6, entry.probe);
    insert.bind(7, to_column(now));
    insert.bind(8, to_column(now));
    insert.bind(9, entry.lane);
    insert.bind(10, to_column(now));
    insert.bind(11, to_column(entry.busy_until));
    insert.exec();
    entry.id = database_.getLastInsertRowid();
    entry.result.clear();
    entry.resource_id.clear();
    transaction.commit();
    begun.entry = std::move(entry);
    return begun;
}

core::Result<void> JournalTable::complete(std::int64_t id,
                                          std::string const& resource_id,
                                          std::string const& result,
                                          core::SystemTime now) {
    SQLite::Statement statement(
        database_,
        "UPDATE journal SET state = 'done', resource_id = ?, result = ?, updated_at = ? WHERE id = ?");
    statement.bind(1, resource_id);
    statement.bind(2, result);
    statement.bind(3, to_column(now));
    statement.bind(4, id);
    return require_entry(statement.exec(), id);
}

core::Result<Journal::Claim> JournalTable::claim(std::int64_t id,
                                                 std::string const& resource_id,
                                                 std::string const& result,
                                                 core::SystemTime now) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    ADOMCPD_TRY(JournalEntry const entry, load(id));
    if (entry.state == JournalEntry::State::done || entry.state == JournalEntry::State::abandoned) {
        return entry.resource_id == resource_id ? Journal::Claim::claimed : Journal::Claim::contested;
    }
    SQLite::Statement other(
        database_,
        "SELECT 1 FROM journal WHERE organization = ? AND tool = ? AND resource_id = ? AND "
        "resource_id != '' AND id != ?");
    other.bind(1, entry.organization);
    other.bind(2, entry.tool);
    other.bind(3, resource_id);
    other.bind(4, id);
    if (other.executeStep()) {
        return Journal::Claim::taken;
    }
    SQLite::Statement twin(
        database_,
        "SELECT 1 FROM journal WHERE lane = ? AND state = 'pending' AND id != ? AND busy_until > ?");
    twin.bind(1, entry.lane);
    twin.bind(2, id);
    twin.bind(3, to_column(now));
    if (twin.executeStep()) {
        return Journal::Claim::contested;
    }
    ADOMCPD_TRY_VOID(complete(id, resource_id, result, now));
    transaction.commit();
    return Journal::Claim::claimed;
}

core::Result<bool>
JournalTable::reopen(JournalEntry const& seen, core::SystemTime busy_until, core::SystemTime now) {
    SQLite::Statement statement(
        database_,
        "UPDATE journal SET state = 'pending', sent_at = ?, busy_until = ?, updated_at = ? WHERE id = ? AND "
        "state IN ('pending', 'unresolved') AND sent_at = ? AND (state = 'unresolved' OR busy_until <= ?)");
    statement.bind(1, to_column(now));
    statement.bind(2, to_column(busy_until));
    statement.bind(3, to_column(now));
    statement.bind(4, seen.id);
    statement.bind(5, to_column(seen.sent_at));
    statement.bind(6, to_column(now));
    return statement.exec() != 0;
}

core::Result<bool> JournalTable::abandon(JournalEntry const& seen, core::SystemTime now) {
    SQLite::Statement statement(
        database_,
        "UPDATE journal SET state = 'abandoned', updated_at = ? WHERE id = ? AND "
        "state IN ('pending', 'unresolved') AND sent_at = ? AND (state = 'unresolved' OR busy_until <= ?)");
    statement.bind(1, to_column(now));
    statement.bind(2, seen.id);
    statement.bind(3, to_column(seen.sent_at));
    statement.bind(4, to_column(now));
    return statement.exec() != 0;
}

core::Result<JournalEntry> JournalTable::load(std::int64_t id) {
    SQLite::Statement row(database_, std::string(kColumns) + "WHERE id = ?");
    row.bind(1, id);
    if (!row.executeStep()) {
        return no_entry(id);
    }
    return read_entry(row);
}

core::Result<void> JournalTable::set_state(std::int64_t id, JournalEntry::State state, core::SystemTime now) {
    SQLite::Statement statement(database_, "UPDATE journal SET state = ?, updated_at = ? WHERE id = ?");
    statement.bind(1, word(state));
    statement.bind(2, to_column(now));
    statement.bind(3, id);
    return require_entry(statement.exec(), id);
}

core::Result<std::vector<JournalEntry>> JournalTable::list_open() {
    std::vector<JournalEntry> out;
    SQLite::Statement row(database_,
                          std::string(kColumns) + "WHERE state IN ('pending', 'unresolved') ORDER BY id");
    while (row.executeStep()) {
        out.push_back(read_entry(row));
    }
    return out;
}

core::Result<std::vector<std::string>> JournalTable::known_resources(std::string const& organization,
                                                                     std::string const& tool,
                                                                     core::SystemTime since) {
    std::vector<std::string> out;
    SQLite::Statement row(
        database_,
        "SELECT resource_id FROM journal WHERE organization = ? AND tool = ? AND created_at >= ? AND "
        "resource_id != '' ORDER BY id");
    row.bind(1, organization);
    row.bind(2, tool);
    row.bind(3, to_column(since));
    while (row.executeStep()) {
        out.push_back(row.getColumn(0).getString());
    }
    return out;
}

core::Result<std::size_t> JournalTable::forget_before(core::SystemTime before) {
    SQLite::Statement statement(
        database_, "DELETE FROM journal WHERE state NOT IN ('pending', 'unresolved') AND created_at < ?");
    statement.bind(1, to_column(before));
    return static_cast<std::size_t>(statement.exec());
}

} // namespace server
