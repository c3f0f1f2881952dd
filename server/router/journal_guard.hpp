#pragma once

#include "core/clock.hpp"
#include "server/store/journal.hpp"
#include "server/tools/write_guard.hpp"

#include <chrono>
#include <memory>

namespace server {

/// WriteGuard over the durable journal. `journal` and `clock` outlive it.
std::unique_ptr<WriteGuard>
make_journal_guard(Journal& journal, core::Clock& clock, std::chrono::hours key_lifetime);

} // namespace server
