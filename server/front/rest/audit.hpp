#pragma once

#include "core/clock.hpp"
#include "core/json.hpp"
#include "server/front/routes.hpp"
#include "server/store/audit.hpp"

#include <cstddef>

namespace server {

/// `GET /api/v1/audit` for administrators: newest first. Query: `organization`, `event` (`credential.stored`,
/// or `credential` for all of them), `since` (a date, a time, or a span back from now), `limit` (at most
/// 1000), `cursor` (of the answer before).
class AuditRoutes {
public:
    /// `page`: records of an answer that asks for no number. The others outlive it.
    AuditRoutes(AuditLog& log, core::Clock& clock, std::size_t page)
        : log_(log), clock_(clock), page_(page) {}
    /// This object outlives `routes`' use.
    void add_to(RouteTable& routes);

private:
    core::Task<HttpReply> list(InboundRequest& request, core::CallContext const& ctx);

    AuditLog& log_;
    core::Clock& clock_;
    std::size_t page_;
};

/// A record as the API and the command line show it; members without a value are left out.
core::Json audit_record_json(AuditRecord const& record);

} // namespace server
