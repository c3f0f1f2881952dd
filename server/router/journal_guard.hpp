#pragma once

#include "core/clock.hpp"
#include "server/store/journal.hpp"
#include "server/tools/write_guard.hpp"

#include <chrono>
#include <memory>

namespace server {

class JournalGuardSettings {
public:
    JournalGuardSettings(std::chrono::hours key_lifetime_,
                         std::chrono::milliseconds settle_ = std::chrono::minutes(5))
        : key_lifetime(key_lifetime_), settle(settle_) {}

    std::chrono::hours key_lifetime;
    /// After this long no request of a write can still be under way: an entry that old and without an effect
    /// may be sent again under its key.
    std::chrono::milliseconds settle;
};

/// WriteGuard over the durable journal. Other processes may have the journal open too. `journal` and `clock`
/// outlive it.
std::unique_ptr<WriteGuard>
make_journal_guard(Journal& journal, core::Clock& clock, JournalGuardSettings settings);

} // namespace server
