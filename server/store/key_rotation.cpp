#include "server/store/key_rotation.hpp"

#include "server/config/private_file.hpp"
#include "server/store/audit_table.hpp"
#include "server/store/database.hpp"
#include "server/store/live_key_ring.hpp"
#include "server/store/sealed_records.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace server {
namespace {

std::filesystem::path folder_of(std::string const& path) {
    return std::filesystem::absolute(path).parent_path();
}

/// One rotation at a time: the lock is on the folder, because the file itself is replaced. It ends with the
/// process, however that ends.
class RotationLock {
public:
    static core::Result<RotationLock> take(std::string const& key_file) {
        std::string const folder = folder_of(key_file).string();
        RotationLock lock(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (lock.fd_ < 0 || ::flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) {
            bool const held = lock.fd_ >= 0 && errno == EWOULDBLOCK;
            return core::fail(core::Error(held ? core::ErrorKind::conflict : core::ErrorKind::internal,
                                          held ? "another key rotation is under way"
                                               : "cannot lock " + folder + ": " + errno_text(errno))
                                  .with_code(held ? "rotation_under_way" : "file_unusable")
                                  .with_fix(held ? "wait for it to end" : ""));
        }
        return lock;
    }
    explicit RotationLock(int fd) : fd_(fd) {}
    RotationLock(RotationLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    RotationLock(RotationLock const&) = delete;
    RotationLock& operator=(RotationLock const&) = delete;
    ~RotationLock() {
        if (fd_ >= 0) {
            ::close(fd_);
        }
    }

private:
    int fd_;
};

/// What a rotation that was killed while it wrote the key file left beside it: copies of keys.
void remove_leftovers(std::string const& key_file) {
    std::string const begin = std::filesystem::path(key_file).filename().string() + ".";
    std::error_code ignored;
    for (auto const& entry : std::filesystem::directory_iterator(folder_of(key_file), ignored)) {
        std::string const name = entry.path().filename().string();
        if (name.starts_with(begin) && name.ends_with(".tmp")) {
            std::filesystem::remove(entry.path(), ignored);
        }
    }
}

class Rotation {
public:
    Rotation(KeyRotationOptions const& options,
             core::Clock& clock,
             LiveKeyRing keys,
             std::unique_ptr<SQLite::Database> database)
        : options_(options), clock_(clock), keys_(std::move(keys)), database_(std::move(database)),
          audit_(*database_, keys_, audit_keys_) {}

    core::Result<KeyRotationReport> run() {
        ADOMCPD_TRY_VOID(audit_.take_up(clock_.system_now()));
        report_.resumed = is_unfinished();
        if (!report_.resumed) {
            if (key_ring_is_credential()) {
                return core::fail(nothing_to_do_with_credential());
            }
            ADOMCPD_TRY_VOID(prepend_new_key(options_.key_file));
            step("key_written");
            ADOMCPD_TRY_VOID(keys_.refresh());
        }
        report_.key_id = keys_.ring().first().id;
        ADOMCPD_TRY_VOID(announce());
        ADOMCPD_TRY_VOID(reseal_all());
        ADOMCPD_TRY_VOID(note(audit_event::kKeyRotated, AuditOutcome::done, report_.key_id));
        step("resealed");
        if (options_.drop_old) {
            ADOMCPD_TRY_VOID(drop_old());
        }
        // Copies under the old key lie in the log until it is written back; busy readers may keep some.
        database_->exec("PRAGMA wal_checkpoint(TRUNCATE)");
        for (std::string const& id : keys_.ring().ids()) {
            if (id != report_.key_id) {
                report_.kept.push_back(id);
            }
        }
        return std::move(report_);
    }

private:
    void step(std::string_view name) const {
        if (options_.on_step) {
            options_.on_step(name);
        }
    }

    /// The first key of the file is not yet the one of everything that could be under it.
    bool is_unfinished() {
        KeyRing const& ring = keys_.ring();
        SQLite::Statement last(*database_, "SELECT value FROM meta WHERE name = 'write_key'");
        if (last.executeStep() && last.getColumn(0).getString() != ring.first().id) {
            return true;
        }
        auto const needed = needed_keys(*database_);
        return std::any_of(needed.begin(), needed.end(), [&ring](std::string const& id) {
            return id != ring.first().id && ring.find(id) != nullptr;
        });
    }

    static core::Error nothing_to_do_with_credential() {
        return core::Error(core::ErrorKind::invalid_argument,
                           "the key ring is the service manager's credential store.key, and everything is "
                           "under its first key already")
            .with_code("key_ring_read_only")
            .with_fix("put a new key on the first line of the credential, restart the service, and run this "
                      "again");
    }

    core::Result<void> note(std::string_view event, AuditOutcome outcome, std::string subject) {
        AuditEvent record(event, outcome, options_.actor);
        record.subject = std::move(subject);
        ADOMCPD_TRY_VOID(audit_.append_alone(std::move(record), clock_.system_now()));
        return {};
    }

    /// From the end of this transaction on nobody writes under an old key: each writer compares.
    core::Result<void> announce() {
        SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
        ADOMCPD_TRY_VOID(keys_.for_writing(*database_));
        AuditEvent record(audit_event::kKeyRotated, AuditOutcome::attempted, options_.actor);
        record.subject = report_.key_id;
        ADOMCPD_TRY_VOID(audit_.append(std::move(record), clock_.system_now()));
        transaction.commit();
        step("announced");
        return {};
    }

    core::Result<void> reseal_all() {
        ResealPosition position;
        for (bool at_end = false; !at_end;) {
            ADOMCPD_TRY(ResealBatch const batch,
                        reseal_batch(*database_, keys_.ring(), position, options_.batch));
            report_.resealed += batch.resealed;
            for (UnreadableRecord const& record : batch.failed) {
                report_.unreadable.push_back(record.describe());
            }
            at_end = batch.at_end;
            step("batch");
        }
        return {};
    }

    /// The store is locked while the file changes: no record can come to need a key in between.
    core::Result<void> drop_old() {
        ADOMCPD_TRY_VOID(note(audit_event::kKeyDropped, AuditOutcome::attempted, "keys no record needs"));
        SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
        ADOMCPD_TRY(report_.dropped, drop_keys(options_.key_file, needed_keys(*database_)));
        step("dropped");
        ADOMCPD_TRY_VOID(keys_.refresh());
        std::string ids;
        for (std::string const& id : report_.dropped) {
            ids.append(ids.empty() ? "" : " ").append(id);
        }
        AuditEvent record(audit_event::kKeyDropped, AuditOutcome::done, options_.actor);
        record.subject = ids.empty() ? "none" : ids;
        ADOMCPD_TRY_VOID(audit_.append(std::move(record), clock_.system_now()));
        transaction.commit();
        return {};
    }

    KeyRotationOptions const& options_;
    core::Clock& clock_;
    LiveKeyRing keys_;
    std::unique_ptr<SQLite::Database> database_;
    AuditKeys audit_keys_;
    AuditTable audit_;
    KeyRotationReport report_;
};

} // namespace

core::Result<KeyRotationReport> rotate_keys(KeyRotationOptions const& options, core::Clock& clock) {
    ADOMCPD_TRY(DatabaseFile const file, prepare_database_file(options.store_path));
    std::string const ring_path = key_ring_path(options.key_file);
    ADOMCPD_TRY(RotationLock const lock, RotationLock::take(ring_path));
    if (!key_ring_is_credential()) {
        remove_leftovers(options.key_file);
    }
    ADOMCPD_TRY(LiveKeyRing keys, LiveKeyRing::load(options.key_file, file.is_new));
    ADOMCPD_TRY(std::unique_ptr<SQLite::Database> database, open_database(file.path));
    return with_store_errors(
        [&] { return Rotation(options, clock, std::move(keys), std::move(database)).run(); });
}

core::Result<std::string> init_key_file(std::string const& store_path, std::string const& key_file) {
    ADOMCPD_TRY(DatabaseFile const file, prepare_database_file(store_path));
    if (key_ring_is_credential() || std::filesystem::exists(key_file)) {
        return core::fail(core::Error(core::ErrorKind::conflict, key_ring_path(key_file) + " exists already")
                              .with_code("key_file_exists")
                              .with_fix("`ado-mcpd key rotate` brings the store under a new key"));
    }
    ADOMCPD_TRY(KeyRing const ring, load_key_ring(key_file, file.is_new));
    return ring.first().id;
}

} // namespace server
