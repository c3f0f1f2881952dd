#pragma once

#include "core/clock.hpp"
#include "server/store/audit.hpp"
#include "server/store/audit_table.hpp"
#include "server/store/store_thread.hpp"

namespace server {

/// The store's audit log: every call is a job for its thread.
class StoredAudit final : public AuditLog {
public:
    StoredAudit(core::Clock& clock, StoreThread& thread, AuditTable& table)
        : clock_(clock), thread_(thread), table_(table) {}

    core::Task<core::Result<std::int64_t>> append(AuditEvent event) override;
    void note(AuditEvent event) override;
    std::string fingerprint(core::Secret const& secret) const override { return table_.fingerprint(secret); }
    core::Task<core::Result<AuditPage>> list(AuditQuery query) override;
    core::Task<core::Result<AuditReport>> verify() override;
    core::Task<core::Result<std::size_t>> prune(core::SystemTime before) override;

private:
    core::Clock& clock_;
    StoreThread& thread_;
    AuditTable& table_; ///< on the store's thread
};

} // namespace server
