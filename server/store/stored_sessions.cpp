#include "server/store/stored_sessions.hpp"

#include "core/log.hpp"

#include <algorithm>

namespace server {
namespace {

/// With the poll that writes (App::follow_store, twice a second) a mark is on the disk within five seconds.
constexpr std::chrono::seconds kSeenDelay{4};
/// This many are written at once, without waiting.
constexpr std::size_t kSeenBatch = 1024;
/// Only while the database cannot be written: more sessions than this are not noted.
constexpr std::size_t kSeenAtMost = 16 * 1024;
constexpr std::size_t kForgottenPerWrite = 64;

} // namespace

bool StoredSessions::is_revoked(std::string const& session) const noexcept {
    return revoked_.find(session, clock_.system_now()) != nullptr;
}

core::Task<core::Result<void>> StoredSessions::revoke(std::string session, core::SystemTime until) {
    remember(session, until);
    return thread_.run([this, session = std::move(session), until] {
        return table_.revoke(session, until, clock_.system_now());
    });
}

void StoredSessions::note_seen(std::string const& session, core::SystemTime at, core::SystemTime until) {
    if (until <= clock_.system_now()) {
        return;
    }
    std::lock_guard const lock(seen_mutex_);
    keep_seen(session, Seen{at, until});
    // After a failure only the poll tries again, not every request.
    if (seen_.size() >= kSeenBatch && !write_posted_ && !write_failed_) {
        write_posted_ = true;
        thread_.post([this] { write_seen(); });
    }
}

core::Task<core::Result<std::optional<core::SystemTime>>> StoredSessions::last_seen(std::string session) {
    using Answer = core::Result<std::optional<core::SystemTime>>;
    // Marks leave the buffer on the store's thread: this job finds each in one place or the other.
    return thread_.run([this, session = std::move(session)]() -> Answer {
        core::SystemTime const now = clock_.system_now();
        ADOMCPD_TRY(std::optional<core::SystemTime> seen, table_.last_seen(session, now));
        std::lock_guard const lock(seen_mutex_);
        auto const noted = seen_.find(session);
        if (noted != seen_.end() && noted->second.until > now) {
            seen = std::max(seen.value_or(noted->second.at), noted->second.at);
        }
        return seen;
    });
}

core::Task<core::Result<std::optional<std::string>>> StoredSessions::load_state(std::string session) {
    return thread_.run(
        [this, session = std::move(session)] { return table_.load_state(session, clock_.system_now()); });
}

core::Task<core::Result<void>>
StoredSessions::save_state(std::string session, std::string state, core::SystemTime until) {
    return thread_.run([this, session = std::move(session), state = std::move(state), until] {
        return table_.save_state(session, state, until, clock_.system_now());
    });
}

core::Task<core::Result<protocol::SavedStates>>
StoredSessions::saved_since(std::optional<std::int64_t> mark) {
    return thread_.run([this, mark] { return table_.saved_since(mark, clock_.system_now()); });
}

core::Task<core::Result<void>> StoredSessions::leave(protocol::SessionLetter letter) {
    return thread_.run(
        [this, letter = std::move(letter)] { return table_.leave(letter, clock_.system_now()); });
}

core::Task<core::Result<std::vector<protocol::SessionLetter>>>
StoredSessions::collect(std::vector<std::string> addresses) {
    return thread_.run(
        [this, addresses = std::move(addresses)] { return table_.collect(addresses, clock_.system_now()); });
}

core::Result<void> StoredSessions::take_up() {
    std::size_t size = SessionTable::kRevocationPage;
    while (size == SessionTable::kRevocationPage) {
        ADOMCPD_TRY(std::vector<Revocation> page,
                    table_.revoked_after(last_revocation_, clock_.system_now()));
        size = page.size();
        remember(std::move(page));
    }
    return {};
}

core::Task<core::Result<void>> StoredSessions::refresh() {
    std::size_t size = SessionTable::kRevocationPage;
    while (size == SessionTable::kRevocationPage) {
        auto job = [this, after = last_revocation_] {
            return table_.revoked_after(after, clock_.system_now());
        };
        auto task = thread_.run(std::move(job));
        CO_TRY(std::vector<Revocation> page, co_await std::move(task));
        size = page.size();
        remember(std::move(page));
    }
    co_return core::Result<void>();
}

void StoredSessions::write_seen() noexcept {
    std::unordered_map<std::string, Seen> batch;
    {
        std::lock_guard const lock(seen_mutex_);
        batch.swap(seen_);
        write_posted_ = false;
    }
    if (batch.empty()) {
        return;
    }
    std::vector<SeenMark> marks;
    marks.reserve(batch.size());
    for (auto const& [session, seen] : batch) {
        marks.emplace_back(session, seen.at, seen.until);
    }
    auto const written =
        with_store_errors([this, &marks] { return table_.note_seen(marks, clock_.system_now()); });
    if (!written) {
        core::log::warn("store.seen_not_written", {{"reason", core::describe(written.error())}});
    }
    std::lock_guard const lock(seen_mutex_);
    write_failed_ = !written.has_value();
    if (write_failed_) {
        for (auto const& [session, seen] : batch) {
            keep_seen(session, seen);
        }
        seen_due_ = clock_.now() + kSeenDelay;
    }
}

void StoredSessions::write_seen_when_due() noexcept {
    bool due = false;
    {
        std::lock_guard const lock(seen_mutex_);
        due = !seen_.empty() && clock_.now() >= seen_due_;
    }
    if (due) {
        write_seen();
    }
}

void StoredSessions::remember(std::string session, core::SystemTime until) {
    core::SystemTime const now = clock_.system_now();
    revoked_.forget_expired(now, kForgottenPerWrite);
    core::SystemTime const* const kept = revoked_.find(session, now);
    if (until > now && (kept == nullptr || *kept < until)) {
        revoked_.put(std::move(session), until, until);
    }
}

void StoredSessions::remember(std::vector<Revocation> page) {
    for (Revocation& revocation : page) {
        last_revocation_ = std::max(last_revocation_, revocation.id);
        remember(std::move(revocation.session), revocation.until);
    }
}

void StoredSessions::keep_seen(std::string const& session, Seen seen) {
    if (seen_.empty()) {
        seen_due_ = clock_.now() + kSeenDelay;
    }
    auto const kept = seen_.find(session);
    if (kept == seen_.end()) {
        if (seen_.size() < kSeenAtMost) {
            seen_.emplace(session, seen);
        }
    } else if (kept->second.at < seen.at) {
        kept->second = seen;
    }
}

} // namespace server
