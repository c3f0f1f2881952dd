#pragma once

#include "core/result.hpp"
#include "server/store/audit_table.hpp"
#include "server/store/connector_store.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace server {

class DocumentKind;

/// Connectors, knowledge sources and attached identities, on the store's thread. A write is durable when the
/// function returns, and so is the audit's record of it: both are one transaction. What SQLite throws comes
/// out as it is.
class ConnectorTable {
public:
    ConnectorTable(SQLite::Database& database, AuditTable& audit) : database_(database), audit_(audit) {}

    core::Result<std::vector<StoredDocument>> list_connectors() { return list("connector"); }
    core::Result<StoredDocument> save_connector(StoredDocument record,
                                                Precondition const& expected,
                                                std::size_t most,
                                                AuditActor const& actor,
                                                core::SystemTime now);
    /// With the credentials of its organization, which the audit tells of.
    core::Result<bool> remove_connector(std::string const& name,
                                        Precondition const& expected,
                                        AuditActor const& actor,
                                        core::SystemTime now);

    core::Result<std::vector<StoredDocument>> list_sources() { return list("knowledge_source"); }
    core::Result<StoredDocument> save_source(StoredDocument record,
                                             Precondition const& expected,
                                             std::size_t most,
                                             AuditActor const& actor,
                                             core::SystemTime now);
    core::Result<bool> remove_source(std::string const& name,
                                     Precondition const& expected,
                                     AuditActor const& actor,
                                     core::SystemTime now);

    core::Result<std::vector<StoredIdentity>> list_identities();
    core::Result<StoredIdentity> save_identity(StoredIdentity record,
                                               std::string const& known_as,
                                               AuditActor const& actor,
                                               core::SystemTime now);
    core::Result<bool>
    remove_identity(std::string const& organization, AuditActor const& actor, core::SystemTime now);

    core::Result<void> save_reach(PatReach const& reach);
    core::Result<std::vector<PatReach>> list_reaches();

private:
    core::Result<std::vector<StoredDocument>> list(char const* table);
    core::Result<StoredDocument> save(DocumentKind const& kind,
                                      StoredDocument record,
                                      Precondition const& expected,
                                      std::size_t most,
                                      AuditActor const& actor,
                                      core::SystemTime now);

    SQLite::Database& database_;
    AuditTable& audit_;
};

} // namespace server
