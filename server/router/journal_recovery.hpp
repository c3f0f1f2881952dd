#pragma once

#include "core/clock.hpp"
#include "core/task.hpp"
#include "server/config/limits.hpp"
#include "server/router/organization_directory.hpp"
#include "server/store/journal.hpp"

#include <cstddef>

namespace server {

/// Settles what crashes and lost answers left open in the journal: at the start and every
/// limits.write_recovery_ms it looks for the effects of open writes, with the credential of their
/// organization's connector. What is found is noted, so that a repeated key answers with it; what cannot be
/// under way any more and is nowhere counts as never written. Nothing is ever sent. It also forgets what is
/// older than limits.journal_days. References outlive it; one thread.
class JournalRecovery {
public:
    JournalRecovery(Journal& journal,
                    OrganizationDirectory& directory,
                    core::Clock& clock,
                    Limits const& limits)
        : journal_(journal), directory_(directory), clock_(clock), limits_(limits) {}

    /// Until cancelled.
    core::Task<void> run();
    /// Once over all open entries; how many were settled.
    core::Task<std::size_t> settle_open();
    core::Task<void> prune();

private:
    core::Task<bool> settle(JournalEntry const& entry);

    Journal& journal_;
    OrganizationDirectory& directory_;
    core::Clock& clock_;
    Limits const& limits_;
};

} // namespace server
