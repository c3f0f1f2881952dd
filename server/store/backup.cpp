#include "server/store/backup.hpp"

#include "core/crypto/digest.hpp"
#include "core/crypto/random.hpp"
#include "server/config/private_file.hpp"
#include "server/store/audit_table.hpp"
#include "server/store/database.hpp"
#include "server/store/live_key_ring.hpp"

#include <cerrno>
#include <filesystem>
#include <memory>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace server {
namespace {

tl::unexpected<core::Error> failed(std::string const& doing, std::string const& path, int code) {
    core::ErrorKind const kind = code == EEXIST ? core::ErrorKind::conflict : core::ErrorKind::internal;
    return core::fail(core::Error(kind, "cannot " + doing + " " + path + ": " + errno_text(code))
                          .with_code("backup_failed")
                          .with_fix(code == EEXIST ? "name a file that does not exist yet"
                                                   : "name a file in a folder that is yours"));
}

/// What is written until it is complete. Removed unless it was.
class Draft {
public:
    explicit Draft(std::string const& target)
        : path_(target + "." + core::hex_encode(core::random_bytes(6)) + ".tmp") {}
    Draft(Draft const&) = delete;
    Draft& operator=(Draft const&) = delete;
    ~Draft() { ::unlink(path_.c_str()); }

    std::string const& path() const noexcept { return path_; }

    /// Empty and private before SQLite writes into it.
    core::Result<void> make() const {
        int const file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (file < 0) {
            return failed("create", path_, errno);
        }
        ::fchmod(file, 0600);
        ::close(file);
        return {};
    }

    /// Durable, and under its name: a link, which fails when the name is taken.
    core::Result<void> publish(std::string const& target) const {
        ADOMCPD_TRY_VOID(sync(path_, O_RDWR));
        if (::link(path_.c_str(), target.c_str()) != 0) {
            return failed("create", target, errno);
        }
        return sync(std::filesystem::absolute(target).parent_path().string(), O_RDONLY | O_DIRECTORY);
    }

private:
    static core::Result<void> sync(std::string const& path, int flags) {
        int const file = ::open(path.c_str(), flags | O_CLOEXEC);
        bool const done = file >= 0 && ::fsync(file) == 0;
        int const code = errno;
        if (file >= 0) {
            ::close(file);
        }
        return done ? core::Result<void>() : failed("sync", path, code);
    }

    std::string path_;
};

core::Result<void> copy(SQLite::Database& database, std::string const& target) {
    Draft const draft(target);
    ADOMCPD_TRY_VOID(draft.make());
    SQLite::Statement vacuum(database, "VACUUM INTO ?");
    vacuum.bind(1, draft.path());
    vacuum.exec();
    return draft.publish(target);
}

} // namespace

core::Result<void> backup_store(std::string const& store_path,
                                std::string const& key_file,
                                std::string const& target,
                                AuditActor actor,
                                core::Clock& clock) {
    if (std::filesystem::exists(target)) {
        return failed("create", target, EEXIST);
    }
    ADOMCPD_TRY(DatabaseFile const file, prepare_database_file(store_path));
    if (file.is_new) {
        return core::fail(core::Error(core::ErrorKind::not_found, "there is no store at " + file.path)
                              .with_code("store_not_found")
                              .with_fix("check store.url"));
    }
    ADOMCPD_TRY(LiveKeyRing keys, LiveKeyRing::load(key_file, false));
    ADOMCPD_TRY(std::unique_ptr<SQLite::Database> const database, open_database(file.path));
    return with_store_errors([&]() -> core::Result<void> {
        AuditKeys audit_keys;
        AuditTable audit(*database, keys, audit_keys);
        ADOMCPD_TRY_VOID(audit.take_up(clock.system_now()));
        AuditEvent event(audit_event::kStoreBackedUp, AuditOutcome::attempted, actor);
        event.subject = target;
        ADOMCPD_TRY_VOID(audit.append_alone(event, clock.system_now()));
        core::Result<void> const copied = copy(*database, target);
        event.outcome = copied ? AuditOutcome::done : AuditOutcome::failed;
        event.error_code = copied ? std::string() : copied.error().code();
        ADOMCPD_TRY_VOID(audit.append_alone(std::move(event), clock.system_now()));
        return copied;
    });
}

} // namespace server
