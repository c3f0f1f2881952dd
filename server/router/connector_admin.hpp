#pragma once

#include "core/call_context.hpp"
#include "core/clock.hpp"
#include "core/json.hpp"
#include "core/result.hpp"
#include "core/task.hpp"
#include "server/router/connector.hpp"
#include "server/router/credential_admin.hpp"
#include "server/router/leg_report.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace server {

/// If-Match and If-None-Match of a request, taken apart (RFC 9110 §13.1).
class WriteCondition {
public:
    WriteCondition() = default;

    bool says_match = false;        ///< If-Match was there
    bool any = false;               ///< If-Match: *
    std::vector<std::string> etags; ///< the strong ones of If-Match, with their quotes
    bool must_be_new = false;       ///< If-None-Match: *
    bool matches(std::string const& etag) const;
};

/// A connector as the API shows it. Never a secret.
class ConnectorView {
public:
    explicit ConnectorView(std::string name_) : name(std::move(name_)) {}
    std::string name;
    std::string organization; ///< canonical name
    std::string url;          ///< of the organization
    ConnectorOrigin origin = ConnectorOrigin::credential;
    std::string etag;                           ///< of what it says, not of how it stands
    core::Json settings = core::Json::object(); ///< as read_connector_document reads them
    ConnectorStatus status;
    std::vector<CredentialMethodStatus> methods;
    std::vector<std::string> knowledge_sources;
    std::vector<std::string> notes;
    std::optional<core::SystemTime> created_at;
    std::optional<core::SystemTime> updated_at;
    bool created = false; ///< by the call that answers with it
};

/// Managing connectors, as the REST API and the commands need it; implemented below the front. Names compare
/// without case; changes are audited as `caller`'s. `not_found` (code connector_not_found) for a name that is
/// none; `conflict` with code `connector_declared` for a change of a declared one, `precondition_failed` and
/// `precondition_required` as WriteCondition asks. The context outlives the task.
class ConnectorAdmin {
public:
    virtual ~ConnectorAdmin() = default;

    virtual core::Task<core::Result<std::vector<ConnectorView>>> list(core::CallContext const& ctx) = 0;
    virtual core::Task<core::Result<ConnectorView>> get(std::string name, core::CallContext const& ctx) = 0;
    /// Makes it, or replaces what it says. A change of an existing one needs If-Match; what changes nothing
    /// does not.
    virtual core::Task<core::Result<ConnectorView>> put(std::string name,
                                                        core::Json document,
                                                        WriteCondition condition,
                                                        core::Principal caller,
                                                        core::CallContext const& ctx) = 0;
    /// JSON Merge Patch (RFC 7396): null gives a member its default. Needs If-Match.
    virtual core::Task<core::Result<ConnectorView>> patch(std::string name,
                                                          core::Json changes,
                                                          WriteCondition condition,
                                                          core::Principal caller,
                                                          core::CallContext const& ctx) = 0;
    /// With every credential stored for its organization; answers its name.
    virtual core::Task<core::Result<std::string>> remove(std::string name,
                                                         WriteCondition condition,
                                                         core::Principal caller,
                                                         core::CallContext const& ctx) = 0;
    /// Walks every leg to the organization.
    virtual core::Task<core::Result<LegReport>> test(std::string name, core::CallContext const& ctx) = 0;
};

} // namespace server
