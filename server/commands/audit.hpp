#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace server {

class AuditOptions {
public:
    std::optional<std::string> config;
    std::string organization; ///< only of this one
    std::string event;        ///< `credential.stored`, or `credential` for all of them
    std::string since;        ///< 2027-03-01, 2027-03-01T12:00:00Z, or a span back from now as 7d
    std::size_t limit = 100;  ///< records; 0 = all
    bool json = false;
};

/// Records, newest first.
int run_audit_list(AuditOptions const& options);
/// Exit 0 when every record holds; 1 names the first that does not.
int run_audit_verify(AuditOptions const& options);

} // namespace server
