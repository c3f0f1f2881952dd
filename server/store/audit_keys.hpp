#pragma once

#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"
#include "server/store/database.hpp"
#include "server/store/live_key_ring.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace server {

/// The keys of the audit's chain and fingerprints. They are random, lie in the store sealed like every other
/// secret, and so outlast every rotation of the key ring. A new one is made when there is none that opens.
class AuditKeys {
public:
    class Key {
    public:
        Key(std::string id_, core::Secret const& master);

        /// Authenticates `record` together with the hash of the record before it.
        std::string link(std::string_view previous_hash, std::string_view record) const;
        std::string seal_head(std::string_view head) const;
        std::string fingerprint(core::Secret const& secret) const;

        std::string id;

    private:
        core::Secret chain_;
        core::Secret fingerprints_;
    };

    /// On the store's thread, outside of a transaction.
    core::Result<void> load(SQLite::Database& database, LiveKeyRing& keys, core::SystemTime now);
    /// The keys of the table again: another process may have made one. Inside or outside of a transaction.
    core::Result<void> reload(SQLite::Database& database, LiveKeyRing& keys);

    /// Any thread. After load().
    std::shared_ptr<Key const> current() const;                 ///< the newest; nullptr when none opens
    std::shared_ptr<Key const> find(std::string_view id) const; ///< nullptr when unknown
    std::string fingerprint(core::Secret const& secret) const;

private:
    mutable std::mutex mutex_;
    std::vector<std::shared_ptr<Key const>> keys_; ///< oldest first
};

} // namespace server
