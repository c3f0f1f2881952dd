#pragma once

#include "core/deadline.hpp"

#include <chrono>
#include <cstddef>

namespace core {

/// How long and for how many bytes an orderly close listens for the peer's own close.
inline constexpr std::chrono::seconds kLingerTime{1};
inline constexpr std::size_t kLingerBytes = 1024U * 1024;

inline Deadline linger_deadline() noexcept {
    return Deadline::at(std::chrono::steady_clock::now() + kLingerTime);
}

} // namespace core
