#include "server/store/state_store.hpp"

#include "server/store/credential_tables.hpp"
#include "server/store/database.hpp"
#include "server/store/journal_table.hpp"
#include "server/store/refresh_lease.hpp"
#include "server/store/store_thread.hpp"
#include "server/store/stored_connectors.hpp"
#include "server/store/stored_sessions.hpp"
#include "server/store/stored_tasks.hpp"

#include <utility>

namespace server {
namespace {

class SqliteStateStore final : public StateStore {
public:
    SqliteStateStore(core::Clock& clock,
                     KeyRing keys,
                     std::unique_ptr<SQLite::Database> database,
                     std::string lease_file)
        : clock_(clock), lease_file_(std::move(lease_file)), keys_(std::move(keys)), sealer_(keys_.sealer()),
          database_(std::move(database)), credentials_(*database_, keys_), journal_(*database_),
          connectors_(clock_, thread_, *database_), sessions_(clock_, thread_, *database_),
          tasks_(thread_, *database_) {}
    ~SqliteStateStore() override {
        thread_.join();
        sessions_.write_seen();
    }

    /// Blocking; before anything else.
    core::Result<void> take_up() {
        return with_store_errors([this]() -> core::Result<void> {
            ADOMCPD_TRY_VOID(credentials_.check_keys());
            return sessions_.take_up();
        });
    }

    core::Task<core::Result<std::optional<auth::OAuthGrant>>> load_grant(std::string organization) override {
        return thread_.run(
            [this, organization = std::move(organization)] { return credentials_.load_grant(organization); });
    }

    core::Task<core::Result<void>> save_grant(std::string organization, auth::OAuthGrant& grant) override {
        auto job = [this, organization = std::move(organization), copy = grant.clone()] {
            return credentials_.save_grant(organization, copy);
        };
        auto task = thread_.run(std::move(job));
        CO_TRY(std::int64_t const generation, co_await std::move(task));
        grant.generation = generation;
        co_return core::Result<void>();
    }

    core::Task<core::Result<bool>>
    rotate_grant(std::string organization, std::int64_t expected, auth::OAuthGrant& grant) override {
        auto job = [this, organization = std::move(organization), expected, copy = grant.clone()] {
            return credentials_.rotate_grant(organization, expected, copy);
        };
        auto task = thread_.run(std::move(job));
        CO_TRY(std::optional<std::int64_t> const generation, co_await std::move(task));
        if (generation) {
            grant.generation = *generation;
        }
        co_return generation.has_value();
    }

    core::Task<core::Result<std::unique_ptr<auth::RefreshLease>>>
    try_lease(std::string organization) override {
        return thread_.run([this, organization = std::move(organization)] {
            return try_refresh_lease(lease_file_, organization);
        });
    }

    core::Task<core::Result<bool>> remove_grant(std::string organization) override {
        return thread_.run([this, organization = std::move(organization)] {
            return credentials_.remove_grant(organization);
        });
    }

    core::Task<core::Result<std::vector<ListedGrant>>> list_grants() override {
        return thread_.run([this] { return credentials_.list_grants(); });
    }

    core::Task<core::Result<std::optional<auth::StoredPat>>> load_pat(std::string organization) override {
        return thread_.run(
            [this, organization = std::move(organization)] { return credentials_.load_pat(organization); });
    }

    core::Task<core::Result<void>> save_pat(std::string organization, auth::StoredPat& pat) override {
        auto job = [this, organization = std::move(organization), copy = pat.clone()] {
            return credentials_.save_pat(organization, copy);
        };
        auto task = thread_.run(std::move(job));
        CO_TRY(std::int64_t const generation, co_await std::move(task));
        pat.generation = generation;
        co_return core::Result<void>();
    }

    core::Task<core::Result<bool>> remove_pat(std::string organization) override {
        return thread_.run(
            [this, organization = std::move(organization)] { return credentials_.remove_pat(organization); });
    }

    core::Task<core::Result<std::vector<ListedPat>>> list_pats() override {
        return thread_.run([this] { return credentials_.list_pats(); });
    }

    core::Task<core::Result<std::optional<auth::AgentTokenRecord>>>
    find_agent_token(std::string id) override {
        return thread_.run([this, id = std::move(id)] { return credentials_.find_agent_token(id); });
    }

    core::Task<core::Result<void>> insert_agent_token(auth::AgentTokenRecord record) override {
        return thread_.run(
            [this, record = std::move(record)] { return credentials_.insert_agent_token(record); });
    }

    core::Task<core::Result<std::vector<auth::AgentTokenRecord>>> list_agent_tokens() override {
        return thread_.run([this] { return credentials_.list_agent_tokens(); });
    }

    core::Task<core::Result<bool>> revoke_agent_token(std::string id) override {
        return thread_.run([this, id = std::move(id)] { return credentials_.revoke_agent_token(id); });
    }

    core::Task<core::Result<void>> rotate_agent_token(auth::AgentTokenRecord successor,
                                                      core::SystemTime overlap_ends) override {
        return thread_.run([this, successor = std::move(successor), overlap_ends] {
            return credentials_.rotate_agent_token(successor, overlap_ends, clock_.system_now());
        });
    }

    core::Task<core::Result<void>> note_agent_token_use(std::string id, core::SystemTime when) override {
        return thread_.run(
            [this, id = std::move(id), when] { return credentials_.note_agent_token_use(id, when); });
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
            return database_->execAndGet("PRAGMA data_version").getInt64();
        });
    }

    core::Task<core::Result<void>> refresh() override { return sessions_.refresh(); }

    ConnectorStore& connectors() noexcept override { return connectors_; }
    protocol::SessionRecords& sessions() noexcept override { return sessions_; }
    protocol::TaskStore& tasks() noexcept override { return tasks_; }
    core::Sealer const& sealer() const noexcept override { return sealer_; }

private:
    core::Clock& clock_;
    std::string lease_file_;
    KeyRing keys_;
    core::Sealer sealer_;
    std::unique_ptr<SQLite::Database> database_;
    CredentialTables credentials_;
    JournalTable journal_;
    StoredConnectors connectors_;
    StoredSessions sessions_;
    StoredTasks tasks_;
    StoreThread thread_; ///< last: joined before what its jobs use goes away
};

} // namespace

core::Result<std::unique_ptr<StateStore>>
open_state_store(core::asio::any_io_executor /*executor*/, core::Clock& clock, StateStoreOptions options) {
    ADOMCPD_TRY(DatabaseFile const file, prepare_database_file(options.path));
    // The key first: a store without one is never left behind by a crash.
    ADOMCPD_TRY(KeyRing keys, load_key_ring(options.key_file, file.is_new));
    ADOMCPD_TRY(std::unique_ptr<SQLite::Database> database, open_database(file.path));
    auto store =
        std::make_unique<SqliteStateStore>(clock, std::move(keys), std::move(database), file.path + "-lease");
    ADOMCPD_TRY_VOID(store->take_up());
    return std::unique_ptr<StateStore>(std::move(store));
}

} // namespace server
