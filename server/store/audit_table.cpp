#include "server/store/audit_table.hpp"

#include "core/crypto/digest.hpp"
#include "core/log.hpp"
#include "server/store/audit_rows.hpp"

#include <algorithm>
#include <utility>

namespace server {
namespace {

constexpr std::size_t kTextBytes = 256;
/// Others wait for the database while one batch goes.
constexpr std::size_t kPruneBatch = 200;

/// Nothing that looks like a secret gets in, whatever a caller took for an identity or a name.
void tidy(std::string& text) {
    text = core::log::mask_secrets(text);
    if (text.size() > kTextBytes) {
        std::size_t end = kTextBytes;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
            --end; // not inside a character
        }
        text.resize(end);
    }
}

void tidy(AuditEvent& event) {
    for (std::string* text : {&event.event,
                              &event.actor.id,
                              &event.actor.name,
                              &event.actor.correlation_id,
                              &event.organization,
                              &event.method,
                              &event.identity,
                              &event.error_code,
                              &event.subject}) {
        tidy(*text);
    }
}

} // namespace

core::Result<void> AuditTable::take_up(core::SystemTime now) {
    ADOMCPD_TRY_VOID(audit_keys_.load(database_, keys_, now));
    if (read_head()) {
        return {};
    }
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    bool const has_records = database_.execAndGet("SELECT count(*) FROM audit").getInt64() != 0;
    bool const was_used =
        database_.execAndGet("SELECT count(*) FROM meta WHERE name = 'audit_began'").getInt64() != 0;
    // A log that had begun and lost its head is left as it is: the next append takes note of it.
    if (read_head() || has_records || was_used) {
        return {};
    }
    AuditHead head;
    head.first_previous = audit_chain_start();
    head.last_hash = head.first_previous;
    database_.exec("INSERT INTO meta VALUES ('audit_began', '1')");
    write_head(std::move(head), *audit_keys_.current());
    transaction.commit();
    return {};
}

std::optional<AuditHead> AuditTable::read_head() {
    return read_audit_head(database_);
}

void AuditTable::write_head(AuditHead head, AuditKeys::Key const& key) {
    head.key_id = key.id;
    head.mac = key.seal_head(head.sealed_part());
    SQLite::Statement statement(database_, "INSERT OR REPLACE INTO audit_head VALUES (1, ?, ?, ?, ?, ?, ?)");
    statement.bind(1, head.first);
    bind_blob(statement, 2, head.first_previous);
    statement.bind(3, head.last);
    bind_blob(statement, 4, head.last_hash);
    statement.bind(5, head.key_id);
    bind_blob(statement, 6, head.mac);
    statement.exec();
}

std::string AuditTable::examine(std::optional<AuditHead> const& head) {
    if (!head) {
        return "the head row is missing";
    }
    std::shared_ptr<AuditKeys::Key const> key = audit_keys_.find(head->key_id);
    if (!key) {
        // Another process may have made it, or taken up a ring that opens it.
        static_cast<void>(keys_.refresh());
        static_cast<void>(audit_keys_.reload(database_, keys_));
        key = audit_keys_.find(head->key_id);
    }
    if (!key) {
        return "the key " + head->key_id + " of the head row is not available";
    }
    if (!core::constant_time_equal(key->seal_head(head->sealed_part()), head->mac)) {
        return "the head row was changed";
    }
    SQLite::Statement row(database_, "SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1");
    bool const any = row.executeStep();
    std::int64_t const last = any ? row.getColumn(0).getInt64() : head->first - 1;
    std::string const hash(any ? blob_of(row.getColumn(1)) : std::string_view(head->first_previous));
    if (last != head->last || hash != head->last_hash) {
        return "the log ends with record " + std::to_string(last) + ", its head says " +
               std::to_string(head->last);
    }
    return {};
}

/// Goes on behind whatever is there, so that the gap stays to be seen.
AuditHead AuditTable::head_after_damage(std::optional<AuditHead> const& head) {
    AuditHead next = head.value_or(AuditHead());
    SQLite::Statement row(database_, "SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1");
    next.last_hash = audit_chain_start();
    if (row.executeStep()) {
        next.last = std::max(next.last, row.getColumn(0).getInt64());
        next.last_hash = std::string(blob_of(row.getColumn(1)));
    }
    if (!head) {
        next.first_previous = audit_chain_start();
    }
    return next;
}

void AuditTable::insert(AuditEvent event, core::SystemTime now, AuditHead& head, AuditKeys::Key const& key) {
    if (event.actor.name.empty()) {
        SQLite::Statement known(database_, "SELECT name FROM agent_token WHERE id = ?");
        known.bind(1, event.actor.id);
        if (known.executeStep()) {
            event.actor.name = known.getColumn(0).getString();
        }
    }
    tidy(event);
    AuditRecord record(head.last + 1, now, std::move(event));
    record.key_id = key.id;
    record.hash = key.link(head.last_hash, canonical_audit_record(record));
    insert_audit_record(database_, record);
    head.last = record.sequence;
    head.last_hash = record.hash;
}

core::Result<std::int64_t> AuditTable::append(AuditEvent event, core::SystemTime now) {
    std::optional<AuditHead> head = read_head();
    std::string problem = examine(head);
    std::shared_ptr<AuditKeys::Key const> const key = audit_keys_.current();
    if (!key) {
        return core::fail(
            core::Error(core::ErrorKind::internal, "no key of the audit log can be opened")
                .with_code("audit_key_missing")
                .with_fix("add the key the store was made with as a further line of the key file"));
    }
    if (!problem.empty()) {
        core::log::error("audit.damaged", {{"problem", problem}});
        head = head_after_damage(head);
        AuditEvent damage(audit_event::kAuditDamaged, AuditOutcome::failed);
        damage.error_code = "audit_damaged";
        damage.subject = std::move(problem);
        insert(std::move(damage), now, *head, *key);
    }
    insert(std::move(event), now, *head, *key);
    std::int64_t const sequence = head->last;
    write_head(std::move(*head), *key);
    return sequence;
}

core::Result<std::int64_t> AuditTable::append_alone(AuditEvent event, core::SystemTime now) {
    SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
    ADOMCPD_TRY(std::int64_t const sequence, append(std::move(event), now));
    transaction.commit();
    return sequence;
}

core::Result<AuditPage> AuditTable::list(AuditQuery const& query) {
    return list_audit_records(database_, query);
}

core::Result<AuditReport> AuditTable::verify() {
    SQLite::Transaction const snapshot(database_); // read only: it ends without a commit
    ADOMCPD_TRY_VOID(audit_keys_.reload(database_, keys_));
    return verify_audit_chain(database_, audit_keys_);
}

/// The oldest records before `keep_from`, at most kPruneBatch of them.
std::size_t AuditTable::prune_batch(std::int64_t keep_from, AuditHead& head) {
    std::int64_t const until = std::min(keep_from, head.first + static_cast<std::int64_t>(kPruneBatch));
    SQLite::Statement boundary(database_, "SELECT hash FROM audit WHERE sequence = ?");
    boundary.bind(1, until - 1);
    if (!boundary.executeStep()) {
        return 0;
    }
    head.first_previous = std::string(blob_of(boundary.getColumn(0)));
    boundary.reset();
    head.first = until;
    SQLite::Statement remove(database_, "DELETE FROM audit WHERE sequence < ?");
    remove.bind(1, until);
    return static_cast<std::size_t>(remove.exec());
}

core::Result<std::size_t> AuditTable::prune(core::SystemTime before, core::SystemTime now) {
    std::size_t removed = 0;
    for (;;) {
        SQLite::Transaction transaction(database_, SQLite::TransactionBehavior::IMMEDIATE);
        std::optional<AuditHead> head = read_head();
        std::string const problem = examine(head);
        std::shared_ptr<AuditKeys::Key const> const key = audit_keys_.current();
        if (!problem.empty() || !key) {
            // Nothing is removed from a log that does not hold: it is evidence.
            return core::fail(core::Error(core::ErrorKind::internal, "the audit log is damaged: " + problem)
                                  .with_code("audit_damaged")
                                  .with_fix("look at `ado-mcpd audit verify`"));
        }
        SQLite::Statement oldest(database_, "SELECT min(sequence) FROM audit WHERE at >= ?");
        oldest.bind(1, to_column(before));
        oldest.executeStep();
        std::int64_t const keep_from =
            oldest.getColumn(0).isNull() ? head->last + 1 : oldest.getColumn(0).getInt64();
        oldest.reset();
        std::int64_t const first = head->first;
        std::size_t const batch = first < keep_from ? prune_batch(keep_from, *head) : 0;
        if (batch == 0) {
            return removed;
        }
        AuditEvent event(audit_event::kAuditPruned, AuditOutcome::done);
        event.subject = "records " + std::to_string(first) + " to " + std::to_string(head->first - 1);
        insert(std::move(event), now, *head, *key);
        write_head(std::move(*head), *key);
        transaction.commit();
        removed += batch;
    }
}

} // namespace server
