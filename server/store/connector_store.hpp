#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/task.hpp"
#include "server/store/audit.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace server {

/// A connector or a knowledge source made through the API. What it says is a JSON object (`document`), which
/// the router reads and writes; the store only keeps names and organizations apart.
class StoredDocument {
public:
    StoredDocument(std::string name_, std::string organization_, std::string document_)
        : name(std::move(name_)), organization(std::move(organization_)), document(std::move(document_)) {}
    std::string name;         ///< unique without regard to case
    std::string organization; ///< canonical, lower case; of a connector unique
    std::string document;
    std::int64_t generation = 0; ///< raised by the store with every write
    core::SystemTime created_at{};
    core::SystemTime updated_at{};
};

/// A managed identity attached to an organization. It holds no secret: the platform knows it.
class StoredIdentity {
public:
    explicit StoredIdentity(std::string organization_) : organization(std::move(organization_)) {}
    std::string organization; ///< canonical, lower case
    std::string client_id;    ///< of the user-assigned identity, at most one of the three; none =
    std::string object_id;    ///< system-assigned
    std::string resource_id;
    std::string federated_client_id; ///< both or neither
    std::string federated_tenant_id;
    core::SystemTime stored_at{};
    std::int64_t generation = 0;
};

/// A stored PAT was seen to work in more than its own organization. Holds for that generation of the PAT.
class PatReach {
public:
    PatReach(std::string organization_, std::int64_t generation_)
        : organization(std::move(organization_)), generation(generation_) {}
    std::string organization;
    std::int64_t generation;
};

/// What a write expects to find.
class Precondition {
public:
    /// Whatever is there.
    static Precondition any() { return {}; }
    /// Nothing under this name.
    static Precondition absent() { return Precondition(0); }
    /// That generation, and no other.
    static Precondition generation(std::int64_t value) { return Precondition(value); }

    bool holds(std::int64_t found) const noexcept { return !wanted_ || *wanted_ == found; }

private:
    Precondition() = default;
    explicit Precondition(std::int64_t wanted) : wanted_(wanted) {}
    std::optional<std::int64_t> wanted_;
};

/// Connectors, knowledge sources and managed identities that came through the API. Writes are durable when
/// their task completes, and each is one transaction that also checks its precondition and audits the change
/// as `actor`'s: a failed one is
/// `conflict` with code `precondition_failed`; a name or organization taken meanwhile by another process is
/// `conflict` with code `connector_name_taken`, `connector_organization_taken` or `source_name_taken`; a new
/// one beyond `most` is `overloaded` with code `store_limit_reached`.
class ConnectorStore {
public:
    virtual ~ConnectorStore() = default;

    virtual core::Task<core::Result<std::vector<StoredDocument>>> list_connectors() = 0;
    /// Answers the record as it was written. Inserts, or replaces the one of the same name.
    virtual core::Task<core::Result<StoredDocument>>
    save_connector(StoredDocument record, Precondition expected, std::size_t most, AuditActor actor) = 0;
    /// With every credential stored for its organization (grant, PAT, managed identity), in one transaction.
    /// False when there is no such connector.
    virtual core::Task<core::Result<bool>>
    remove_connector(std::string name, Precondition expected, AuditActor actor) = 0;

    virtual core::Task<core::Result<std::vector<StoredDocument>>> list_sources() = 0;
    virtual core::Task<core::Result<StoredDocument>>
    save_source(StoredDocument record, Precondition expected, std::size_t most, AuditActor actor) = 0;
    virtual core::Task<core::Result<bool>>
    remove_source(std::string name, Precondition expected, AuditActor actor) = 0;

    virtual core::Task<core::Result<std::vector<StoredIdentity>>> list_identities() = 0;
    /// `known_as`: who the organization says it is.
    virtual core::Task<core::Result<StoredIdentity>>
    save_identity(StoredIdentity record, std::string known_as, AuditActor actor) = 0;
    virtual core::Task<core::Result<bool>> remove_identity(std::string organization, AuditActor actor) = 0;

    virtual core::Task<core::Result<void>> save_reach(PatReach reach) = 0;
    virtual core::Task<core::Result<std::vector<PatReach>>> list_reaches() = 0;
};

} // namespace server
