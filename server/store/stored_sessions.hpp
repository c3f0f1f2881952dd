#pragma once

#include "core/clock.hpp"
#include "protocol/expiring_map.hpp"
#include "protocol/session_records.hpp"
#include "server/store/session_table.hpp"
#include "server/store/store_thread.hpp"

#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace server {

/// The store's session records. Two things do not wait for the database: whether a session is revoked, which
/// every request asks, and that it was seen, which every request says.
class StoredSessions final : public protocol::SessionRecords {
public:
    StoredSessions(core::Clock& clock, StoreThread& thread, SQLite::Database& database)
        : clock_(clock), thread_(thread), table_(database) {}

    bool is_revoked(std::string const& session) const noexcept override;
    /// Counts here from the call on, also when it could not be written (the caller is told).
    core::Task<core::Result<void>> revoke(std::string session, core::SystemTime until) override;
    void note_seen(std::string const& session, core::SystemTime at, core::SystemTime until) override;
    core::Task<core::Result<std::optional<core::SystemTime>>> last_seen(std::string session) override;
    core::Task<core::Result<std::optional<std::string>>> load_state(std::string session) override;
    core::Task<core::Result<void>>
    save_state(std::string session, std::string state, core::SystemTime until) override;
    core::Task<core::Result<protocol::SavedStates>> saved_since(std::optional<std::int64_t> mark) override;
    core::Task<core::Result<void>> leave(protocol::SessionLetter letter) override;
    core::Task<core::Result<std::vector<protocol::SessionLetter>>>
    collect(std::vector<std::string> addresses) override;

    /// What was revoked before. Blocking: before the loop runs.
    core::Result<void> take_up();
    /// What others revoked since. May be cancelled and called again at any time; this outlives it.
    core::Task<core::Result<void>> refresh();

    /// On the store's thread, or after it was joined. What cannot be written is kept for the next time.
    void write_seen() noexcept;
    /// On the store's thread: writes when the oldest mark has waited for long enough.
    void write_seen_when_due() noexcept;

private:
    struct Seen {
        core::SystemTime at;
        core::SystemTime until;
    };

    void remember(std::string session, core::SystemTime until);
    void remember(std::vector<Revocation> page);
    void keep_seen(std::string const& session, Seen seen); ///< with seen_mutex_ held

    core::Clock& clock_;
    StoreThread& thread_;
    SessionTable table_; ///< on the store's thread

    // On the loop's thread. The value is its end.
    protocol::ExpiringMap<core::SystemTime> revoked_;
    std::int64_t last_revocation_ = 0;

    // Noted on the loop's thread, written on the store's.
    std::mutex seen_mutex_;
    std::unordered_map<std::string, Seen> seen_;
    core::SteadyTime seen_due_{}; ///< when seen_ is not empty
    bool write_posted_ = false;
    bool write_failed_ = false; ///< the last one
};

} // namespace server
