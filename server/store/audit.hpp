#pragma once

#include "auth/credential_stores.hpp"
#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"
#include "core/task.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The record of what was done with credentials and written to organizations: who, as whom, to what end.
/// Append-only and chained: each record is authenticated together with the one before it, under a key that
/// lies in the store sealed by the key ring. Whoever can only write the file can neither change a record nor
/// cut the end off without `verify` finding it.
namespace server {

enum class AuditOutcome {
    attempted, ///< about to be done; another record says what came of it
    done,
    refused, ///< by the other side, for good
    failed,
    unknown, ///< may have had effect
};
std::string_view to_string(AuditOutcome outcome) noexcept;

/// What `event` says, `noun.verb`.
namespace audit_event {
inline constexpr std::string_view kCredentialStored = "credential.stored";
inline constexpr std::string_view kCredentialReplaced = "credential.replaced";
inline constexpr std::string_view kCredentialRefreshed = "credential.refreshed";
inline constexpr std::string_view kCredentialRemoved = "credential.removed";
inline constexpr std::string_view kCredentialRefused = "credential.refused";
inline constexpr std::string_view kConnectorCreated = "connector.created";
inline constexpr std::string_view kConnectorChanged = "connector.changed";
inline constexpr std::string_view kConnectorRemoved = "connector.removed";
inline constexpr std::string_view kSourceCreated = "source.created";
inline constexpr std::string_view kSourceChanged = "source.changed";
inline constexpr std::string_view kSourceRemoved = "source.removed";
inline constexpr std::string_view kSignInStarted = "sign_in.started";
inline constexpr std::string_view kSignInFinished = "sign_in.finished";
inline constexpr std::string_view kSignInFailed = "sign_in.failed";
inline constexpr std::string_view kTokenCreated = "token.created";
inline constexpr std::string_view kTokenRevoked = "token.revoked";
inline constexpr std::string_view kTokenRotated = "token.rotated";
inline constexpr std::string_view kKeyRotated = "key.rotated";
inline constexpr std::string_view kKeyDropped = "key.dropped";
inline constexpr std::string_view kStoreBackedUp = "store.backed_up";
inline constexpr std::string_view kToolWrite = "tool.write";
inline constexpr std::string_view kAuditPruned = "audit.pruned";
inline constexpr std::string_view kAuditDamaged = "audit.damaged"; ///< found changed from outside
} // namespace audit_event

/// Who is behind something; by default the daemon, of its own accord.
class AuditActor {
public:
    AuditActor() = default;
    AuditActor(std::string id_, std::string name_, std::string correlation_id_ = {})
        : id(std::move(id_)), name(std::move(name_)), correlation_id(std::move(correlation_id_)) {}

    std::string id = "daemon";  ///< of the principal
    std::string name;           ///< empty = that of the agent token with this id, where there is one
    std::string correlation_id; ///< of the request, else the upstream's
};

/// Texts are cut at 256 bytes and cleaned of anything shaped like a secret when they are written.
class AuditEvent {
public:
    AuditEvent(std::string_view event_, AuditOutcome outcome_, AuditActor actor_ = AuditActor())
        : event(event_), outcome(outcome_), actor(std::move(actor_)) {}

    std::string event;
    AuditOutcome outcome;
    AuditActor actor;
    std::string organization; ///< canonical name; empty where it concerns none
    std::string method;       ///< pat, oauth, managed_identity; a tool's name for writes stands in `subject`
    std::string identity;     ///< as whom, in the organization
    std::string error_code;
    /// What it was done to: a token's id, a key's id, `create_work_item 12`; of a connector or a source its
    /// name and, changed, the members that are not as they were: `contoso-prod: auth, projects`. Never their
    /// values.
    std::string subject;
    std::string fingerprint; ///< AuditLog::fingerprint() of the secret concerned
};

class AuditRecord {
public:
    AuditRecord(std::int64_t sequence_, core::SystemTime at_, AuditEvent event_)
        : sequence(sequence_), at(at_), event(std::move(event_)) {}

    std::int64_t sequence; ///< from 1, without gaps
    core::SystemTime at;
    AuditEvent event;
    std::string key_id; ///< of the key of `hash` and `fingerprint`
    std::string hash;   ///< 32 raw bytes
};

class AuditQuery {
public:
    std::string organization; ///< empty = all
    std::string
        event; ///< `credential.stored`, or `credential` for all that begin with `credential.`; empty = all
    std::optional<core::SystemTime> since;
    std::optional<std::int64_t> before; ///< only records with a lower sequence: where the page before ended
    std::size_t limit = 100;
};

class AuditPage {
public:
    std::vector<AuditRecord> records;   ///< newest first
    std::optional<std::int64_t> before; ///< for the next page; nullopt = this was the last
};

class AuditReport {
public:
    bool intact() const noexcept { return problem.empty(); }
    std::size_t records = 0;
    std::int64_t first = 0; ///< sequence of the oldest kept
    std::int64_t last = 0;
    std::optional<std::int64_t> broken_at; ///< the first record that does not hold
    std::string problem;                   ///< what is wrong there; empty = nothing
};

class AuditLog {
public:
    virtual ~AuditLog() = default;

    /// Durable when the task completes; the sequence it got. Several processes may append.
    virtual core::Task<core::Result<std::int64_t>> append(AuditEvent event) = 0;
    /// The same without waiting; a failure is logged. For what nobody is told of only after it is written.
    virtual void note(AuditEvent event) = 0;
    /// 16 hexadecimal digits that are the same for the same secret and tell nothing else about it (HMAC under
    /// the audit's own key). Any thread.
    virtual std::string fingerprint(core::Secret const& secret) const = 0;
    virtual core::Task<core::Result<AuditPage>> list(AuditQuery query) = 0;
    /// Walks the whole chain.
    virtual core::Task<core::Result<AuditReport>> verify() = 0;
    /// Forgets records from before; what is left verifies as before. How many.
    virtual core::Task<core::Result<std::size_t>> prune(core::SystemTime before) = 0;
};

/// The three stores of credentials in one. Each change is audited in the transaction that makes it.
class CredentialStores : public auth::GrantStore, public auth::PatStore, public auth::AgentTokenStore {};

/// Where those who change credentials say who they do it for.
class AuditDesk {
public:
    virtual ~AuditDesk() = default;
    /// The credentials, with changes audited as this actor's. This object outlives it.
    virtual std::unique_ptr<CredentialStores> acting_as(AuditActor actor) = 0;
    virtual AuditLog& audit() noexcept = 0;
};

} // namespace server
