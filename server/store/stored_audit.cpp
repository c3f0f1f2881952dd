#include "server/store/stored_audit.hpp"

#include "core/log.hpp"

#include <utility>

namespace server {

core::Task<core::Result<std::int64_t>> StoredAudit::append(AuditEvent event) {
    return thread_.run(
        [this, event = std::move(event)] { return table_.append_alone(event, clock_.system_now()); });
}

void StoredAudit::note(AuditEvent event) {
    thread_.post([this, event = std::move(event)] {
        auto const noted = with_store_errors([&] { return table_.append_alone(event, clock_.system_now()); });
        if (!noted) {
            core::log::error("audit.append_failed",
                             {{"event", event.event}, {"reason", core::describe(noted.error())}});
        }
    });
}

core::Task<core::Result<AuditPage>> StoredAudit::list(AuditQuery query) {
    return thread_.run([this, query = std::move(query)] { return table_.list(query); });
}

core::Task<core::Result<AuditReport>> StoredAudit::verify() {
    return thread_.run([this] { return table_.verify(); });
}

core::Task<core::Result<std::size_t>> StoredAudit::prune(core::SystemTime before) {
    return thread_.run([this, before] { return table_.prune(before, clock_.system_now()); });
}

} // namespace server
