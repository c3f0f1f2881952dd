#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace core {

/// Sixteen bytes compared at once, by the compiler's generic vectors: SSE2 or NEON where there is one. A
/// predicate for the functions below is a generic lambda that takes a ByteBlock as well as an unsigned char,
/// and joins its conditions by `|`.
using ByteBlock = unsigned char __attribute__((vector_size(16)));

inline constexpr auto kNotAscii = [](auto c) { return c >= static_cast<unsigned char>(0x80); };

namespace detail {

/// The first of the two is that of the lower address.
using BlockHalves = std::array<std::uint64_t, 2>;

template <class Predicate>
BlockHalves hits_of(ByteBlock block, Predicate predicate) noexcept {
    auto const hits = predicate(block);
    return std::bit_cast<BlockHalves>(hits);
}

inline ByteBlock load_block(char const* first_half, char const* second_half) noexcept {
    BlockHalves halves{};
    std::memcpy(&halves[0], first_half, sizeof halves[0]);
    std::memcpy(&halves[1], second_half, sizeof halves[1]);
    return std::bit_cast<ByteBlock>(halves);
}

/// `hits` is not zero.
inline std::size_t first_hit(std::uint64_t hits) noexcept {
    int const bits =
        std::endian::native == std::endian::little ? std::countr_zero(hits) : std::countl_zero(hits);
    return static_cast<std::size_t>(bits) / 8;
}

} // namespace detail

/// Where the first byte at or after `at` is that meets `predicate`; text.size() when there is none.
template <class Predicate>
std::size_t find_byte(std::string_view text, std::size_t at, Predicate predicate) noexcept {
    constexpr std::size_t kHalf = sizeof(std::uint64_t);
    while (text.size() - at >= kHalf) {
        // The two halves of the last block overlap: what the first one shows comes before in any case.
        std::size_t const second = text.size() - at >= 2 * kHalf ? at + kHalf : text.size() - kHalf;
        ByteBlock const block = detail::load_block(text.data() + at, text.data() + second);
        detail::BlockHalves const hits = detail::hits_of(block, predicate);
        if (hits[0] != 0) {
            return at + detail::first_hit(hits[0]);
        }
        if (hits[1] != 0) {
            return second + detail::first_hit(hits[1]);
        }
        at = second + kHalf;
    }
    while (at < text.size() && !predicate(static_cast<unsigned char>(text[at]))) {
        ++at;
    }
    return at;
}

template <class Predicate>
std::size_t count_bytes(std::string_view text, Predicate predicate) noexcept {
    std::size_t count = 0;
    std::size_t at = 0;
    while (at + sizeof(ByteBlock) <= text.size()) {
        // A hit is -1 in its lane, which counts up to 255.
        ByteBlock sums{};
        for (int left = 255; left != 0 && at + sizeof(ByteBlock) <= text.size(); --left) {
            ByteBlock block;
            std::memcpy(&block, text.data() + at, sizeof block);
            sums -= std::bit_cast<ByteBlock>(predicate(block));
            at += sizeof(ByteBlock);
        }
        for (unsigned char const sum : std::bit_cast<std::array<unsigned char, sizeof(ByteBlock)>>(sums)) {
            count += sum;
        }
    }
    for (; at < text.size(); ++at) {
        count += predicate(static_cast<unsigned char>(text[at])) ? 1U : 0U;
    }
    return count;
}

} // namespace core
