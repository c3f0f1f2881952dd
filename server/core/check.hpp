#pragma once

namespace core {
[[noreturn]] void check_failed(char const* condition, char const* file, int line) noexcept;
} // namespace core

// Aborts when an invariant of this program does not hold. Never for input.
#define ADOMCPD_CHECK(condition)                                                                             \
    ((condition) ? void(0) : ::core::check_failed(#condition, __FILE__, __LINE__))
