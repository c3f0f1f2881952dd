#pragma once

#include "core/clock.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

namespace protocol {

/// Values that count until a moment of their own. What has expired is never found; its memory goes with
/// forget_expired(), which whoever writes calls, so that nothing needs a timer. One thread.
template <class Value>
class ExpiringMap {
public:
    Value const* find(std::string const& key, core::SystemTime now) const noexcept {
        auto const found = entries_.find(key);
        return found == entries_.end() || found->second.until <= now ? nullptr : &found->second.value;
    }

    void put(std::string key, Value value, core::SystemTime until) {
        auto const [entry, fresh] = entries_.try_emplace(std::move(key));
        if (!fresh) {
            by_expiry_.erase(entry->second.place);
        }
        entry->second.value = std::move(value);
        entry->second.until = until;
        entry->second.place = by_expiry_.emplace(until, &entry->first);
    }

    /// The earliest first, at most `at_most`: a write never pays for a whole day's leavings.
    void forget_expired(core::SystemTime now, std::size_t at_most) {
        while (at_most-- != 0 && !by_expiry_.empty() && by_expiry_.begin()->first <= now) {
            auto const entry = entries_.find(*by_expiry_.begin()->second);
            by_expiry_.erase(by_expiry_.begin());
            entries_.erase(entry);
        }
    }

    std::size_t size() const noexcept { return entries_.size(); }

private:
    using Places = std::multimap<core::SystemTime, std::string const*>; ///< the keys live in entries_
    struct Entry {
        Value value{};
        core::SystemTime until{};
        typename Places::iterator place{};
    };

    std::unordered_map<std::string, Entry> entries_;
    Places by_expiry_;
};

} // namespace protocol
