#include "server/knowledge/index_file.hpp"

#include "core/log.hpp"
#include "server/config/private_file.hpp"

#include <cerrno>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

namespace server {
namespace {

constexpr int kBusyMilliseconds = 5000;
constexpr int kApplicationId = 0x61646F6B; ///< marks the file as ours
/// Raised with every change of the tables: an older file is emptied and filled again.
constexpr int kVersion = 1;

constexpr char kTables[] = R"sql(
CREATE TABLE source (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    repository TEXT NOT NULL DEFAULT '',
    branch TEXT NOT NULL DEFAULT '',
    mapped_path TEXT NOT NULL DEFAULT '',
    root_path TEXT NOT NULL DEFAULT '',
    commit_id TEXT NOT NULL DEFAULT '',
    synced_at INTEGER,
    failed_at INTEGER,
    reason TEXT NOT NULL DEFAULT '',
    code TEXT NOT NULL DEFAULT '',
    fix TEXT NOT NULL DEFAULT '',
    files INTEGER NOT NULL DEFAULT 0,
    left_out INTEGER NOT NULL DEFAULT 0,
    wanted_until INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE file (
    id INTEGER PRIMARY KEY,
    source INTEGER NOT NULL,
    path TEXT NOT NULL,
    object_id TEXT NOT NULL,
    title TEXT NOT NULL,
    UNIQUE (source, path)
) STRICT;

CREATE TABLE section (
    id INTEGER PRIMARY KEY,
    file INTEGER NOT NULL,
    place INTEGER NOT NULL,
    anchor TEXT NOT NULL,
    first_line INTEGER NOT NULL,
    last_line INTEGER NOT NULL
) STRICT;
CREATE INDEX section_by_file ON section (file, place);

-- The source is a word of every section, so that a search keeps to some sources inside the index.
CREATE VIRTUAL TABLE section_text USING fts5 (
    title, heading, body, source, tokenize = 'porter unicode61 remove_diacritics 2'
);
INSERT INTO section_text (section_text, rank) VALUES ('rank', 'bm25(4.0, 3.0, 1.0, 0.0)');

CREATE TABLE vector (
    model TEXT NOT NULL,
    digest TEXT NOT NULL,
    numbers BLOB NOT NULL,
    PRIMARY KEY (model, digest)
) STRICT, WITHOUT ROWID;
)sql";

core::Result<void> create_private(std::string const& path) {
    int const file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) {
        return core::fail(
            core::Error(core::ErrorKind::internal, "cannot create " + path + ": " + errno_text(errno))
                .with_code("index_unusable")
                .with_fix("make its folder writable for this program's user"));
    }
    ::close(file);
    return {};
}

bool is_damaged(SQLite::Exception const& exception) {
    return exception.getErrorCode() == SQLITE_CORRUPT || exception.getErrorCode() == SQLITE_NOTADB;
}

int pragma_value(SQLite::Database& database, char const* name) {
    return database.execAndGet(std::string("PRAGMA ") + name).getInt();
}

void drop_everything(SQLite::Database& database) {
    std::vector<std::string> tables;
    SQLite::Statement named(
        database,
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' "
        "ORDER BY sql LIKE 'CREATE VIRTUAL%' DESC");
    while (named.executeStep()) {
        tables.push_back(named.getColumn(0).getString());
    }
    for (std::string const& table : tables) {
        // Those behind a virtual table go with it.
        database.exec("DROP TABLE IF EXISTS \"" + table + "\"");
    }
}

/// In one transaction: two processes that start at the same moment do it once.
void make_tables(SQLite::Database& database) {
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    if (pragma_value(database, "user_version") == kVersion &&
        pragma_value(database, "application_id") == kApplicationId) {
        return;
    }
    drop_everything(database);
    database.exec(kTables);
    database.exec("PRAGMA application_id = " + std::to_string(kApplicationId));
    database.exec("PRAGMA user_version = " + std::to_string(kVersion));
    transaction.commit();
}

std::unique_ptr<SQLite::Database> open_connection(std::string const& path) {
    auto database = std::make_unique<SQLite::Database>(
        path, SQLite::OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, kBusyMilliseconds);
    database->exec("PRAGMA journal_mode = WAL");
    // A cache: what the last moment before a power cut wrote may be lost, and is fetched again.
    database->exec("PRAGMA synchronous = NORMAL");
    database->exec("PRAGMA cache_size = -16384");
    database->exec("PRAGMA trusted_schema = OFF");
    return database;
}

struct flock lock_of(std::int64_t number, short kind) {
    struct flock lock {};
    lock.l_type = kind;
    lock.l_whence = SEEK_SET;
    lock.l_start = number;
    lock.l_len = 1;
    return lock;
}

} // namespace

core::Result<std::unique_ptr<SQLite::Database>> open_index_file(std::string const& path) {
    ADOMCPD_TRY(DatabaseFile const file, prepare_database_file(path));
    return with_store_errors([&file]() -> core::Result<std::unique_ptr<SQLite::Database>> {
        for (bool again = true;; again = false) {
            ADOMCPD_TRY_VOID(create_private(file.path));
            try {
                auto database = open_connection(file.path);
                make_tables(*database);
                return database;
            } catch (SQLite::Exception const& exception) {
                if (!again || !is_damaged(exception)) {
                    throw;
                }
                core::log::warn("knowledge.index_damaged", {{"path", file.path}, {"what", exception.what()}});
            }
            for (char const* const suffix : {"", "-wal", "-shm"}) {
                ::unlink((file.path + suffix).c_str());
            }
        }
    });
}

core::Result<std::unique_ptr<SQLite::Database>> open_index_reader(std::string const& path) {
    return with_store_errors(
        [&path]() -> core::Result<std::unique_ptr<SQLite::Database>> { return open_connection(path); });
}

NumberLocks::~NumberLocks() {
    if (file_ >= 0) {
        ::close(file_);
    }
}

core::Result<void> NumberLocks::open(std::string const& path) {
    ADOMCPD_TRY_VOID(create_private(path));
    file_ = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (file_ < 0) {
        return core::fail(core::ErrorKind::internal, "cannot open " + path + ": " + errno_text(errno));
    }
    return {};
}

bool NumberLocks::take(std::int64_t number) {
    struct flock lock = lock_of(number, F_WRLCK);
    return ::fcntl(file_, F_OFD_SETLK, &lock) == 0;
}

void NumberLocks::give_back(std::int64_t number) {
    struct flock lock = lock_of(number, F_UNLCK);
    ::fcntl(file_, F_OFD_SETLK, &lock);
}

bool NumberLocks::is_taken(std::int64_t number) const {
    struct flock lock = lock_of(number, F_WRLCK);
    return ::fcntl(file_, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

} // namespace server
