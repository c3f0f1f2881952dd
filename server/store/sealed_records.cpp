#include "server/store/sealed_records.hpp"

#include "server/store/envelope.hpp"

#include <algorithm>
#include <array>

namespace server {
namespace {

struct SealedTable {
    char const* kind; ///< as in the record's name
    char const* name;
    /// organization (or what stands for it), generation, and the bound columns in their order
    char const* columns;
};

constexpr std::array kTables{
    SealedTable{"grant", "oauth_grant", "organization, generation, tenant, client_id"},
    SealedTable{"pat", "pat", "organization, generation"},
    SealedTable{"audit key", "audit_key", "id, 0"},
};

std::string select(SealedTable const& table, std::string const& condition) {
    return std::string("SELECT rowid, envelope, ") + table.columns + " FROM " + table.name + condition;
}

RecordName name_of(SealedTable const& table, SQLite::Statement& row) {
    RecordName name(table.kind, row.getColumn(2).getString(), row.getColumn(3).getInt64());
    for (int column = 4; column < row.getColumnCount(); ++column) {
        name.bound.push_back(row.getColumn(column).getString());
    }
    return name;
}

core::Result<std::string> reseal(KeyRing const& ring, RecordName const& name, std::string_view envelope) {
    ADOMCPD_TRY(std::vector<core::Secret> const secrets, open_envelope(ring, name, envelope));
    std::vector<core::Secret const*> pointers;
    for (core::Secret const& secret : secrets) {
        pointers.push_back(&secret);
    }
    return seal_envelope(ring, name, pointers);
}

} // namespace

std::string UnreadableRecord::describe() const {
    return "the " + kind + " of " + organization +
           (key_id.empty() ? " (malformed)" : " (key " + key_id + ")");
}

std::vector<UnreadableRecord> unreadable_records(SQLite::Database& database, KeyRing const& ring) {
    std::vector<UnreadableRecord> out;
    for (SealedTable const& table : kTables) {
        SQLite::Statement row(database, select(table, " ORDER BY 3"));
        while (row.executeStep()) {
            std::string_view const id = envelope_key_id(blob_of(row.getColumn(1)));
            if (ring.find(id) == nullptr) {
                out.emplace_back(table.kind, row.getColumn(2).getString(), std::string(id));
            }
        }
    }
    return out;
}

std::vector<std::string> needed_keys(SQLite::Database& database) {
    std::vector<std::string> ids;
    for (SealedTable const& table : kTables) {
        SQLite::Statement row(database,
                              std::string("SELECT DISTINCT substr(envelope, 2, 8) FROM ") + table.name);
        while (row.executeStep()) {
            std::string id(blob_of(row.getColumn(0)));
            if (std::find(ids.begin(), ids.end(), id) == ids.end()) {
                ids.push_back(std::move(id));
            }
        }
    }
    return ids;
}

core::Result<ResealBatch>
reseal_batch(SQLite::Database& database, KeyRing const& ring, ResealPosition& position, std::size_t limit) {
    ResealBatch batch;
    if (position.table == kTables.size()) {
        batch.at_end = true;
        return batch;
    }
    SealedTable const& table = kTables[position.table];
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    std::vector<std::pair<std::int64_t, std::string>> fresh;
    std::size_t looked_at = 0;
    {
        SQLite::Statement row(
            database,
            select(table, " WHERE rowid > ? AND substr(envelope, 2, 8) != ? ORDER BY rowid LIMIT ?"));
        row.bind(1, position.row);
        bind_blob(row, 2, ring.first().id);
        row.bind(3, static_cast<std::int64_t>(limit));
        while (row.executeStep()) {
            ++looked_at;
            position.row = row.getColumn(0).getInt64();
            std::string_view const envelope = blob_of(row.getColumn(1));
            auto sealed = reseal(ring, name_of(table, row), envelope);
            if (sealed) {
                fresh.emplace_back(position.row, std::move(*sealed));
            } else {
                batch.failed.emplace_back(
                    table.kind, row.getColumn(2).getString(), std::string(envelope_key_id(envelope)));
            }
        }
    }
    for (auto const& [row, envelope] : fresh) {
        SQLite::Statement update(database,
                                 std::string("UPDATE ") + table.name + " SET envelope = ? WHERE rowid = ?");
        bind_blob(update, 1, envelope);
        update.bind(2, row);
        update.exec();
    }
    transaction.commit();
    batch.resealed = fresh.size();
    if (looked_at < limit) {
        ++position.table;
        position.row = -1;
    }
    batch.at_end = position.table == kTables.size();
    return batch;
}

} // namespace server
