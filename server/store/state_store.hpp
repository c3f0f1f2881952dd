#pragma once

#include "auth/credential_stores.hpp"
#include "core/async.hpp"
#include "core/clock.hpp"
#include "core/crypto/sealer.hpp"
#include "core/result.hpp"
#include "protocol/session_records.hpp"
#include "protocol/task_store.hpp"
#include "server/store/audit.hpp"
#include "server/store/connector_store.hpp"
#include "server/store/journal.hpp"

#include <memory>
#include <string>
#include <vector>

namespace server {

/// The daemon's durable state: SQLite in WAL mode with synchronous=FULL, used from one writer thread of its
/// own, secrets in envelopes (envelope.hpp). Several processes (daemon and CLI) may have it open.
/// A record that no key of the ring opens is named in the log at the start (`store.record_unreadable`) and
/// fails when it is used; the others serve. Changes made through this object itself are audited as the
/// daemon's own.
class StateStore : public CredentialStores, public Journal, public AuditDesk {
public:
    /// Reads the key file again when it is another one; true when the ring changed. It also happens by
    /// itself, with data_version() and whenever a key is met that is not known.
    virtual core::Task<core::Result<bool>> reload_keys() = 0;

    /// Grows whenever another process changed the database (PRAGMA data_version); a cheap poll. It also
    /// writes down what sessions().note_seen() left: a process that notes has to poll.
    virtual core::Task<core::Result<std::int64_t>> data_version() = 0;
    /// Takes up what other processes changed of what is answered from memory: sessions().is_revoked(). To be
    /// called when data_version() has grown; when it fails, again. The store outlives the task.
    virtual core::Task<core::Result<void>> refresh() = 0;

    virtual ConnectorStore& connectors() noexcept = 0;
    virtual protocol::SessionRecords& sessions() noexcept = 0;
    virtual protocol::TaskStore& tasks() noexcept = 0;
    /// Under keys derived from the store's: replicas that share the key file open each other's.
    virtual core::Sealer const& sealer() const noexcept = 0;
};

class StateStoreOptions {
public:
    std::string path; ///< of the database file; its folder is made (0700) when absent
    std::string
        key_file; ///< made (0600) when absent and the database is new; $CREDENTIALS_DIRECTORY/store.key first
};

/// Opens, migrates and checks (blocking; call before the loop runs or on the blocking pool): file modes and
/// owners, and that every record's key is known. Completions run on `executor`.
core::Result<std::unique_ptr<StateStore>>
open_state_store(core::asio::any_io_executor executor, core::Clock& clock, StateStoreOptions options);

} // namespace server
