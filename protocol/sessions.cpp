#include "protocol/sessions.hpp"

#include "core/crypto/digest.hpp"
#include "core/crypto/random.hpp"
#include "core/log.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace protocol {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kPurpose = "mcp-session";
constexpr std::size_t kIdBytes = 16;
constexpr std::size_t kTimeBytes = 8;
constexpr std::size_t kTokenBytes = kIdBytes + kTimeBytes + 2;
/// States are kept for those that use them; beyond this many the store has to be asked again.
constexpr std::size_t kMostStates = 10'000;
/// About 100 KB: for the sessions in use, not for all there are.
constexpr std::size_t kMostReadIds = 256;

std::string encode_time(core::SystemTime time) {
    auto value =
        static_cast<std::uint64_t>(std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count());
    std::string bytes(kTimeBytes, '\0');
    for (std::size_t i = kTimeBytes; i-- > 0; value >>= 8U) {
        bytes[i] = static_cast<char>(static_cast<unsigned char>(value & 0xFFU));
    }
    return bytes;
}

core::SystemTime decode_time(std::string_view bytes) {
    std::uint64_t value = 0;
    for (char const c : bytes) {
        value = (value << 8U) | static_cast<unsigned char>(c);
    }
    // Sealed by us, but not always as a time: what no clock shows is the beginning of time, long gone.
    constexpr std::uint64_t kLatest = 9'000'000'000'000; // in 2255
    return core::SystemTime(milliseconds(value > kLatest ? 0 : static_cast<std::int64_t>(value)));
}

} // namespace

SessionState SessionState::parse(std::string_view json) {
    SessionState state;
    auto const value = core::parse_json(json, core::JsonLimits());
    if (!value) {
        return state;
    }
    if (auto const level = core::find_string(*value, "logLevel")) {
        state.log_level = parse_log_level(*level);
    }
    if (Json const* uris = core::find_array(*value, "subscriptions")) {
        for (Json const& uri : *uris) {
            if (uri.is_string()) {
                state.subscriptions.insert(uri.get<std::string>());
            }
        }
    }
    return state;
}

std::string SessionState::to_json() const {
    Json value = Json::object();
    if (log_level) {
        value["logLevel"] = std::string(to_string(*log_level));
    }
    value["subscriptions"] = subscriptions;
    return core::dump_json(value);
}

Sessions::Sessions(ServerParts const& parts) : parts_(parts) {}

Sessions::Opened& Sessions::advance(std::string const& principal) {
    auto const width = std::max<std::int64_t>(parts_.limits.session_idle.count() / std::int64_t{kSlots}, 1);
    std::int64_t const now =
        std::chrono::duration_cast<milliseconds>(parts_.clock.system_now().time_since_epoch()).count() /
        width;
    Opened& opened = opened_[principal];
    auto const slots = static_cast<std::int64_t>(kSlots);
    for (std::int64_t slot = std::max(opened.newest_slot + 1, now - slots + 1); slot <= now; ++slot) {
        opened.counts[static_cast<std::size_t>(slot % slots)] = 0;
    }
    opened.newest_slot = std::max(opened.newest_slot, now);
    return opened;
}

std::optional<std::string>
Sessions::open(core::Principal const& caller, Revision revision, ClientFeatures const& features) {
    Opened& opened = advance(caller.id);
    auto const total = std::accumulate(opened.counts.begin(), opened.counts.end(), std::size_t{0});
    if (total >= parts_.limits.sessions_per_principal) {
        core::log::warn("mcp.sessions_exhausted", {{"principal", caller.id}, {"sessions", total}});
        return std::nullopt;
    }
    ++opened.counts[static_cast<std::size_t>(opened.newest_slot) % kSlots];
    std::string plain = core::random_bytes(kIdBytes) + encode_time(parts_.clock.system_now());
    plain += static_cast<char>(index_of(revision));
    plain += static_cast<char>(features.bits());
    return parts_.sealer.seal(kPurpose, caller.id, plain);
}

std::optional<Session> Sessions::read(std::string_view token, core::Principal const& caller) const {
    std::string key(token);
    if (auto const known = read_.find(key); known != read_.end() && known->second.caller == caller.id) {
        Session const& session = known->second.session;
        return parts_.sessions.is_revoked(session.id) ? std::nullopt : std::optional(session);
    }
    auto const plain = parts_.sealer.open(kPurpose, caller.id, token);
    if (!plain || plain->size() != kTokenBytes) {
        return std::nullopt;
    }
    std::string_view rest = *plain;
    Session session;
    session.id = core::hex_encode(rest.substr(0, kIdBytes));
    session.issued_at = decode_time(rest.substr(kIdBytes, kTimeBytes));
    auto const revision = static_cast<std::size_t>(static_cast<unsigned char>(rest[kIdBytes + kTimeBytes]));
    session.features = ClientFeatures::from_bits(static_cast<std::uint8_t>(rest.back()));
    if (revision >= kRevisions.size() || is_modern(kRevisions[revision]) ||
        parts_.sessions.is_revoked(session.id)) {
        return std::nullopt;
    }
    session.revision = kRevisions[revision];
    if (read_.size() >= kMostReadIds) {
        read_.clear();
    }
    ReadId read;
    read.caller = caller.id;
    read.session = session;
    read_.insert_or_assign(std::move(key), std::move(read));
    return session;
}

bool Sessions::touch_at_once(Session const& session) {
    core::SystemTime const now = parts_.clock.system_now();
    auto const known = seen_.find(session.id);
    core::SystemTime const last =
        known == seen_.end() ? session.issued_at : std::max(known->second, session.issued_at);
    milliseconds const idle = parts_.limits.session_idle;
    if (now - last > idle) {
        return false;
    }
    // Within the first half of the limit the id itself says enough: nothing to remember.
    if (now - last > idle / 2) {
        seen_[session.id] = now;
        parts_.sessions.note_seen(session.id, now, expiry_from(now));
    }
    return true;
}

core::Task<bool> Sessions::touch(Session const& session) {
    if (touch_at_once(session)) {
        co_return true;
    }
    // Another replica may have seen it, or this one before a restart.
    auto const last = co_await parts_.sessions.last_seen(session.id);
    core::SystemTime const now = parts_.clock.system_now();
    if (!last || !*last || now - **last > parts_.limits.session_idle) {
        co_return false;
    }
    seen_[session.id] = now;
    parts_.sessions.note_seen(session.id, now, expiry_from(now));
    co_return true;
}

core::Task<core::Result<void>> Sessions::revoke(Session const& session, core::Principal const& caller) {
    seen_.erase(session.id);
    states_.erase(session.id);
    Opened& opened = advance(caller.id);
    auto const slot = std::find_if(
        opened.counts.begin(), opened.counts.end(), [](std::size_t count) { return count != 0; });
    if (slot != opened.counts.end()) {
        --*slot; // its place is free again; which slot it was counted in does not matter much
    }
    // Seen by a replica just now, it could live for another idle limit there.
    core::SystemTime const until = parts_.clock.system_now() + 2 * parts_.limits.session_idle;
    auto done = co_await parts_.sessions.revoke(session.id, until);
    co_return done;
}

void Sessions::keep(Session const& session) {
    touch_at_once(session);
    if (auto const known = states_.find(session.id); known != states_.end()) {
        known->second.used_at = parts_.clock.system_now();
    }
}

SessionState Sessions::remember(Session const& session, SessionState state) {
    if (states_.size() >= kMostStates) {
        states_.clear();
    }
    KnownState known;
    known.state = state;
    known.used_at = parts_.clock.system_now();
    states_[session.id] = std::move(known);
    return state;
}

core::Task<SessionState> Sessions::state(Session const& session) {
    if (auto const known = states_.find(session.id); known != states_.end()) {
        known->second.used_at = parts_.clock.system_now();
        co_return known->second.state;
    }
    SessionState kept = co_await kept_state(session);
    co_return kept;
}

core::Task<SessionState> Sessions::kept_state(Session const& session) {
    if (!mark_) {
        co_await refresh(); // from here on nothing that is saved elsewhere is missed
    }
    auto const stored = co_await parts_.sessions.load_state(session.id);
    SessionState state = stored && *stored ? SessionState::parse(**stored) : SessionState();
    co_return remember(session, std::move(state));
}

core::Task<core::Result<void>> Sessions::save_state(Session const& session, SessionState const& state) {
    saved_meanwhile_.insert(session.id);
    remember(session, state);
    core::SystemTime const until = expiry_from(parts_.clock.system_now());
    auto saved = co_await parts_.sessions.save_state(session.id, state.to_json(), until);
    co_return saved;
}

core::Task<void> Sessions::refresh() {
    bool more = true;
    while (more) {
        saved_meanwhile_.clear();
        auto const saved = co_await parts_.sessions.saved_since(mark_);
        if (!saved) {
            core::log::warn("mcp.session_states", {{"error", core::describe(saved.error())}});
            co_return;
        }
        for (SavedState const& one : saved->states) {
            auto const known = states_.find(one.session);
            if (known != states_.end() && !saved_meanwhile_.contains(one.session)) {
                known->second.state = SessionState::parse(one.state);
            }
        }
        mark_ = saved->mark;
        more = saved->more;
    }
}

SessionState const* Sessions::known_state(Session const& session) const noexcept {
    auto const known = states_.find(session.id);
    return known == states_.end() ? nullptr : &known->second.state;
}

void Sessions::prune() {
    core::SystemTime const limit = parts_.clock.system_now() - parts_.limits.session_idle;
    std::erase_if(seen_, [&](auto const& entry) { return entry.second < limit; });
    std::erase_if(states_, [&](auto const& entry) { return entry.second.used_at < limit; });
    for (auto it = opened_.begin(); it != opened_.end();) {
        Opened const& opened = advance(it->first);
        bool const none = std::all_of(
            opened.counts.begin(), opened.counts.end(), [](std::size_t count) { return count == 0; });
        it = none ? opened_.erase(it) : std::next(it);
    }
}

} // namespace protocol
