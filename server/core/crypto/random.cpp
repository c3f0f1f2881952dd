#include "core/crypto/random.hpp"

#include "core/check.hpp"
#include "core/crypto/digest.hpp"

#include <openssl/rand.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <limits>

namespace core {
namespace {

constexpr std::size_t kPublicBlock = 1024;

void fill(void* out, std::size_t count) {
    ADOMCPD_CHECK(count <= static_cast<std::size_t>(std::numeric_limits<int>::max()));
    int const ok = RAND_bytes(static_cast<unsigned char*>(out), static_cast<int>(count));
    ADOMCPD_CHECK(ok == 1);
}

/// Randomness for what is no secret (request ids, jitter), drawn in blocks: a draw of its own for each costs
/// more than the rest of making one.
void fill_public(void* out, std::size_t count) {
    thread_local std::array<unsigned char, kPublicBlock> block{};
    thread_local std::size_t used = kPublicBlock;
    if (used + count > kPublicBlock) {
        fill(block.data(), kPublicBlock);
        used = 0;
    }
    std::memcpy(out, block.data() + used, count);
    used += count;
}

} // namespace

std::string random_bytes(std::size_t count) {
    std::string bytes(count, '\0');
    fill(bytes.data(), count);
    return bytes;
}

std::string random_public_bytes(std::size_t count) {
    ADOMCPD_CHECK(count <= kPublicBlock);
    std::string bytes(count, '\0');
    fill_public(bytes.data(), count);
    return bytes;
}

std::string random_uuid() {
    std::array<char, 16> bytes{};
    fill_public(bytes.data(), bytes.size());
    bytes[6] = static_cast<char>((static_cast<unsigned char>(bytes[6]) & 0x0FU) | 0x40U);
    bytes[8] = static_cast<char>((static_cast<unsigned char>(bytes[8]) & 0x3FU) | 0x80U);
    std::string const digits = hex_encode(std::string_view(bytes.data(), bytes.size()));
    std::string text;
    text.reserve(digits.size() + 4);
    for (std::size_t at = 0; at < digits.size(); at += 4) {
        text.append(digits, at, 4);
        if (at >= 4 && at <= 16) {
            text.push_back('-'); // 8-4-4-4-12
        }
    }
    return text;
}

double random_unit() {
    std::uint64_t bits = 0;
    fill_public(&bits, sizeof(bits));
    // 53 bits: every value is exact in a double and below one.
    return static_cast<double>(bits >> 11U) * 0x1.0p-53;
}

} // namespace core
