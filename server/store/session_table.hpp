#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "protocol/letter_limits.hpp"
#include "protocol/session_records.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace server {

class Revocation {
public:
    std::int64_t id = 0; ///< rises with every one made, in any process
    std::string session;
    core::SystemTime until{};
};

class SeenMark {
public:
    SeenMark(std::string session_, core::SystemTime at_, core::SystemTime until_)
        : session(std::move(session_)), at(at_), until(until_) {}

    std::string session;
    core::SystemTime at;
    core::SystemTime until;
};

/// What is known of sessions, on the store's thread. As in CredentialTables: durable when a function returns,
/// SQLite's exceptions come out. What has expired is never returned; writes remove some of it, so that nobody
/// has to come by for it. Letters and states may hold text of users, never credentials: they are kept plain.
class SessionTable {
public:
    /// More of them come with the next call.
    static constexpr std::size_t kRevocationPage = 1000;
    static constexpr std::size_t kStatePage = 256;

    explicit SessionTable(SQLite::Database& database) : database_(database) {}

    core::Result<void> revoke(std::string const& session, core::SystemTime until, core::SystemTime now);
    /// Those made after the one with this id, oldest first.
    core::Result<std::vector<Revocation>> revoked_after(std::int64_t id, core::SystemTime now);

    core::Result<void> note_seen(std::vector<SeenMark> const& marks, core::SystemTime now);
    core::Result<std::optional<core::SystemTime>> last_seen(std::string const& session, core::SystemTime now);

    core::Result<std::optional<std::string>> load_state(std::string const& session, core::SystemTime now);
    core::Result<void> save_state(std::string const& session,
                                  std::string const& state,
                                  core::SystemTime until,
                                  core::SystemTime now);

    /// At most kStatePage of them.
    core::Result<protocol::SavedStates> saved_since(std::optional<std::int64_t> mark, core::SystemTime now);

    core::Result<void> leave(protocol::SessionLetter const& letter, core::SystemTime now);
    core::Result<std::vector<protocol::SessionLetter>> collect(std::vector<std::string> const& addresses,
                                                               core::SystemTime now);

private:
    protocol::WaitingLetters waiting_letters(std::string const& session, core::SystemTime now);
    void forget_expired(char const* table, core::SystemTime now, std::size_t at_most);
    void forget_old_letters(core::SystemTime now);

    SQLite::Database& database_;
};

} // namespace server
