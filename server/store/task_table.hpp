#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "protocol/task_store.hpp"

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace server {

/// Tasks, on the store's thread. As in CredentialTables: durable when a function returns, SQLite's exceptions
/// come out. Arguments, states, inputs, requests and outcomes hold text of users and work items but no
/// credentials, which handlers get from their connector and never from a caller: like the journal's probes
/// they are kept plain, in a file that is its owner's alone.
class TaskTable {
public:
    explicit TaskTable(SQLite::Database& database) : database_(database) {}

    core::Result<void> insert(protocol::TaskRecord record);
    core::Result<std::optional<protocol::TaskRecord>> load(std::string const& id);
    core::Result<bool> save(protocol::TaskRecord const& record);
    core::Result<std::size_t> count_open(std::string const& owner);
    core::Result<std::vector<protocol::TaskRecord>>
    claim_abandoned(std::string const& runner, core::SystemTime now, core::SystemTime lease_until);
    core::Result<std::vector<std::string>> renew(std::string const& runner, core::SystemTime lease_until);
    core::Result<std::vector<std::string>> changed_since(core::SystemTime since);
    core::Result<std::size_t> forget_expired(core::SystemTime now);

private:
    SQLite::Database& database_;
};

} // namespace server
