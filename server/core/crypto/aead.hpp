#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// AES-256-GCM (NIST SP 800-38D) with random nonces. Keys are 32 bytes.
namespace core {

inline constexpr std::size_t kAeadKeyBytes = 32;
inline constexpr std::size_t kAeadNonceBytes = 12;
inline constexpr std::size_t kAeadTagBytes = 16;

/// Plain text on its way; wiped when it goes.
class PlainText {
public:
    explicit PlainText(std::size_t size = 0) : bytes(size, '\0') {}
    PlainText(PlainText const&) = delete;
    PlainText& operator=(PlainText const&) = delete;
    ~PlainText();
    std::string bytes;
};

/// nonce | ciphertext | tag. `aad` is authenticated, not stored. nullopt when OpenSSL fails.
std::optional<std::string> aead_seal(std::string_view key, std::string_view aad, std::string_view plain);
/// False when it is too short or its tag does not fit: `plain` then holds nothing to be used.
bool aead_open(std::string_view key, std::string_view aad, std::string_view sealed, PlainText& plain);

} // namespace core
