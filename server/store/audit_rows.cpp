#include "server/store/audit_rows.hpp"

#include "core/crypto/digest.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>

namespace server {
namespace {

constexpr std::size_t kHashBytes = 32;
constexpr std::size_t kMostRecords = 1000; ///< of one page

constexpr char kColumns[] = "SELECT sequence, at, event, outcome, principal_id, principal_name, "
                            "correlation_id, organization, method, "
                            "identity, error_code, subject, fingerprint, key_id, hash FROM audit ";

constexpr std::array kOutcomes{AuditOutcome::attempted,
                               AuditOutcome::done,
                               AuditOutcome::refused,
                               AuditOutcome::failed,
                               AuditOutcome::unknown};

AuditOutcome outcome_of(std::string_view text) noexcept {
    for (AuditOutcome const outcome : kOutcomes) {
        if (text == to_string(outcome)) {
            return outcome;
        }
    }
    return AuditOutcome::unknown;
}

AuditRecord read_record(SQLite::Statement& row) {
    AuditEvent event(row.getColumn(2).getString(), outcome_of(row.getColumn(3).getString()));
    event.actor.id = row.getColumn(4).getString();
    event.actor.name = row.getColumn(5).getString();
    event.actor.correlation_id = row.getColumn(6).getString();
    event.organization = row.getColumn(7).getString();
    event.method = row.getColumn(8).getString();
    event.identity = row.getColumn(9).getString();
    event.error_code = row.getColumn(10).getString();
    event.subject = row.getColumn(11).getString();
    event.fingerprint = row.getColumn(12).getString();
    AuditRecord record(
        row.getColumn(0).getInt64(), time_from_column(row.getColumn(1).getInt64()), std::move(event));
    record.key_id = row.getColumn(13).getString();
    record.hash = std::string(blob_of(row.getColumn(14)));
    return record;
}

void put(std::string& out, std::string_view part) {
    out.append(std::to_string(part.size())).append(":").append(part);
}

/// Why a record does not hold where it stands; empty = it does.
std::string fault_of(AuditRecord const& record,
                     std::int64_t expected,
                     std::string const& previous,
                     AuditKeys const& keys) {
    if (record.sequence != expected) {
        return expected + 1 == record.sequence ? "record " + std::to_string(expected) + " is missing"
                                               : "records " + std::to_string(expected) + " to " +
                                                     std::to_string(record.sequence - 1) + " are missing";
    }
    auto const key = keys.find(record.key_id);
    if (!key) {
        return "its key " + record.key_id + " is not available";
    }
    if (!core::constant_time_equal(key->link(previous, canonical_audit_record(record)), record.hash)) {
        return "it was changed, or stands in another place than it was written in";
    }
    if (record.event.event == audit_event::kAuditDamaged) {
        return "the log was found damaged before it: " + record.event.subject;
    }
    return {};
}

} // namespace

std::string_view to_string(AuditOutcome outcome) noexcept {
    switch (outcome) {
    case AuditOutcome::attempted:
        return "attempted";
    case AuditOutcome::done:
        return "done";
    case AuditOutcome::refused:
        return "refused";
    case AuditOutcome::failed:
        return "failed";
    case AuditOutcome::unknown:
        break;
    }
    return "unknown";
}

std::string audit_chain_start() {
    return std::string(kHashBytes, '\0');
}

std::string AuditHead::sealed_part() const {
    std::string out;
    put(out, std::to_string(first));
    put(out, first_previous);
    put(out, std::to_string(last));
    put(out, last_hash);
    put(out, key_id);
    return out;
}

/// Every field with its length in front, so that no two records run together to the same bytes.
std::string canonical_audit_record(AuditRecord const& record) {
    AuditEvent const& event = record.event;
    std::string out = "1";
    put(out, std::to_string(record.sequence));
    put(out, std::to_string(to_column(record.at)));
    for (std::string_view const part : {std::string_view(event.event),
                                        to_string(event.outcome),
                                        std::string_view(event.actor.id),
                                        std::string_view(event.actor.name),
                                        std::string_view(event.actor.correlation_id),
                                        std::string_view(event.organization),
                                        std::string_view(event.method),
                                        std::string_view(event.identity),
                                        std::string_view(event.error_code),
                                        std::string_view(event.subject),
                                        std::string_view(event.fingerprint),
                                        std::string_view(record.key_id)}) {
        put(out, part);
    }
    return out;
}

std::optional<AuditHead> read_audit_head(SQLite::Database& database) {
    SQLite::Statement row(
        database, "SELECT first, first_previous, last, last_hash, key_id, mac FROM audit_head WHERE id = 1");
    if (!row.executeStep()) {
        return std::nullopt;
    }
    AuditHead head;
    head.first = row.getColumn(0).getInt64();
    head.first_previous = std::string(blob_of(row.getColumn(1)));
    head.last = row.getColumn(2).getInt64();
    head.last_hash = std::string(blob_of(row.getColumn(3)));
    head.key_id = row.getColumn(4).getString();
    head.mac = std::string(blob_of(row.getColumn(5)));
    return head;
}

void insert_audit_record(SQLite::Database& database, AuditRecord const& record) {
    AuditEvent const& event = record.event;
    SQLite::Statement statement(database,
                                "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    statement.bind(1, record.sequence);
    statement.bind(2, to_column(record.at));
    statement.bind(3, event.event);
    statement.bind(4, std::string(to_string(event.outcome)));
    statement.bind(5, event.actor.id);
    statement.bind(6, event.actor.name);
    statement.bind(7, event.actor.correlation_id);
    statement.bind(8, event.organization);
    statement.bind(9, event.method);
    statement.bind(10, event.identity);
    statement.bind(11, event.error_code);
    statement.bind(12, event.subject);
    statement.bind(13, event.fingerprint);
    statement.bind(14, record.key_id);
    bind_blob(statement, 15, record.hash);
    statement.exec();
}

AuditPage list_audit_records(SQLite::Database& database, AuditQuery const& query) {
    std::size_t const limit = std::min(std::max<std::size_t>(query.limit, 1), kMostRecords);
    SQLite::Statement row(database,
                          std::string(kColumns) +
                              "WHERE (?1 = '' OR organization = ?1) "
                              "AND (?2 = '' OR event = ?2 OR substr(event, 1, length(?2) + 1) = ?2 || '.') "
                              "AND at >= ?3 AND sequence < ?4 ORDER BY sequence DESC LIMIT ?5");
    row.bind(1, query.organization);
    row.bind(2, query.event);
    row.bind(3, query.since ? to_column(*query.since) : std::numeric_limits<std::int64_t>::min());
    row.bind(4, query.before.value_or(std::numeric_limits<std::int64_t>::max()));
    row.bind(5, static_cast<std::int64_t>(limit + 1)); // one more tells whether there is more
    AuditPage page;
    while (row.executeStep()) {
        if (page.records.size() == limit) {
            page.before = page.records.back().sequence;
            break;
        }
        page.records.push_back(read_record(row));
    }
    return page;
}

AuditReport verify_audit_chain(SQLite::Database& database, AuditKeys const& keys) {
    AuditReport report;
    std::optional<AuditHead> const head = read_audit_head(database);
    std::string head_fault;
    if (!head) {
        head_fault = "the head row is missing";
    } else if (auto const key = keys.find(head->key_id); !key) {
        head_fault = "the key " + head->key_id + " of the head row is not available";
    } else if (!core::constant_time_equal(key->seal_head(head->sealed_part()), head->mac)) {
        head_fault = "the head row was changed";
    }
    SQLite::Statement row(database, std::string(kColumns) + "ORDER BY sequence");
    std::string previous = head ? head->first_previous : audit_chain_start();
    std::int64_t expected = head ? head->first : 1;
    report.first = expected;
    while (row.executeStep()) {
        AuditRecord const record = read_record(row);
        // A word for the outcome that is none of ours would be read as another one.
        bool const worded = row.getColumn(3).getString() == to_string(record.event.outcome);
        std::string fault = worded ? fault_of(record, expected, previous, keys) : "it was changed";
        if (!fault.empty() && report.problem.empty()) {
            report.broken_at = record.sequence;
            report.problem = "record " + std::to_string(record.sequence) + ": " + std::move(fault);
        }
        ++report.records;
        report.last = record.sequence;
        expected = record.sequence + 1;
        previous = record.hash;
    }
    if (!report.problem.empty()) {
        return report;
    }
    if (!head_fault.empty()) {
        report.problem = std::move(head_fault);
    } else if (head->last != expected - 1 || head->last_hash != previous) {
        report.broken_at = expected;
        report.problem = "the log ends with record " + std::to_string(expected - 1) + ", its head says " +
                         std::to_string(head->last) + ": records at the end were removed or added";
    }
    return report;
}

} // namespace server
