#include "server/store/database.hpp"

#include "server/config/private_file.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

namespace server {
namespace {

constexpr int kBusyMilliseconds = 5000;
constexpr int kApplicationId = 0x61646F6D; ///< marks the file as ours

// Step n takes a database from version n to n + 1. Steps are never changed once released.
constexpr std::array<char const*, 6> kMigrations{R"sql(
CREATE TABLE sequence (value INTEGER NOT NULL) STRICT;
INSERT INTO sequence VALUES (0);

CREATE TABLE oauth_grant (
    organization TEXT PRIMARY KEY NOT NULL,
    generation INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    client_id TEXT NOT NULL,
    identity TEXT NOT NULL,
    account_id TEXT NOT NULL,
    obtained_at INTEGER NOT NULL,
    refreshed_at INTEGER NOT NULL,
    envelope BLOB NOT NULL
) STRICT;

CREATE TABLE pat (
    organization TEXT PRIMARY KEY NOT NULL,
    generation INTEGER NOT NULL,
    identity TEXT NOT NULL,
    expires_at INTEGER,
    stored_at INTEGER NOT NULL,
    envelope BLOB NOT NULL
) STRICT;

CREATE TABLE agent_token (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    secret_sha256 BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked INTEGER NOT NULL
) STRICT;

CREATE TABLE journal (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    caller TEXT NOT NULL,
    organization TEXT NOT NULL,
    tool TEXT NOT NULL,
    idempotency_key TEXT,
    arguments_sha256 TEXT NOT NULL,
    probe TEXT NOT NULL,
    result TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'done', 'abandoned', 'unresolved')),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX journal_by_key ON journal (caller, organization, tool, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX journal_by_time ON journal (organization, tool, created_at);
CREATE INDEX journal_open ON journal (id) WHERE state IN ('pending', 'unresolved');
)sql",
                                                 R"sql(
CREATE TABLE session_revoked (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session TEXT NOT NULL UNIQUE,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX session_revoked_by_expiry ON session_revoked (expires_at);

CREATE TABLE session_seen (
    session TEXT PRIMARY KEY NOT NULL,
    seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX session_seen_by_expiry ON session_seen (expires_at);

CREATE TABLE session_state (
    session TEXT PRIMARY KEY NOT NULL,
    state TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX session_state_by_expiry ON session_state (expires_at);

CREATE TABLE session_letter (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    left_at INTEGER NOT NULL
) STRICT;
CREATE INDEX session_letter_sizes ON session_letter (session, left_at, bytes);

CREATE TABLE task (
    id TEXT PRIMARY KEY NOT NULL,
    owner TEXT NOT NULL,
    owner_name TEXT NOT NULL,
    owner_role TEXT NOT NULL,
    tool TEXT NOT NULL,
    arguments TEXT NOT NULL,
    client_features INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('working', 'input_required', 'completed', 'failed', 'cancelled')),
    status_message TEXT NOT NULL,
    state TEXT NOT NULL,
    requests TEXT NOT NULL,
    inputs TEXT NOT NULL,
    outcome TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    ttl_ms INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    cancel_requested INTEGER NOT NULL,
    runner TEXT NOT NULL,
    lease_until INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;
CREATE INDEX task_open_by_owner ON task (owner) WHERE status IN ('working', 'input_required');
CREATE INDEX task_working_by_lease ON task (lease_until, id) WHERE status = 'working';
CREATE INDEX task_working_by_runner ON task (runner) WHERE status = 'working';
CREATE INDEX task_by_change ON task (updated_at);
CREATE INDEX task_by_expiry ON task (expires_at);
)sql",
                                                 R"sql(
CREATE TABLE connector (
    name TEXT PRIMARY KEY NOT NULL COLLATE NOCASE,
    organization TEXT NOT NULL UNIQUE,
    document TEXT NOT NULL,
    generation INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE knowledge_source (
    name TEXT PRIMARY KEY NOT NULL COLLATE NOCASE,
    organization TEXT NOT NULL,
    document TEXT NOT NULL,
    generation INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE managed_identity (
    organization TEXT PRIMARY KEY NOT NULL,
    client_id TEXT NOT NULL,
    federated_client_id TEXT NOT NULL,
    federated_tenant_id TEXT NOT NULL,
    stored_at INTEGER NOT NULL,
    generation INTEGER NOT NULL
) STRICT;

CREATE TABLE pat_reach (
    organization TEXT PRIMARY KEY NOT NULL,
    generation INTEGER NOT NULL
) STRICT;
)sql",
                                                 R"sql(
ALTER TABLE agent_token ADD COLUMN last_used_at INTEGER;
CREATE INDEX agent_token_by_name ON agent_token (name);
)sql",
                                                 R"sql(
CREATE TABLE meta (
    name TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE audit_key (
    id TEXT PRIMARY KEY NOT NULL,
    created_at INTEGER NOT NULL,
    envelope BLOB NOT NULL
) STRICT;

CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY NOT NULL,
    at INTEGER NOT NULL,
    event TEXT NOT NULL,
    outcome TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    principal_name TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    organization TEXT NOT NULL,
    method TEXT NOT NULL,
    identity TEXT NOT NULL,
    error_code TEXT NOT NULL,
    subject TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    key_id TEXT NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_by_organization ON audit (organization, sequence);

CREATE TABLE audit_head (
    id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    first INTEGER NOT NULL,
    first_previous BLOB NOT NULL,
    last INTEGER NOT NULL,
    last_hash BLOB NOT NULL,
    key_id TEXT NOT NULL,
    mac BLOB NOT NULL
) STRICT;
)sql",
                                                 R"sql(
ALTER TABLE journal ADD COLUMN lane TEXT NOT NULL DEFAULT '';
ALTER TABLE journal ADD COLUMN sent_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE journal ADD COLUMN busy_until INTEGER NOT NULL DEFAULT 0;
UPDATE journal SET sent_at = created_at;
CREATE INDEX journal_by_resource ON journal (organization, tool, resource_id) WHERE resource_id != '';
CREATE INDEX journal_pending_by_lane ON journal (lane) WHERE state = 'pending';
ALTER TABLE managed_identity ADD COLUMN object_id TEXT NOT NULL DEFAULT '';
ALTER TABLE managed_identity ADD COLUMN resource_id TEXT NOT NULL DEFAULT '';
)sql"};

tl::unexpected<core::Error> unusable(std::string message, std::string fix) {
    return core::fail(core::Error(core::ErrorKind::internal, std::move(message))
                          .with_code("store_unusable")
                          .with_fix(std::move(fix)));
}

core::Result<void> make_folder(std::filesystem::path const& folder) {
    std::error_code ignored;
    if (std::filesystem::exists(folder, ignored)) {
        return {};
    }
    if (folder.has_parent_path() && folder.parent_path() != folder) {
        ADOMCPD_TRY_VOID(make_folder(folder.parent_path()));
    }
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
        return unusable(
            "cannot make the folder " + folder.string() + ": " + errno_text(errno),
            "make it yourself (mode 0700, owned by this program's user), or set store.url to another place");
    }
    return {};
}

core::Result<std::string> checked_folder(std::filesystem::path const& folder) {
    ADOMCPD_TRY_VOID(make_folder(folder));
    std::error_code failure;
    std::filesystem::path const resolved = std::filesystem::canonical(folder, failure);
    struct stat status {};
    if (failure || ::stat(resolved.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
        return unusable(folder.string() + " is not a folder this program can use",
                        "set store.url to another place");
    }
    ADOMCPD_TRY_VOID(check_private("the store's folder", resolved.string(), status, 0022U));
    return resolved.string();
}

/// Empty, and already private: SQLite gives its side files the mode of this one.
core::Result<void> create_database_file(std::string const& path, std::string const& folder) {
    int const file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) {
        if (errno == EEXIST) {
            return {};
        }
        return unusable("cannot create " + path + ": " + errno_text(errno),
                        "make " + folder + " writable for this program's user");
    }
    ::fchmod(file, 0600);
    ::fsync(file);
    ::close(file);
    int const parent = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent >= 0) {
        ::fsync(parent);
        ::close(parent);
    }
    return {};
}

int pragma_value(SQLite::Database& database, char const* name) {
    return database.execAndGet(std::string("PRAGMA ") + name).getInt();
}

/// One transaction: two processes that start at the same moment do it once.
core::Result<void> migrate(SQLite::Database& database, std::string const& path) {
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    int const version = pragma_value(database, "user_version");
    bool const foreign = pragma_value(database, "application_id") != kApplicationId &&
                         database.execAndGet("SELECT count(*) FROM sqlite_schema").getInt() != 0;
    if (foreign) {
        return unusable(path + " is a database of another program", "set store.url to another file");
    }
    if (version > static_cast<int>(kMigrations.size())) {
        return unusable(path + " was written by a newer version of ado-mcpd (store version " +
                            std::to_string(version) + ", this one knows " +
                            std::to_string(kMigrations.size()) + ")",
                        "run that version");
    }
    if (version == static_cast<int>(kMigrations.size())) {
        return {};
    }
    for (std::size_t step = static_cast<std::size_t>(version); step < kMigrations.size(); ++step) {
        database.exec(kMigrations[step]);
    }
    database.exec("PRAGMA application_id = " + std::to_string(kApplicationId));
    database.exec("PRAGMA user_version = " + std::to_string(kMigrations.size()));
    transaction.commit();
    return {};
}

} // namespace

core::Result<DatabaseFile> prepare_database_file(std::string const& path) {
    std::filesystem::path const absolute = std::filesystem::absolute(path);
    ADOMCPD_TRY(std::string const folder, checked_folder(absolute.parent_path()));
    DatabaseFile file;
    file.path = (std::filesystem::path(folder) / absolute.filename()).string();
    struct stat status {};
    if (::lstat(file.path.c_str(), &status) != 0) {
        if (errno != ENOENT) {
            return unusable("cannot look at " + file.path + ": " + errno_text(errno),
                            "check the path in store.url");
        }
        return file;
    }
    if (S_ISLNK(status.st_mode)) {
        return unusable(file.path + " is a symbolic link", "set store.url to the file itself");
    }
    if (!S_ISREG(status.st_mode)) {
        return unusable(file.path + " is not a regular file", "set store.url to another file");
    }
    ADOMCPD_TRY_VOID(check_private("the store", file.path, status, 0077U));
    // What was not yet written back holds the same: a copy that left them open is no better than an open
    // store.
    for (char const* const suffix : {"-wal", "-shm", "-journal", "-lease"}) {
        ADOMCPD_TRY_VOID(check_private_path("the store's side file", file.path + suffix));
    }
    // A crash can leave the empty file that open_database made first.
    file.is_new = status.st_size == 0;
    return file;
}

core::Result<std::unique_ptr<SQLite::Database>> open_database(std::string const& path) {
    ADOMCPD_TRY_VOID(create_database_file(path, std::filesystem::path(path).parent_path().string()));
    return with_store_errors([&path]() -> core::Result<std::unique_ptr<SQLite::Database>> {
        auto database = std::make_unique<SQLite::Database>(
            path, SQLite::OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, kBusyMilliseconds);
        // An acknowledged write is on the disk: the log is synced with every commit.
        database->exec("PRAGMA journal_mode = WAL");
        database->exec("PRAGMA synchronous = FULL");
        database->exec("PRAGMA foreign_keys = ON");
        database->exec("PRAGMA secure_delete = ON");
        database->exec("PRAGMA trusted_schema = OFF");
        ADOMCPD_TRY_VOID(migrate(*database, path));
        return database;
    });
}

core::Error store_error(SQLite::Exception const& exception) {
    int const code = exception.getErrorCode();
    std::string const what = std::string("the store failed: ") + exception.what();
    switch (code) {
    case SQLITE_BUSY:
        return core::Error(core::ErrorKind::overloaded, what).with_code("store_busy").with_not_sent();
    case SQLITE_FULL:
        return core::Error(core::ErrorKind::internal, what)
            .with_code("store_full")
            .with_fix("free space on the disk of the store")
            .with_not_sent();
    default:
        return core::Error(core::ErrorKind::internal, what).with_code("store_failed").with_not_sent();
    }
}

std::int64_t next_generation(SQLite::Database& database) {
    SQLite::Statement statement(database, "UPDATE sequence SET value = value + 1 RETURNING value");
    statement.executeStep();
    std::int64_t const generation = statement.getColumn(0).getInt64();
    statement.executeStep(); // to its end: an unfinished statement keeps the transaction open
    return generation;
}

std::int64_t to_column(core::SystemTime time) noexcept {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

core::SystemTime time_from_column(std::int64_t value) noexcept {
    return core::SystemTime(
        std::chrono::duration_cast<core::SystemTime::duration>(std::chrono::nanoseconds(value)));
}

std::string_view blob_of(SQLite::Column const& column) {
    return {static_cast<char const*>(column.getBlob()), static_cast<std::size_t>(column.getBytes())};
}

void bind_blob(SQLite::Statement& statement, int index, std::string_view bytes) {
    statement.bind(index, bytes.data(), static_cast<int>(bytes.size()));
}

void bind_time(SQLite::Statement& statement, int index, std::optional<core::SystemTime> time) {
    if (time) {
        statement.bind(index, to_column(*time));
    } else {
        statement.bind(index);
    }
}

std::optional<core::SystemTime> optional_time(SQLite::Column const& column) {
    return column.isNull() ? std::nullopt : std::optional(time_from_column(column.getInt64()));
}

} // namespace server
