#pragma once

#include "core/result.hpp"
#include "core/secret.hpp"
#include "server/store/database.hpp"
#include "server/store/envelope.hpp"
#include "server/store/envelope_key_ring.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/stat.h>

namespace server {

/// The key ring as it is now: the key file may change under a running process (`ado-mcpd key rotate`), and
/// every process that has the store open goes over to the new ring. On the store's thread.
class LiveKeyRing {
public:
    /// load_key_ring(), with its rules for a store that is new.
    static core::Result<LiveKeyRing> load(std::string key_file, bool store_is_new);

    KeyRing const& ring() const noexcept { return ring_; }
    /// Is told of every ring taken up from now on.
    void on_change(std::function<void(KeyRing const&)> listener) { listener_ = std::move(listener); }

    /// Reads the file when it is another one than last time; true when the ring is another one now. When the
    /// file cannot be read the ring stays as it is.
    core::Result<bool> refresh();

    /// open_envelope(), after a refresh() when the key is not known.
    core::Result<std::vector<core::Secret>> open(RecordName const& record, std::string_view envelope);

    /// The ring to seal with, inside a write transaction. The store remembers which key was last written
    /// with: a process that still has the ring from before a rotation notices here, before it would write
    /// under a key that is about to go.
    core::Result<KeyRing const*> for_writing(SQLite::Database& database);

private:
    LiveKeyRing(std::string key_file, KeyRing ring)
        : key_file_(std::move(key_file)), ring_(std::move(ring)) {}

    std::string key_file_;
    KeyRing ring_;
    struct stat seen_ {};
    std::function<void(KeyRing const&)> listener_;
};

} // namespace server
