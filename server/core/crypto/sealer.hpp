#pragma once

#include "core/secret.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace core {

/// Seals small texts that leave the daemon and come back through hands that must neither read nor change
/// them: session ids, cursors, request states, OAuth states. Replicas that share the keys open each other's;
/// a restart changes nothing. Threads may share it.
class Sealer {
public:
    class Key {
    public:
        Key(std::string id_, Secret bytes_) : id(std::move(id_)), bytes(std::move(bytes_)) {}
        std::string id; ///< 8 characters
        Secret bytes;   ///< 32
    };

    /// The first key seals, all of them open. At least one.
    explicit Sealer(std::vector<Key> keys);
    /// One random key that nobody else has: what it seals ends with the process.
    static Sealer ephemeral();

    /// From now on with these keys: what only a key that is gone opens is no longer opened. Any thread.
    void replace_keys(std::vector<Key> keys);

    /// base64url text of: version (1 byte) | key id (8) | nonce (12) | ciphertext | tag (16). `purpose` and
    /// `bound` must be the same when it is opened; they are authenticated, not stored.
    std::string seal(std::string_view purpose, std::string_view bound, std::string_view plain) const;
    /// nullopt when it was not sealed by one of our keys for this purpose and these bounds, or was changed.
    std::optional<std::string>
    open(std::string_view purpose, std::string_view bound, std::string_view token) const;

private:
    class Keys;
    std::shared_ptr<Keys> keys_; ///< shared with nobody: so that a Sealer can be moved
};

} // namespace core
