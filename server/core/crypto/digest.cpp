#include "core/crypto/digest.hpp"

#include "core/check.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <array>
#include <cstring>
#include <limits>

namespace core {
namespace {

std::string to_string(std::array<unsigned char, SHA256_DIGEST_LENGTH> const& digest) {
    std::string out(digest.size(), '\0');
    std::memcpy(out.data(), digest.data(), digest.size());
    return out;
}

/// EVP_sha256() would be looked up among the providers again for every digest.
EVP_MD const* sha256_method() {
    static EVP_MD const* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    return fetched != nullptr ? fetched : EVP_sha256();
}

} // namespace

std::string sha256(std::string_view bytes) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    unsigned length = 0;
    int const ok = EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, sha256_method(), nullptr);
    ADOMCPD_CHECK(ok == 1 && length == digest.size());
    return to_string(digest);
}

std::string sha1(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    int const done = EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha1(), nullptr);
    ADOMCPD_CHECK(done == 1);
    std::string out(size, '\0');
    std::memcpy(out.data(), digest.data(), size);
    return out;
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
    ADOMCPD_CHECK(key.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()));
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    unsigned length = 0;
    unsigned char const* const out = HMAC(EVP_sha256(),
                                          key.data(),
                                          static_cast<int>(key.size()),
                                          reinterpret_cast<unsigned char const*>(bytes.data()),
                                          bytes.size(),
                                          digest.data(),
                                          &length);
    ADOMCPD_CHECK(out != nullptr && length == digest.size());
    return to_string(digest);
}

std::string hex_encode(std::string_view bytes) {
    static constexpr std::string_view kHex = "0123456789abcdef";
    std::string out(bytes.size() * 2, '\0');
    char* to = out.data();
    for (char const c : bytes) {
        auto const byte = static_cast<unsigned char>(c);
        *to++ = kHex[byte >> 4U];
        *to++ = kHex[byte & 0xFU];
    }
    return out;
}

bool constant_time_equal(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

} // namespace core
