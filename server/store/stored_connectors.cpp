#include "server/store/stored_connectors.hpp"

#include <utility>

namespace server {

core::Task<core::Result<std::vector<StoredDocument>>> StoredConnectors::list_connectors() {
    return thread_.run([this] { return table_.list_connectors(); });
}

core::Task<core::Result<StoredDocument>> StoredConnectors::save_connector(StoredDocument record,
                                                                          Precondition expected,
                                                                          std::size_t most,
                                                                          AuditActor actor) {
    return thread_.run([this, record = std::move(record), expected, most, actor = std::move(actor)] {
        return table_.save_connector(record, expected, most, actor, clock_.system_now());
    });
}

core::Task<core::Result<bool>>
StoredConnectors::remove_connector(std::string name, Precondition expected, AuditActor actor) {
    return thread_.run([this, name = std::move(name), expected, actor = std::move(actor)] {
        return table_.remove_connector(name, expected, actor, clock_.system_now());
    });
}

core::Task<core::Result<std::vector<StoredDocument>>> StoredConnectors::list_sources() {
    return thread_.run([this] { return table_.list_sources(); });
}

core::Task<core::Result<StoredDocument>> StoredConnectors::save_source(StoredDocument record,
                                                                       Precondition expected,
                                                                       std::size_t most,
                                                                       AuditActor actor) {
    return thread_.run([this, record = std::move(record), expected, most, actor = std::move(actor)] {
        return table_.save_source(record, expected, most, actor, clock_.system_now());
    });
}

core::Task<core::Result<bool>>
StoredConnectors::remove_source(std::string name, Precondition expected, AuditActor actor) {
    return thread_.run([this, name = std::move(name), expected, actor = std::move(actor)] {
        return table_.remove_source(name, expected, actor, clock_.system_now());
    });
}

core::Task<core::Result<std::vector<StoredIdentity>>> StoredConnectors::list_identities() {
    return thread_.run([this] { return table_.list_identities(); });
}

core::Task<core::Result<StoredIdentity>>
StoredConnectors::save_identity(StoredIdentity record, std::string known_as, AuditActor actor) {
    return thread_.run(
        [this, record = std::move(record), known_as = std::move(known_as), actor = std::move(actor)] {
            return table_.save_identity(record, known_as, actor, clock_.system_now());
        });
}

core::Task<core::Result<bool>> StoredConnectors::remove_identity(std::string organization, AuditActor actor) {
    return thread_.run([this, organization = std::move(organization), actor = std::move(actor)] {
        return table_.remove_identity(organization, actor, clock_.system_now());
    });
}

core::Task<core::Result<void>> StoredConnectors::save_reach(PatReach reach) {
    return thread_.run([this, reach = std::move(reach)] { return table_.save_reach(reach); });
}

core::Task<core::Result<std::vector<PatReach>>> StoredConnectors::list_reaches() {
    return thread_.run([this] { return table_.list_reaches(); });
}

} // namespace server
