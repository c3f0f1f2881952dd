#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "server/store/journal.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace server {

/// The journal of writes, on the store's thread. As in CredentialTables: durable when a function returns,
/// SQLite's exceptions come out.
class JournalTable {
public:
    explicit JournalTable(SQLite::Database& database) : database_(database) {}

    core::Result<Journal::Begun>
    begin(JournalEntry entry, std::chrono::hours key_lifetime, core::SystemTime now);
    core::Result<void> complete(std::int64_t id,
                                std::string const& resource_id,
                                std::string const& result,
                                core::SystemTime now);
    core::Result<Journal::Claim>
    claim(std::int64_t id, std::string const& resource_id, std::string const& result, core::SystemTime now);
    core::Result<bool> reopen(JournalEntry const& seen, core::SystemTime busy_until, core::SystemTime now);
    core::Result<bool> abandon(JournalEntry const& seen, core::SystemTime now);
    core::Result<JournalEntry> load(std::int64_t id);
    core::Result<void> set_state(std::int64_t id, JournalEntry::State state, core::SystemTime now);
    core::Result<std::vector<JournalEntry>> list_open();
    core::Result<std::vector<std::string>>
    known_resources(std::string const& organization, std::string const& tool, core::SystemTime since);
    core::Result<std::size_t> forget_before(core::SystemTime before);

private:
    SQLite::Database& database_;
};

} // namespace server
