#include "server/router/audit_notes.hpp"

#include "core/json.hpp"
#include "core/log.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace server {
namespace {

AuditEvent event_of(std::string_view name, AuditOutcome outcome, auth::CredentialNews const& news) {
    AuditActor actor;
    actor.correlation_id = news.activity_id;
    AuditEvent event(name, outcome, std::move(actor));
    event.organization = news.organization;
    event.method = news.method;
    event.identity = news.identity;
    event.error_code = news.error_code;
    return event;
}

class CredentialAudit final : public auth::CredentialObserver {
public:
    explicit CredentialAudit(AuditLog& log) : log_(log) {}

    void on_credential_used(auth::CredentialNews const& news) override {
        if (news.method == "managed_identity") {
            log_.note(event_of(audit_event::kCredentialRefreshed, AuditOutcome::done, news));
        }
    }
    void on_credential_refused(auth::CredentialNews const& news) override {
        log_.note(event_of(audit_event::kCredentialRefused, AuditOutcome::refused, news));
    }

private:
    AuditLog& log_;
};

AuditOutcome outcome_of(core::Error const& error) {
    if (error.code() == "outcome_unknown" || error.kind() == core::ErrorKind::cancelled) {
        return AuditOutcome::unknown;
    }
    bool const refused =
        error.kind() == core::ErrorKind::unauthorized || error.kind() == core::ErrorKind::forbidden;
    return refused ? AuditOutcome::refused : AuditOutcome::failed;
}

/// ` 42` for the item that was written; nothing when the answer names none.
std::string item_of(core::Json const& structured) {
    auto const id = structured.is_object() ? structured.find("id") : structured.end();
    bool const named = structured.is_object() && id != structured.end() && id->is_number_integer();
    return named ? " " + std::to_string(id->get<std::int64_t>()) : std::string();
}

} // namespace

std::unique_ptr<auth::CredentialObserver> make_credential_audit(AuditLog& log) {
    return std::make_unique<CredentialAudit>(log);
}

void SignInAudit::note(AuditEvent event, std::string const& organization) const {
    // Names of organizations are the same whatever their case.
    event.organization = organization;
    std::transform(organization.begin(), organization.end(), event.organization.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    event.method = "oauth";
    desk_->audit().note(std::move(event));
}

void SignInAudit::started(std::string const& organization,
                          std::string const& principal,
                          std::string_view way,
                          std::string const& request_id) const {
    if (desk_ != nullptr) {
        AuditEvent event(
            audit_event::kSignInStarted, AuditOutcome::done, AuditActor(principal, "", request_id));
        event.subject = way;
        note(std::move(event), organization);
    }
}

void SignInAudit::ended(core::Result<std::string> const& identity,
                        std::string const& organization,
                        std::string const& principal,
                        std::string const& request_id) const {
    if (desk_ != nullptr) {
        AuditEvent event(identity ? audit_event::kSignInFinished : audit_event::kSignInFailed,
                         identity ? AuditOutcome::done : AuditOutcome::failed,
                         AuditActor(principal, "", request_id));
        event.identity = identity.value_or("");
        event.error_code = identity ? "" : identity.error().code();
        note(std::move(event), organization);
    }
}

core::Task<core::Result<void>> SignInAudit::save(auth::GrantStore& grants,
                                                 std::string organization,
                                                 auth::OAuthGrant& grant,
                                                 std::string principal,
                                                 std::string request_id) const {
    std::unique_ptr<CredentialStores> stores;
    if (desk_ != nullptr) {
        stores = desk_->acting_as(AuditActor(std::move(principal), "", std::move(request_id)));
    }
    auth::GrantStore& target = stores ? static_cast<auth::GrantStore&>(*stores) : grants;
    CO_TRY_VOID(co_await target.save_grant(std::move(organization), grant));
    co_return core::Result<void>();
}

core::Task<core::Result<void>> WriteAudit::attempted(std::string method, std::string identity) {
    if (log_ == nullptr) {
        co_return core::Result<void>();
    }
    AuditEvent event(audit_event::kToolWrite, AuditOutcome::attempted, actor_);
    event.organization = organization_;
    event.method = std::move(method);
    event.identity = std::move(identity);
    event.subject = tool_;
    CO_TRY_VOID(co_await log_->append(std::move(event)));
    co_return core::Result<void>();
}

core::Task<void> WriteAudit::ended(core::Result<protocol::ToolResult> const& result,
                                   core::CallTrace const& trace) {
    if (log_ == nullptr) {
        co_return;
    }
    AuditOutcome outcome = AuditOutcome::done;
    if (!result) {
        outcome = outcome_of(result.error());
    } else if (result->is_error) {
        outcome = AuditOutcome::failed;
    }
    AuditEvent event(audit_event::kToolWrite, outcome, actor_);
    event.organization = organization_;
    event.method = trace.method;
    event.identity = trace.identity;
    event.subject = tool_;
    if (result) {
        event.subject += item_of(result->structured);
    } else {
        event.error_code = result.error().code().empty() ? std::string(core::to_string(result.error().kind()))
                                                         : result.error().code();
    }
    auto const noted = co_await log_->append(std::move(event));
    if (!noted) {
        core::log::error("audit.append_failed",
                         {{"event", audit_event::kToolWrite}, {"reason", core::describe(noted.error())}});
    }
}

} // namespace server
