#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "server/store/audit.hpp"
#include "server/store/audit_keys.hpp"
#include "server/store/database.hpp"
#include "server/store/live_key_ring.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace server {

/// Where the chain begins and ends: the one row that is changed, sealed so that records can neither be cut
/// off at its end nor at its beginning unseen.
class AuditHead {
public:
    std::int64_t first = 1;     ///< sequence of the oldest record kept
    std::string first_previous; ///< hash of the record before it; 32 zero bytes when there was none
    std::int64_t last = 0;
    std::string last_hash; ///< with no record kept the same as first_previous
    std::string key_id;
    std::string mac;

    /// What `mac` is over.
    std::string sealed_part() const;
};

/// The hash before the first record of all.
std::string audit_chain_start();
/// Everything of a record that its hash covers, save the hash before it.
std::string canonical_audit_record(AuditRecord const& record);

/// The audit log, on the store's thread. As in CredentialTables: durable when a function returns (append():
/// when the caller's transaction commits), SQLite's exceptions come out.
class AuditTable {
public:
    AuditTable(SQLite::Database& database, LiveKeyRing& keys, AuditKeys& audit_keys)
        : database_(database), keys_(keys), audit_keys_(audit_keys) {}

    /// Once, before anything else.
    core::Result<void> take_up(core::SystemTime now);

    /// In a write transaction of the caller's. A log found changed from outside is not continued as if
    /// nothing were: a record says so first, and verify() fails from then on.
    core::Result<std::int64_t> append(AuditEvent event, core::SystemTime now);
    /// In a transaction of its own.
    core::Result<std::int64_t> append_alone(AuditEvent event, core::SystemTime now);

    core::Result<AuditPage> list(AuditQuery const& query);
    core::Result<AuditReport> verify();
    core::Result<std::size_t> prune(core::SystemTime before, core::SystemTime now);

    std::string fingerprint(core::Secret const& secret) const { return audit_keys_.fingerprint(secret); }

private:
    std::optional<AuditHead> read_head();
    /// What is wrong with the head and the end it speaks of; empty = nothing.
    std::string examine(std::optional<AuditHead> const& head);
    AuditHead head_after_damage(std::optional<AuditHead> const& head);
    void write_head(AuditHead head, AuditKeys::Key const& key);
    void insert(AuditEvent event, core::SystemTime now, AuditHead& head, AuditKeys::Key const& key);
    std::size_t prune_batch(std::int64_t keep_from, AuditHead& head);

    SQLite::Database& database_;
    LiveKeyRing& keys_;
    AuditKeys& audit_keys_;
};

} // namespace server
