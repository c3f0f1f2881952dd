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
    std::size_t size() const noexcept { return keys_.size(); }

private:
    KeyRing() = default;
    std::vector<Key> keys_;
};

/// $CREDENTIALS_DIRECTORY/store.key where there is one, else `key_file`. When that is absent too it is made
/// (0600), but only for a store that is new: records of an existing one would stay unreadable under a new
/// key.
core::Result<KeyRing> load_key_ring(std::string const& key_file, bool store_is_new);

} // namespace server
