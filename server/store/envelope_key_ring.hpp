#pragma once

#include "core/crypto/sealer.hpp"
#include "core/result.hpp"
#include "core/secret.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace server {

/// The key-encryption keys: the first one encrypts, all of them decrypt. Not changed once made, so that
/// threads may share it.
class KeyRing {
public:
    class Key {
    public:
        Key(std::string id_, core::Secret bytes_) : id(std::move(id_)), bytes(std::move(bytes_)) {}
        std::string id;     ///< first 8 hexadecimal digits of SHA-256 of the key
        core::Secret bytes; ///< 32
    };

    /// One key in base64 a line; empty lines and `#` comments are skipped. `source` names the file in
    /// messages.
    static core::Result<KeyRing> parse(core::Secret const& text, std::string const& source);
    /// The text of a key file with one new random key.
    static core::Secret generate();

    Key const& first() const noexcept { return keys_.front(); }
    Key const* find(std::string_view id) const noexcept; ///< nullptr when unknown
    /// A sealer under keys derived from these: what it seals outside cannot be taken for an envelope inside.
    core::Sealer sealer() const;
    std::vector<core::Sealer::Key> sealer_keys() const;
    std::size_t size() const noexcept { return keys_.size(); }
    std::vector<std::string> ids() const; ///< in their order
    bool same_keys(KeyRing const& other) const { return ids() == other.ids(); }

private:
    KeyRing() = default;
    std::vector<Key> keys_;
};

/// $CREDENTIALS_DIRECTORY/store.key where there is one, else `key_file`. When that is absent too it is made
/// (0600), but only for a store that is new: records of an existing one would stay unreadable under a new
/// key.
core::Result<KeyRing> load_key_ring(std::string const& key_file, bool store_is_new);

/// Where the ring is read from: the service manager's credential where there is one, else `key_file`.
std::string key_ring_path(std::string const& key_file);
/// True when that is the service manager's credential, which only the service manager can change.
bool key_ring_is_credential();

/// What `ado-mcpd key rotate` does to the file: a new random key on top, the others kept. The id of the new
/// key. Durable and complete, or not done.
core::Result<std::string> prepend_new_key(std::string const& key_file);
/// Keeps the first key and those whose id `needed` holds; the ids of those that went.
core::Result<std::vector<std::string>> drop_keys(std::string const& key_file,
                                                 std::vector<std::string> const& needed);

} // namespace server
