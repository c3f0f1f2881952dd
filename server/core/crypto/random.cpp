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
    std::string bytes = random_public_bytes(16);
    bytes[6] = static_cast<char>((static_cast<unsigned char>(bytes[6]) & 0x0FU) | 0x40U);
    bytes[8] = static_cast<char>((static_cast<unsigned char>(bytes[8]) & 0x3FU) | 0x80U);
    std::string text = hex_encode(bytes);
    for (std::size_t const dash : {8U, 13U, 18U, 23U}) {
        text.insert(dash, 1, '-');
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
