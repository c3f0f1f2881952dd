#pragma once

#include "ado/client.hpp"
#include "core/call_context.hpp"
#include "core/principal.hpp"
#include "core/task.hpp"
#include "protocol/tool.hpp"
#include "server/config/limits.hpp"
#include "server/tools/write_guard.hpp"
#include "server/tools/write_plan.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace server {

class BlobCache; // server/tools/blob_cache.hpp

/// What a tool may do in one organization. The router has checked what can be checked before the call; a
/// project or a repository that only turns up in an upstream answer is checked with allows_….
class ConnectorPolicy {
public:
    std::vector<std::string> projects;     ///< allow-list, empty = all; compared without case
    std::vector<std::string> repositories; ///< the same: NAME, or PROJECT/NAME
    std::vector<std::string> wikis;        ///< the same
    bool read_only = false;
    std::string default_project;
    bool confirm_writes = false; ///< a person says yes to each write first
    bool mark_writes = false;    ///< a tag on each item made, by which a lost one is found
    /// Who may have a person sign in from within a call, where the connector needs it.
    core::Role sign_in_role = core::Role::administrator;
    bool allows_project(std::string_view project) const noexcept;
    /// `project` is empty where it is not known.
    bool allows_repository(std::string_view project, std::string_view repository) const;
    bool allows_wiki(std::string_view project, std::string_view wiki) const;
};

/// The ready context the router hands to a tool: client, policy, budget. Everything in it outlives the call.
class CallScope {
public:
    CallScope(std::string const& organization_,
              ado::Client& client_,
              ConnectorPolicy const& policy_,
              WriteGuard& writes_,
              Limits const& limits_,
              protocol::ToolCall const& call_)
        : organization(organization_), client(client_), policy(policy_), writes(writes_), limits(limits_),
          call(call_), caller(call_.caller), ctx(call_.ctx) {}

    std::string const& organization;
    ado::Client& client;
    ConnectorPolicy const& policy;
    WriteGuard& writes;
    Limits const& limits;
    protocol::ToolCall const& call; ///< the MCP side: answers of the client's, progress, the task
    core::Principal const& caller;
    core::CallContext const& ctx;
    bool mask_secrets = true;   ///< tools.mask_secrets of the configuration
    BlobCache* blobs = nullptr; ///< nullptr: nothing is kept
};

/// A tool that works in one organization. The router adapts it to protocol::ToolHandler: it resolves
/// `organization`, checks role, read-only and the project allow-list, and adds `_meta["ado-mcpd/identity"]`.
/// An Error returned becomes a result with isError, worded by error_surface.
class OrganizationTool {
public:
    virtual ~OrganizationTool() = default;
    virtual protocol::ToolDescriptor const& descriptor() const noexcept = 0;
    /// The organization (name, key or URL) of a call that names none, where its arguments tell. By default
    /// they do not.
    virtual std::optional<std::string> implied_organization(core::Json const& /*args*/) const {
        return std::nullopt;
    }
    /// `args`: validated against the input schema, `organization` included if it was given. May run
    /// concurrently.
    virtual core::Task<core::Result<protocol::ToolResult>> run(core::Json const& args,
                                                               CallScope const& scope) = 0;
    /// Whether one call may be about several organizations, where it names none.
    virtual bool spans_organizations() const noexcept { return false; }
    /// The same over several organizations, side by side; each scope has a context of its own, whose trace
    /// says who answered. `notes` are about organizations that are left out. One that fails is said in a
    /// note; only when all fail that is an error. Only called where spans_organizations().
    virtual core::Task<core::Result<protocol::ToolResult>>
    run_over(core::Json const& args, std::vector<CallScope> const& scopes, std::vector<std::string> notes);
    /// For tools that write: settles what is missing and says what run() will write, without writing. Called
    /// before each run(), which then gets the plan's arguments. By default nothing is missing and the
    /// arguments speak for themselves.
    virtual core::Task<core::Result<WritePlan>> plan(core::Json const& args, CallScope const& scope);
};

} // namespace server
