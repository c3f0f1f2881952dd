#include "server/store/state_store.hpp"

#include "core/log.hpp"
#include "server/store/audit_table.hpp"
#include "server/store/credential_tables.hpp"
#include "server/store/database.hpp"
#include "server/store/journal_table.hpp"
#include "server/store/live_key_ring.hpp"
#include "server/store/sealed_records.hpp"
#include "server/store/store_thread.hpp"
#include "server/store/stored_audit.hpp"
#include "server/store/stored_connectors.hpp"
#include "server/store/stored_credentials.hpp"
#include "server/store/stored_sessions.hpp"
#include "server/store/stored_tasks.hpp"

#include <utility>

namespace server {
namespace {

class SqliteStateStore final : public StateStore {
public:
    SqliteStateStore(core::Clock& clock,
                     LiveKeyRing keys,
                     std::unique_ptr<SQLite::Database> database,
                     std::string lease_file)
        : clock_(clock), lease_file_(std::move(lease_file)), keys_(std::move(keys)),
          sealer_(keys_.ring().sealer()), database_(std::move(database)),
          audit_table_(*database_, keys_, audit_keys_), credentials_(*database_, keys_, audit_table_, clock_),
          journal_(*database_), connectors_(clock_, thread_, *database_, audit_table_),
          sessions_(clock_, thread_, *database_), tasks_(thread_, *database_),
          audit_(clock_, thread_, audit_table_),
          own_(thread_, credentials_, clock_, lease_file_, AuditActor()) {
        keys_.on_change([this](KeyRing const& ring) {
            sealer_.replace_keys(ring.sealer_keys());
            core::log::info("store.keys_changed", {{"first", ring.first().id}, {"keys", ring.size()}});
        });
    }
    ~SqliteStateStore() override {
        thread_.join();
        sessions_.write_seen();
    }

    /// Blocking; before anything else.
    core::Result<void> take_up() {
        return with_store_errors([this]() -> core::Result<void> {
            for (UnreadableRecord const& record : unreadable_records(*database_, keys_.ring())) {
                core::log::error("store.record_unreadable",
                                 {{"record", record.describe()},
                                  {"organization", record.organization},
                                  {"method", record.kind},
                                  {"key_id", record.key_id},
                                  {"fix",
                                   "add the key it was stored under as a further line of the key file, or "
                                   "store the credential again"}});
            }
            ADOMCPD_TRY_VOID(audit_table_.take_up(clock_.system_now()));
            return sessions_.take_up();
        });
    }

    core::Task<core::Result<std::optional<auth::OAuthGrant>>> load_grant(std::string organization) override {
        return own_.load_grant(std::move(organization));
    }
    core::Task<core::Result<void>> save_grant(std::string organization, auth::OAuthGrant& grant) override {
        return own_.save_grant(std::move(organization), grant);
    }
    core::Task<core::Result<bool>>
    rotate_grant(std::string organization, std::int64_t expected, auth::OAuthGrant& grant) override {
        return own_.rotate_grant(std::move(organization), expected, grant);
    }
    core::Task<core::Result<std::unique_ptr<auth::RefreshLease>>>
    try_lease(std::string organization) override {
        return own_.try_lease(std::move(organization));
    }
    core::Task<core::Result<bool>> remove_grant(std::string organization) override {
        return own_.remove_grant(std::move(organization));
    }
    core::Task<core::Result<std::vector<ListedGrant>>> list_grants() override { return own_.list_grants(); }
    core::Task<core::Result<std::optional<auth::StoredPat>>> load_pat(std::string organization) override {
        return own_.load_pat(std::move(organization));
    }
    core::Task<core::Result<void>> save_pat(std::string organization, auth::StoredPat& pat) override {
        return own_.save_pat(std::move(organization), pat);
    }
    core::Task<core::Result<bool>> remove_pat(std::string organization) override {
        return own_.remove_pat(std::move(organization));
    }
    core::Task<core::Result<std::vector<ListedPat>>> list_pats() override { return own_.list_pats(); }
    core::Task<core::Result<std::optional<auth::AgentTokenRecord>>>
    find_agent_token(std::string id) override {
        return own_.find_agent_token(std::move(id));
    }
    core::Task<core::Result<void>> insert_agent_token(auth::AgentTokenRecord record) override {
        return own_.insert_agent_token(std::move(record));
    }
    core::Task<core::Result<std::vector<auth::AgentTokenRecord>>> list_agent_tokens() override {
        return own_.list_agent_tokens();
    }
    core::Task<core::Result<bool>> revoke_agent_token(std::string id) override {
        return own_.revoke_agent_token(std::move(id));
    }

    std::unique_ptr<CredentialStores> acting_as(AuditActor actor) override {
        return std::make_unique<StoredCredentials>(
            thread_, credentials_, clock_, lease_file_, std::move(actor));
    }
    AuditLog& audit() noexcept override { return audit_; }
    core::Task<core::Result<bool>> reload_keys() override {
        return thread_.run([this] { return keys_.refresh(); });
    }

    core::Task<core::Result<void>> rotate_agent_token(auth::AgentTokenRecord successor,
                                                      core::SystemTime overlap_ends) override {
        return own_.rotate_agent_token(std::move(successor), overlap_ends);
    }
    core::Task<core::Result<void>> note_agent_token_use(std::string id, core::SystemTime when) override {
        return own_.note_agent_token_use(std::move(id), when);
    }

    core::Task<core::Result<Begun>> begin(JournalEntry entry, std::chrono::hours key_lifetime) override {
        return thread_.run([this, entry = std::move(entry), key_lifetime] {
            return journal_.begin(entry, key_lifetime, clock_.system_now());
        });
    }

    core::Task<core::Result<void>>
    complete(std::int64_t id, std::string resource_id, std::string result) override {
        return thread_.run([this, id, resource_id = std::move(resource_id), result = std::move(result)] {
            return journal_.complete(id, resource_id, result, clock_.system_now());
        });
    }

    core::Task<core::Result<Claim>>
    claim(std::int64_t id, std::string resource_id, std::string result) override {
        return thread_.run([this, id, resource_id = std::move(resource_id), result = std::move(result)] {
            return journal_.claim(id, resource_id, result, clock_.system_now());
        });
    }

    core::Task<core::Result<bool>> reopen(JournalEntry seen, core::SystemTime busy_until) override {
        return thread_.run([this, seen = std::move(seen), busy_until] {
            return journal_.reopen(seen, busy_until, clock_.system_now());
        });
    }

    core::Task<core::Result<bool>> abandon(JournalEntry seen) override {
        return thread_.run(
            [this, seen = std::move(seen)] { return journal_.abandon(seen, clock_.system_now()); });
    }

    core::Task<core::Result<JournalEntry>> load(std::int64_t id) override {
        return thread_.run([this, id] { return journal_.load(id); });
    }

    core::Task<core::Result<void>> set_state(std::int64_t id, JournalEntry::State state) override {
        return thread_.run([this, id, state] { return journal_.set_state(id, state, clock_.system_now()); });
    }

    core::Task<core::Result<std::vector<JournalEntry>>> list_open() override {
        return thread_.run([this] { return journal_.list_open(); });
    }

    core::Task<core::Result<std::vector<std::string>>>
    known_resources(std::string organization, std::string tool, core::SystemTime since) override {
        return thread_.run([this, organization = std::move(organization), tool = std::move(tool), since] {
            return journal_.known_resources(organization, tool, since);
        });
    }

    core::Task<core::Result<std::size_t>> forget_before(core::SystemTime before) override {
        return thread_.run([this, before] { return journal_.forget_before(before); });
    }

    core::Task<core::Result<std::int64_t>> data_version() override {
        return thread_.run([this]() -> core::Result<std::int64_t> {
            sessions_.write_seen_when_due();
            take_up_other_keys();
            return database_->execAndGet("PRAGMA data_version").getInt64();
        });
    }

    core::Task<core::Result<void>> refresh() override { return sessions_.refresh(); }

    ConnectorStore& connectors() noexcept override { return connectors_; }
    protocol::SessionRecords& sessions() noexcept override { return sessions_; }
    protocol::TaskStore& tasks() noexcept override { return tasks_; }
    core::Sealer const& sealer() const noexcept override { return sealer_; }

private:
    /// A key file that cannot be read is said once until it changes again: what is known goes on working.
    void take_up_other_keys() {
        auto const changed = keys_.refresh();
        std::string const problem = changed ? std::string() : core::describe(changed.error());
        if (!problem.empty() && problem != key_problem_) {
            core::log::error("store.keys_unreadable", {{"reason", problem}});
        }
        key_problem_ = problem;
    }

    core::Clock& clock_;
    std::string lease_file_;
    LiveKeyRing keys_; ///< on the store's thread
    std::string key_problem_;
    core::Sealer sealer_;
    std::unique_ptr<SQLite::Database> database_;
    AuditKeys audit_keys_;
    AuditTable audit_table_;
    CredentialTables credentials_;
    JournalTable journal_;
    StoredConnectors connectors_;
    StoredSessions sessions_;
    StoredTasks tasks_;
    StoredAudit audit_;
    StoredCredentials own_; ///< changes of the daemon's own accord
    StoreThread thread_;    ///< last: joined before what its jobs use goes away
};

} // namespace

core::Result<std::unique_ptr<StateStore>>
open_state_store(core::asio::any_io_executor /*executor*/, core::Clock& clock, StateStoreOptions options) {
    ADOMCPD_TRY(DatabaseFile const file, prepare_database_file(options.path));
    // The key first: a store without one is never left behind by a crash.
    ADOMCPD_TRY(LiveKeyRing keys, LiveKeyRing::load(options.key_file, file.is_new));
    ADOMCPD_TRY(std::unique_ptr<SQLite::Database> database, open_database(file.path));
    auto store =
        std::make_unique<SqliteStateStore>(clock, std::move(keys), std::move(database), file.path + "-lease");
    ADOMCPD_TRY_VOID(store->take_up());
    return std::unique_ptr<StateStore>(std::move(store));
}

} // namespace server
