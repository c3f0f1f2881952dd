#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/task.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace protocol {

/// A message from the replica that received it to the one that runs what it belongs to.
class SessionLetter {
public:
    SessionLetter(std::string session_, std::string key_, std::string body_)
        : session(std::move(session_)), key(std::move(key_)), body(std::move(body_)) {}

    /// Where a letter for this call or question is looked for.
    static std::string address(std::string_view session, std::string_view key) {
        std::string text(session);
        text += ' ';
        text += key;
        return text;
    }

    std::string session;
    std::string key;  ///< `answer:ID` or `cancel:ID`
    std::string body; ///< JSON; may be empty
};

/// A session's own choices, as somebody saved them.
class SavedState {
public:
    SavedState(std::string session_, std::string state_)
        : session(std::move(session_)), state(std::move(state_)) {}

    std::string session;
    std::string state;
};

/// Some of what was saved since a mark, and the mark to ask with for the rest.
class SavedStates {
public:
    std::vector<SavedState> states;
    std::int64_t mark = 0;
    bool more = false;
};

/// What has to be known of sessions beyond their ids, which describe themselves: nothing at all for one that
/// was only opened. `session` is the random part of the id (32 hexadecimal digits). Shared by replicas. One
/// thread; tasks own what they need.
class SessionRecords {
public:
    virtual ~SessionRecords() = default;

    /// From what this process knows: its own revocations at once, those of others within a second.
    virtual bool is_revoked(std::string const& session) const noexcept = 0;
    /// Durable when it completes. Forgotten after `until`, when the id has expired by itself.
    virtual core::Task<core::Result<void>> revoke(std::string session, core::SystemTime until) = 0;

    /// Later than what is kept already, or nothing happens. Durable some time later.
    virtual void note_seen(std::string const& session, core::SystemTime at, core::SystemTime until) = 0;
    virtual core::Task<core::Result<std::optional<core::SystemTime>>> last_seen(std::string session) = 0;

    /// Small JSON of the session's own choices (log level, subscriptions).
    virtual core::Task<core::Result<std::optional<std::string>>> load_state(std::string session) = 0;
    virtual core::Task<core::Result<void>>
    save_state(std::string session, std::string state, core::SystemTime until) = 0;

    /// What was saved after `mark`, oldest first, by whichever process; without a mark nothing but the mark
    /// to begin with.
    virtual core::Task<core::Result<SavedStates>> saved_since(std::optional<std::int64_t> mark) = 0;

    /// Letters are kept for a minute. Overloaded when too many wait (letter_limits.hpp).
    virtual core::Task<core::Result<void>> leave(SessionLetter letter) = 0;
    /// Takes the letters with one of these addresses, in the order they were left. Others stay: another
    /// replica may run a call of the same session.
    virtual core::Task<core::Result<std::vector<SessionLetter>>>
    collect(std::vector<std::string> addresses) = 0;
};

/// In memory, for one process. `clock` outlives it.
std::unique_ptr<SessionRecords> make_memory_session_records(core::Clock& clock);

} // namespace protocol
