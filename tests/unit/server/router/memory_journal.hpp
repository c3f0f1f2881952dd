#pragma once

#include "core/clock.hpp"
#include "server/store/journal.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace test {

/// The journal's contract without a disk. `entries` is open to the test: it may set a state as a crash would
/// have left it.
class MemoryJournal final : public server::Journal {
public:
    explicit MemoryJournal(core::Clock& clock) : clock_(clock) {}

    core::Task<core::Result<Begun>> begin(server::JournalEntry entry,
                                          std::chrono::hours key_lifetime) override {
        Begun begun;
        for (server::JournalEntry const& earlier : entries) {
            bool const same_key = entry.idempotency_key && earlier.idempotency_key == entry.idempotency_key &&
                                  earlier.caller == entry.caller &&
                                  earlier.organization == entry.organization && earlier.tool == entry.tool;
            bool const counts = earlier.state != server::JournalEntry::State::abandoned &&
                                clock_.system_now() - earlier.created_at < key_lifetime;
            if (same_key && counts) {
                begun.fresh = false;
                begun.entry = earlier;
                co_return begun;
            }
        }
        entry.id = static_cast<std::int64_t>(entries.size()) + 1;
        entry.sent_at = clock_.system_now();
        entries.push_back(entry);
        begun.entry = std::move(entry);
        co_return begun;
    }

    core::Task<core::Result<void>>
    complete(std::int64_t id, std::string resource_id, std::string result) override {
        server::JournalEntry& entry = entries.at(static_cast<std::size_t>(id - 1));
        entry.state = server::JournalEntry::State::done;
        entry.resource_id = std::move(resource_id);
        entry.result = std::move(result);
        co_return core::Result<void>();
    }

    core::Task<core::Result<Claim>>
    claim(std::int64_t id, std::string resource_id, std::string result) override {
        server::JournalEntry& entry = entries.at(static_cast<std::size_t>(id - 1));
        for (server::JournalEntry const& other : entries) {
            if (other.id != id && other.resource_id == resource_id) {
                co_return Claim::taken;
            }
            if (other.id != id && other.lane == entry.lane &&
                other.state == server::JournalEntry::State::pending &&
                other.busy_until > clock_.system_now()) {
                co_return Claim::contested;
            }
        }
        if (!is_open(entry)) {
            co_return entry.resource_id == resource_id ? Claim::claimed : Claim::contested;
        }
        entry.state = server::JournalEntry::State::done;
        entry.resource_id = std::move(resource_id);
        entry.result = std::move(result);
        co_return Claim::claimed;
    }

    core::Task<core::Result<bool>> reopen(server::JournalEntry seen, core::SystemTime busy_until) override {
        server::JournalEntry& entry = entries.at(static_cast<std::size_t>(seen.id - 1));
        if (!is_open(entry) || entry.sent_at != seen.sent_at) {
            co_return false;
        }
        entry.state = server::JournalEntry::State::pending;
        entry.sent_at = clock_.system_now();
        entry.busy_until = busy_until;
        co_return true;
    }

    core::Task<core::Result<bool>> abandon(server::JournalEntry seen) override {
        server::JournalEntry& entry = entries.at(static_cast<std::size_t>(seen.id - 1));
        bool const same = is_open(entry) && entry.sent_at == seen.sent_at;
        if (same) {
            entry.state = server::JournalEntry::State::abandoned;
        }
        co_return same;
    }

    core::Task<core::Result<server::JournalEntry>> load(std::int64_t id) override {
        co_return entries.at(static_cast<std::size_t>(id - 1));
    }

    core::Task<core::Result<void>> set_state(std::int64_t id, server::JournalEntry::State state) override {
        entries.at(static_cast<std::size_t>(id - 1)).state = state;
        co_return core::Result<void>();
    }

    core::Task<core::Result<std::vector<server::JournalEntry>>> list_open() override {
        std::vector<server::JournalEntry> open;
        std::copy_if(entries.begin(), entries.end(), std::back_inserter(open), &is_open);
        co_return open;
    }

    core::Task<core::Result<std::vector<std::string>>>
    known_resources(std::string organization, std::string tool, core::SystemTime since) override {
        std::vector<std::string> known;
        for (server::JournalEntry const& entry : entries) {
            if (entry.organization == organization && entry.tool == tool && entry.created_at >= since &&
                !entry.resource_id.empty()) {
                known.push_back(entry.resource_id);
            }
        }
        co_return known;
    }

    core::Task<core::Result<std::size_t>> forget_before(core::SystemTime before) override {
        forgotten_before = before;
        co_return std::size_t{0};
    }

    core::SystemTime forgotten_before{};

    std::vector<server::JournalEntry> entries;

private:
    static bool is_open(server::JournalEntry const& entry) {
        return entry.state == server::JournalEntry::State::pending ||
               entry.state == server::JournalEntry::State::unresolved;
    }

    core::Clock& clock_;
};

} // namespace test
