#pragma once

#include "auth/credential_observer.hpp"
#include "auth/credential_stores.hpp"
#include "core/call_context.hpp"
#include "core/principal.hpp"
#include "core/result.hpp"
#include "core/task.hpp"
#include "protocol/tool.hpp"
#include "server/store/audit.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace server {

/// What providers tell, into the audit: refusals, and tokens of managed identities (renewals of a sign-in are
/// recorded by the store, and a PAT is not renewed). `log` outlives it.
std::unique_ptr<auth::CredentialObserver> make_credential_audit(AuditLog& log);

/// Sign-ins, and whom their grants are stored for.
class SignInAudit {
public:
    /// `desk` may be nullptr: then nothing is recorded.
    explicit SignInAudit(AuditDesk* desk) : desk_(desk) {}

    /// `way`: browser, device code.
    void started(std::string const& organization,
                 std::string const& principal,
                 std::string_view way,
                 std::string const& request_id) const;
    /// `identity`: who signed in, or why nobody did.
    void ended(core::Result<std::string> const& identity,
               std::string const& organization,
               std::string const& principal,
               std::string const& request_id) const;
    /// Stores the grant as done for this principal; without a desk through `grants`. The references outlive
    /// the task.
    core::Task<core::Result<void>> save(auth::GrantStore& grants,
                                        std::string organization,
                                        auth::OAuthGrant& grant,
                                        std::string principal,
                                        std::string request_id) const;

private:
    void note(AuditEvent event, std::string const& organization) const;

    AuditDesk* desk_;
};

/// One write by a tool: recorded before it is sent, and again with what came of it.
class WriteAudit {
public:
    /// `log` may be nullptr: then nothing is recorded. It outlives this object.
    WriteAudit(AuditLog* log, std::string organization, std::string tool, AuditActor actor)
        : log_(log), organization_(std::move(organization)), tool_(std::move(tool)),
          actor_(std::move(actor)) {}

    /// Durable when the task completes. When it fails nothing may be sent.
    core::Task<core::Result<void>> attempted(std::string method, std::string identity);
    /// A failure to record it is logged: the write has happened.
    core::Task<void> ended(core::Result<protocol::ToolResult> const& result, core::CallTrace const& trace);

private:
    AuditLog* log_;
    std::string organization_;
    std::string tool_;
    AuditActor actor_;
};

} // namespace server
