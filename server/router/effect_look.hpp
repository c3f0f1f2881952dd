#pragma once

#include "core/task.hpp"
#include "server/store/journal.hpp"
#include "server/tools/write_guard.hpp"

#include <optional>

namespace server {

/// What a look for the effect of an open entry came to.
class EffectLook {
public:
    EffectLook() = default;

    bool worked = false; ///< the look itself: only then does it mean something that nothing was found
    std::optional<WriteOutcome> found; ///< now the entry's, and noted in the journal
};

/// Looks once, and takes what it finds for the entry's effect unless it is another entry's, or may be that of
/// a twin that is being sent. References outlive the task.
core::Task<EffectLook>
look_for_effect(Journal& journal, JournalEntry const& entry, WriteGuard::LookUp const& look_up);

} // namespace server
