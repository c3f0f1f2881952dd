#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "server/store/audit.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace server {

/// Changing the key under which the store's secrets lie, while daemons run on it. The order is what makes it
/// safe against a crash anywhere: the new key is in the key file before anything is sealed under it, and an
/// old one leaves the file only when nothing needs it any more. A rotation that was cut off is gone on with
/// by the next one.

class KeyRotationOptions {
public:
    std::string store_path;
    std::string key_file;
    bool drop_old = false;  ///< take the keys that no record needs out of the key file
    std::size_t batch = 64; ///< records a transaction
    AuditActor actor;
    /// Is told of each step once it is durable: `key_written`, `announced`, `batch`, `resealed`, `dropped`.
    std::function<void(std::string_view step)> on_step;
};

class KeyRotationReport {
public:
    std::string key_id;   ///< of the key everything is under now
    bool resumed = false; ///< no new key was made: an earlier rotation had not come to its end
    std::size_t resealed = 0;
    std::vector<std::string> unreadable; ///< records that were left as they are: `the pat of contoso (key …)`
    std::vector<std::string> kept;       ///< ids of the other keys in the file
    std::vector<std::string> dropped;
};

/// Blocking. `clock` is for the audit's times.
core::Result<KeyRotationReport> rotate_keys(KeyRotationOptions const& options, core::Clock& clock);

/// A key file with one random key where there is none. Refused with `key_file_missing` when the store at
/// `store_path` already holds something: its key would not be this one. The id of the key.
core::Result<std::string> init_key_file(std::string const& store_path, std::string const& key_file);

} // namespace server
