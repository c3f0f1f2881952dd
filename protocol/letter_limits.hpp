#pragma once

#include "core/result.hpp"
#include "protocol/session_records.hpp"

#include <chrono>
#include <cstddef>

namespace protocol {

inline constexpr std::chrono::minutes kLetterLifetime{1};

/// What waits already: the same bounds for every SessionRecords. Nobody collects the letters of a session
/// whose replica is gone; until they expire they must not fill memory or disk.
class WaitingLetters {
public:
    /// Overloaded when `letter` is one too many.
    core::Result<void> admit(SessionLetter const& letter) const;

    std::size_t of_session = 0;
    std::size_t all = 0;
    std::size_t bytes = 0;
};

/// What a letter counts for in WaitingLetters::bytes.
std::size_t size_of(SessionLetter const& letter) noexcept;

} // namespace protocol
