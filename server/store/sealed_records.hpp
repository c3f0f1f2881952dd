#pragma once

#include "core/result.hpp"
#include "server/store/database.hpp"
#include "server/store/envelope_key_ring.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace server {

/// A record that cannot be read, and the key it would take.
class UnreadableRecord {
public:
    UnreadableRecord(std::string kind_, std::string organization_, std::string key_id_)
        : kind(std::move(kind_)), organization(std::move(organization_)), key_id(std::move(key_id_)) {}
    /// `the pat of contoso (key 1a2b3c4d)`
    std::string describe() const;

    std::string kind; ///< grant, pat, audit key
    std::string organization;
    std::string key_id; ///< empty = it is no envelope at all
};

/// All records that hold an envelope, whatever table they lie in. A new table with envelopes gets a line in
/// sealed_records.cpp, and with it takes part in key rotation. On the store's thread.

/// Those whose key is not in the ring.
std::vector<UnreadableRecord> unreadable_records(SQLite::Database& database, KeyRing const& ring);

/// The ids of the keys that records need.
std::vector<std::string> needed_keys(SQLite::Database& database);

/// Where a pass over all sealed records stands.
class ResealPosition {
public:
    std::size_t table = 0;
    std::int64_t row = -1; ///< the last one looked at
};

class ResealBatch {
public:
    bool at_end = false;
    std::size_t resealed = 0;
    std::vector<UnreadableRecord> failed; ///< left as they were
};

/// Brings up to `limit` records under the ring's first key, from `position` on, which moves. One transaction.
core::Result<ResealBatch>
reseal_batch(SQLite::Database& database, KeyRing const& ring, ResealPosition& position, std::size_t limit);

} // namespace server
