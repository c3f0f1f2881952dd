#pragma once

#include "core/clock.hpp"
#include "server/store/connector_store.hpp"
#include "server/store/connector_table.hpp"
#include "server/store/store_thread.hpp"

namespace server {

/// ConnectorStore on SQLite. Referents outlive it.
class StoredConnectors final : public ConnectorStore {
public:
    StoredConnectors(core::Clock& clock, StoreThread& thread, SQLite::Database& database, AuditTable& audit)
        : clock_(clock), thread_(thread), table_(database, audit) {}

    core::Task<core::Result<std::vector<StoredDocument>>> list_connectors() override;
    core::Task<core::Result<StoredDocument>>
    save_connector(StoredDocument record, Precondition expected, std::size_t most, AuditActor actor) override;
    core::Task<core::Result<bool>>
    remove_connector(std::string name, Precondition expected, AuditActor actor) override;
    core::Task<core::Result<std::vector<StoredDocument>>> list_sources() override;
    core::Task<core::Result<StoredDocument>>
    save_source(StoredDocument record, Precondition expected, std::size_t most, AuditActor actor) override;
    core::Task<core::Result<bool>>
    remove_source(std::string name, Precondition expected, AuditActor actor) override;
    core::Task<core::Result<std::vector<StoredIdentity>>> list_identities() override;
    core::Task<core::Result<StoredIdentity>>
    save_identity(StoredIdentity record, std::string known_as, AuditActor actor) override;
    core::Task<core::Result<bool>> remove_identity(std::string organization, AuditActor actor) override;
    core::Task<core::Result<void>> save_reach(PatReach reach) override;
    core::Task<core::Result<std::vector<PatReach>>> list_reaches() override;

private:
    core::Clock& clock_;
    StoreThread& thread_;
    ConnectorTable table_;
};

} // namespace server
