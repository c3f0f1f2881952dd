#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "server/store/audit.hpp"

#include <string>

namespace server {

/// A copy of the whole store as it is at one moment, while daemons run on it (SQLite's VACUUM INTO): one
/// file, mode 0600, that opens with the same key file, complete or not there at all. Blocking. Fails with
/// conflict when `target` exists.
core::Result<void> backup_store(std::string const& store_path,
                                std::string const& key_file,
                                std::string const& target,
                                AuditActor actor,
                                core::Clock& clock);

} // namespace server
