#pragma once

#include "core/result.hpp"
#include "server/store/audit.hpp"
#include "server/store/audit_keys.hpp"
#include "server/store/audit_table.hpp"
#include "server/store/database.hpp"

#include <optional>

namespace server {

/// The audit's rows, read, written and walked. On the store's thread.

std::optional<AuditHead> read_audit_head(SQLite::Database& database);
void insert_audit_record(SQLite::Database& database, AuditRecord const& record);
AuditPage list_audit_records(SQLite::Database& database, AuditQuery const& query);
/// In a read transaction of the caller's.
AuditReport verify_audit_chain(SQLite::Database& database, AuditKeys const& keys);

} // namespace server
