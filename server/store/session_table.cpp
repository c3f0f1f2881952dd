#include "server/store/session_table.hpp"

#include "server/store/database.hpp"

#include <string_view>
#include <unordered_set>

namespace server {
namespace {

/// Rows that a write looks at beside its own: enough to keep up, too few to be felt.
constexpr std::size_t kForgottenPerWrite = 64;

} // namespace

core::Result<void>
SessionTable::revoke(std::string const& session, core::SystemTime until, core::SystemTime now) {
    if (until <= now) {
        return {};
    }
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    // A later end is a new row: other processes ask for the rows after the last they know.
    SQLite::Statement shorter(database_, "DELETE FROM session_revoked WHERE session = ? AND expires_at < ?");
    shorter.bind(1, session);
    shorter.bind(2, to_column(until));
    shorter.exec();
    SQLite::Statement insert(database_,
                             "INSERT OR IGNORE INTO session_revoked (session, expires_at) VALUES (?, ?)");
    insert.bind(1, session);
    insert.bind(2, to_column(until));
    insert.exec();
    forget_expired("session_revoked", now, kForgottenPerWrite);
    transaction.commit();
    return {};
}

core::Result<std::vector<Revocation>> SessionTable::revoked_after(std::int64_t id, core::SystemTime now) {
    std::vector<Revocation> out;
    // The + keeps the planner on the ids: a refresh mostly finds nothing, and must see so at once.
    SQLite::Statement row(database_,
                          "SELECT id, session, expires_at FROM session_revoked "
                          "WHERE id > ? AND +expires_at > ? ORDER BY id LIMIT ?");
    row.bind(1, id);
    row.bind(2, to_column(now));
    row.bind(3, static_cast<std::int64_t>(kRevocationPage));
    while (row.executeStep()) {
        Revocation& revocation = out.emplace_back();
        revocation.id = row.getColumn(0).getInt64();
        revocation.session = row.getColumn(1).getString();
        revocation.until = time_from_column(row.getColumn(2).getInt64());
    }
    return out;
}

core::Result<void> SessionTable::note_seen(std::vector<SeenMark> const& marks, core::SystemTime now) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement statement(database_,
                                "INSERT INTO session_seen VALUES (?1, ?2, ?3) ON CONFLICT (session) DO "
                                "UPDATE SET seen_at = ?2, expires_at = ?3 "
                                "WHERE seen_at < ?2 OR expires_at <= ?4");
    for (SeenMark const& mark : marks) {
        statement.reset();
        statement.bind(1, mark.session);
        statement.bind(2, to_column(mark.at));
        statement.bind(3, to_column(mark.until));
        statement.bind(4, to_column(now));
        statement.exec();
    }
    forget_expired("session_seen", now, kForgottenPerWrite + 2 * marks.size());
    transaction.commit();
    return {};
}

core::Result<std::optional<core::SystemTime>> SessionTable::last_seen(std::string const& session,
                                                                      core::SystemTime now) {
    SQLite::Statement row(database_, "SELECT seen_at FROM session_seen WHERE session = ? AND expires_at > ?");
    row.bind(1, session);
    row.bind(2, to_column(now));
    return row.executeStep() ? optional_time(row.getColumn(0)) : std::nullopt;
}

core::Result<std::optional<std::string>> SessionTable::load_state(std::string const& session,
                                                                  core::SystemTime now) {
    SQLite::Statement row(database_, "SELECT state FROM session_state WHERE session = ? AND expires_at > ?");
    row.bind(1, session);
    row.bind(2, to_column(now));
    return row.executeStep() ? std::optional(row.getColumn(0).getString()) : std::nullopt;
}

core::Result<void> SessionTable::save_state(std::string const& session,
                                            std::string const& state,
                                            core::SystemTime until,
                                            core::SystemTime now) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement statement(database_, "INSERT OR REPLACE INTO session_state VALUES (?, ?, ?)");
    statement.bind(1, session);
    statement.bind(2, state);
    statement.bind(3, to_column(until));
    statement.exec();
    forget_expired("session_state", now, kForgottenPerWrite);
    transaction.commit();
    return {};
}

core::Result<protocol::SavedStates> SessionTable::saved_since(std::optional<std::int64_t> mark,
                                                              core::SystemTime now) {
    // A row that is replaced gets a new rowid, above all others; the newest row is never one that expires
    // first.
    protocol::SavedStates saved;
    if (!mark) {
        SQLite::Statement newest(database_, "SELECT coalesce(max(rowid), 0) FROM session_state");
        newest.executeStep();
        saved.mark = newest.getColumn(0).getInt64();
        return saved;
    }
    saved.mark = *mark;
    SQLite::Statement row(database_,
                          "SELECT rowid, session, state FROM session_state "
                          "WHERE rowid > ? AND +expires_at > ? ORDER BY rowid LIMIT ?");
    row.bind(1, *mark);
    row.bind(2, to_column(now));
    row.bind(3, static_cast<std::int64_t>(kStatePage));
    while (row.executeStep()) {
        saved.mark = row.getColumn(0).getInt64();
        saved.states.emplace_back(row.getColumn(1).getString(), row.getColumn(2).getString());
    }
    saved.more = saved.states.size() == kStatePage;
    return saved;
}

core::Result<void> SessionTable::leave(protocol::SessionLetter const& letter, core::SystemTime now) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    forget_old_letters(now);
    protocol::WaitingLetters const waiting = waiting_letters(letter.session, now);
    ADOMCPD_TRY_VOID(waiting.admit(letter));
    SQLite::Statement insert(
        database_, "INSERT INTO session_letter (session, key, body, bytes, left_at) VALUES (?, ?, ?, ?, ?)");
    insert.bind(1, letter.session);
    insert.bind(2, letter.key);
    insert.bind(3, letter.body);
    insert.bind(4, static_cast<std::int64_t>(protocol::size_of(letter)));
    insert.bind(5, to_column(now));
    insert.exec();
    transaction.commit();
    return {};
}

core::Result<std::vector<protocol::SessionLetter>>
SessionTable::collect(std::vector<std::string> const& addresses, core::SystemTime now) {
    // From the letters to the calls: few letters wait, and a replica may have hundreds of calls.
    std::unordered_set<std::string_view> const wanted(addresses.begin(), addresses.end());
    std::vector<std::int64_t> ids;
    {
        SQLite::Statement row(database_,
                              "SELECT id, session, key FROM session_letter WHERE left_at > ? ORDER BY id");
        row.bind(1, to_column(now - protocol::kLetterLifetime));
        while (row.executeStep()) {
            std::string const address =
                protocol::SessionLetter::address(row.getColumn(1).getText(), row.getColumn(2).getText());
            if (wanted.contains(address)) {
                ids.push_back(row.getColumn(0).getInt64());
            }
        }
    }
    std::vector<protocol::SessionLetter> out;
    if (ids.empty()) {
        return out;
    }
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    SQLite::Statement take(database_, "DELETE FROM session_letter WHERE id = ? RETURNING session, key, body");
    for (std::int64_t const id : ids) {
        take.reset();
        take.bind(1, id);
        while (take.executeStep()) { // no row: somebody else took it since
            out.emplace_back(
                take.getColumn(0).getString(), take.getColumn(1).getString(), take.getColumn(2).getString());
        }
    }
    forget_old_letters(now);
    transaction.commit();
    return out;
}

protocol::WaitingLetters SessionTable::waiting_letters(std::string const& session, core::SystemTime now) {
    SQLite::Statement row(database_,
                          "SELECT count(*), coalesce(sum(bytes), 0), coalesce(sum(session = ?), 0) "
                          "FROM session_letter WHERE left_at > ?");
    row.bind(1, session);
    row.bind(2, to_column(now - protocol::kLetterLifetime));
    row.executeStep();
    protocol::WaitingLetters waiting;
    waiting.all = static_cast<std::size_t>(row.getColumn(0).getInt64());
    waiting.bytes = static_cast<std::size_t>(row.getColumn(1).getInt64());
    waiting.of_session = static_cast<std::size_t>(row.getColumn(2).getInt64());
    return waiting;
}

void SessionTable::forget_expired(char const* table, core::SystemTime now, std::size_t at_most) {
    std::string const name(table);
    SQLite::Statement statement(database_,
                                "DELETE FROM " + name + " WHERE rowid IN (SELECT rowid FROM " + name +
                                    " WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)");
    statement.bind(1, to_column(now));
    statement.bind(2, static_cast<std::int64_t>(at_most));
    statement.exec();
}

void SessionTable::forget_old_letters(core::SystemTime now) {
    SQLite::Statement statement(
        database_,
        "DELETE FROM session_letter WHERE id IN (SELECT id FROM (SELECT id, left_at FROM "
        "session_letter ORDER BY id LIMIT ?) WHERE left_at <= ?)");
    statement.bind(1, static_cast<std::int64_t>(kForgottenPerWrite));
    statement.bind(2, to_column(now - protocol::kLetterLifetime));
    statement.exec();
}

} // namespace server
