#pragma once

#include "core/clock.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

namespace core {

/// The idle connections of one origin: the last one in is the first one out, so that in quiet times the rest
/// grow old and expire from the other end. Pure; `C` needs `bool is_stale()`.
template <class C>
class IdleConnections {
public:
    explicit IdleConnections(std::chrono::steady_clock::duration keep) : keep_(keep) {}

    void put(std::unique_ptr<C> connection, SteadyTime now) {
        entries_.emplace_back(std::move(connection), now + keep_);
    }

    /// The youngest that is neither expired nor stale; those that are go.
    std::unique_ptr<C> take(SteadyTime now) {
        while (!entries_.empty()) {
            Entry entry = std::move(entries_.back());
            entries_.pop_back();
            if (now < entry.expires_at && !entry.connection->is_stale()) {
                return std::move(entry.connection);
            }
        }
        return nullptr;
    }

    void expire(SteadyTime now) {
        while (!entries_.empty() && now >= entries_.front().expires_at) {
            entries_.pop_front();
        }
    }
    void drop_stale() {
        std::erase_if(entries_, [](Entry const& entry) { return entry.connection->is_stale(); });
    }
    void clear() { entries_.clear(); }

    std::optional<SteadyTime> next_expiry() const {
        return entries_.empty() ? std::nullopt : std::optional<SteadyTime>(entries_.front().expires_at);
    }
    std::size_t size() const noexcept { return entries_.size(); }

private:
    struct Entry {
        Entry(std::unique_ptr<C> connection_, SteadyTime expires_at_)
            : connection(std::move(connection_)), expires_at(expires_at_) {}
        std::unique_ptr<C> connection;
        SteadyTime expires_at;
    };

    std::chrono::steady_clock::duration keep_;
    std::deque<Entry> entries_; ///< oldest first
};

} // namespace core
