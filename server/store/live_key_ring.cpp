#include "server/store/live_key_ring.hpp"

namespace server {
namespace {

struct stat look_at(std::string const& key_file) {
    struct stat status {};
    if (::stat(key_ring_path(key_file).c_str(), &status) != 0) {
        return {};
    }
    return status;
}

bool same_file(struct stat const& a, struct stat const& b) noexcept {
    auto const same_time = [](timespec const& x, timespec const& y) {
        return x.tv_sec == y.tv_sec && x.tv_nsec == y.tv_nsec;
    };
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
           same_time(a.st_mtim, b.st_mtim) && same_time(a.st_ctim, b.st_ctim);
}

} // namespace

core::Result<LiveKeyRing> LiveKeyRing::load(std::string key_file, bool store_is_new) {
    struct stat const before = look_at(key_file);
    ADOMCPD_TRY(KeyRing ring, load_key_ring(key_file, store_is_new));
    LiveKeyRing live(std::move(key_file), std::move(ring));
    // As it was before it was read: a change in between is seen at the next look.
    live.seen_ = before;
    return live;
}

core::Result<bool> LiveKeyRing::refresh() {
    struct stat const now = look_at(key_file_);
    if (same_file(now, seen_)) {
        return false;
    }
    ADOMCPD_TRY(KeyRing ring, load_key_ring(key_file_, false));
    seen_ = now;
    if (ring.same_keys(ring_)) {
        return false;
    }
    ring_ = std::move(ring);
    if (listener_) {
        listener_(ring_);
    }
    return true;
}

core::Result<std::vector<core::Secret>> LiveKeyRing::open(RecordName const& record,
                                                          std::string_view envelope) {
    auto opened = open_envelope(ring_, record, envelope);
    if (opened || opened.error().code() != "envelope_unknown_key") {
        return opened;
    }
    auto const changed = refresh();
    if (!changed || !*changed) {
        return opened;
    }
    return open_envelope(ring_, record, envelope);
}

core::Result<KeyRing const*> LiveKeyRing::for_writing(SQLite::Database& database) {
    SQLite::Statement last(database, "SELECT value FROM meta WHERE name = 'write_key'");
    bool const known = last.executeStep();
    if (known && last.getColumn(0).getString() == ring_.first().id) {
        return &ring_;
    }
    if (known) {
        ADOMCPD_TRY_VOID(refresh());
    }
    // The file is what counts: its first key encrypts, whoever put it there.
    if (!known || last.getColumn(0).getString() != ring_.first().id) {
        SQLite::Statement note(database, "INSERT OR REPLACE INTO meta VALUES ('write_key', ?)");
        note.bind(1, ring_.first().id);
        note.exec();
    }
    return &ring_;
}

} // namespace server
