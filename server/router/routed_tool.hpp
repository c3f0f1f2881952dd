#pragma once

#include "core/clock.hpp"
#include "core/task_group.hpp"
#include "protocol/tool.hpp"
#include "server/config/limits.hpp"
#include "server/router/organization_directory.hpp"
#include "server/router/sign_in_links.hpp"
#include "server/store/audit.hpp"
#include "server/tools/call_scope.hpp"

#include <memory>

namespace server {

/// What every routed tool shares. Referents outlive the tools.
class RoutedToolEnvironment {
public:
    RoutedToolEnvironment(OrganizationDirectory& directory_,
                          WriteGuard& writes_,
                          core::TaskGroup& running_writes_,
                          Limits const& limits_,
                          bool read_only_)
        : directory(directory_), writes(writes_), running_writes(running_writes_), limits(limits_),
          read_only(read_only_) {}

    OrganizationDirectory& directory;
    WriteGuard& writes;
    core::TaskGroup& running_writes; ///< writes finish here even when their caller has gone
    Limits const& limits;
    bool read_only;                     ///< tools.read_only of the configuration
    SignInLinks* sign_in = nullptr;     ///< where people can sign in from within a call; nullptr = nowhere
    AuditLog* audit = nullptr;          ///< where writes are recorded; nullptr = nowhere
    bool mask_secrets = true;           ///< tools.mask_secrets of the configuration
    core::Clock const* clock = nullptr; ///< for the deadlines of tools; nullptr = those of calls alone
    BlobCache* blobs = nullptr;         ///< texts of files; nullptr = none are kept
};

/// Adapts a tool of one organization to the protocol: resolves `organization`, checks role, read-only and the
/// project allow-list, hands over a ready scope, words errors, and adds `_meta["ado-mcpd/identity"]`. Before
/// a write it asks what the tool's plan lacks and, for connectors with confirm_writes, for a yes; where a
/// connector needs a sign-in it asks for that.
std::unique_ptr<protocol::ToolHandler> make_routed_tool(std::unique_ptr<OrganizationTool> tool,
                                                        RoutedToolEnvironment const& env);

/// `list_organizations`: the connectors, how they stand and what each may do, as many as an answer holds and
/// a cursor for the rest. No upstream request.
std::unique_ptr<protocol::ToolHandler>
make_list_organizations_tool(OrganizationDirectory& directory, Limits const& limits, bool read_only);

} // namespace server
