#pragma once

#include "core/principal.hpp"
#include "protocol/client_features.hpp"
#include "protocol/request_client.hpp"
#include "protocol/server_features.hpp"
#include "protocol/version.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace protocol {

/// What the id of a session says: everything there is to know of one that was only opened.
class Session {
public:
    std::string id; ///< 32 hexadecimal digits
    core::SystemTime issued_at{};
    Revision revision = kLatestLegacyRevision;
    ClientFeatures features;
};

/// What a client chose for its session.
class SessionState {
public:
    static SessionState parse(std::string_view json);
    std::string to_json() const;

    std::optional<LogLevel> log_level;
    std::set<std::string> subscriptions; ///< resource URIs
};

/// Sessions of the initialize era. Their ids describe themselves and are sealed and bound to the caller: they
/// outlive a restart, open on every replica with the same key, and cost nothing while nobody uses them. One
/// thread.
class Sessions {
public:
    explicit Sessions(ServerParts const& parts);

    /// A new id for the Mcp-Session-Id header; nullopt when the caller opened too many within the idle limit.
    std::optional<std::string>
    open(core::Principal const& caller, Revision revision, ClientFeatures const& features);
    /// What `token` says; nullopt when it is none of ours, another caller's, or revoked.
    std::optional<Session> read(std::string_view token, core::Principal const& caller) const;
    /// Notes that it is used. False when nobody used it for the idle limit: it is gone then. The look into
    /// the records is only needed when this process has not seen it for so long.
    core::Task<bool> touch(Session const& session);
    /// True when touch() needs no look: the answer for nearly every request.
    bool touch_at_once(Session const& session);
    core::Task<core::Result<void>> revoke(Session const& session, core::Principal const& caller);

    /// It is in use, without a request of its own.
    void keep(Session const& session);

    core::Task<SessionState> state(Session const& session);
    /// As it is kept, whichever process saved it last: to be changed and saved.
    core::Task<SessionState> kept_state(Session const& session);
    core::Task<core::Result<void>> save_state(Session const& session, SessionState const& state);
    /// The state if this process has it already.
    SessionState const* known_state(Session const& session) const noexcept;
    bool knows_states() const noexcept { return !states_.empty(); }
    /// Takes over what other processes saved. One at a time.
    core::Task<void> refresh();

    /// Forgets what is past the idle limit.
    void prune();
    std::size_t remembered() const noexcept { return seen_.size() + states_.size(); }

private:
    static constexpr std::size_t kSlots = 16;
    /// Sessions a principal opened, by time: bounds them without remembering any.
    class Opened {
    public:
        std::array<std::size_t, kSlots> counts{};
        std::int64_t newest_slot = 0;
    };
    class KnownState {
    public:
        SessionState state;
        core::SystemTime used_at{};
    };

    /// The ids read last, opened: a client sends the same one with every request.
    class ReadId {
    public:
        std::string caller;
        Session session;
    };

    Opened& advance(std::string const& principal);
    SessionState remember(Session const& session, SessionState state);
    core::SystemTime expiry_from(core::SystemTime used) const { return used + parts_.limits.session_idle; }

    ServerParts const& parts_;
    std::unordered_map<std::string, core::SystemTime> seen_;
    mutable std::unordered_map<std::string, ReadId> read_; ///< by token; a cache of bounded size
    std::unordered_map<std::string, KnownState> states_;
    std::unordered_set<std::string> saved_meanwhile_; ///< what refresh() reads of these is older
    std::optional<std::int64_t> mark_;                ///< of SessionRecords::saved_since
    std::unordered_map<std::string, Opened> opened_;
};

} // namespace protocol
