#pragma once

#include "core/clock.hpp"

#include <array>
#include <chrono>
#include <optional>
#include <string>

namespace server {

/// Days before its end at which a personal access token is warned of.
inline constexpr std::array<int, 4> kPatWarningDays{30, 14, 7, 1};

/// From then on Azure DevOps refuses tokens that are valid for all organizations of their owner (announced
/// with the release notes that stopped making them in March 2026).
inline constexpr core::SystemTime kGlobalPatsEnd{
    std::chrono::sys_days{std::chrono::year{2026} / std::chrono::December / 1}};

/// What is known of the end of a personal access token.
class PatEnd {
public:
    PatEnd(std::optional<core::SystemTime> entered_, bool everywhere_)
        : entered(entered_), everywhere(everywhere_) {}
    std::optional<core::SystemTime> entered; ///< by a person: a token cannot tell
    bool everywhere;                         ///< works in other organizations too

    /// The earlier of the two; nullopt when nothing is known.
    std::optional<core::SystemTime> when() const noexcept;
};

/// The least of kPatWarningDays that has been reached; nullopt when none has, or the end is past.
std::optional<int> reached_warning(core::SystemTime end, core::SystemTime now) noexcept;

/// `The personal access token for contoso ends on 2027-03-01T00:00:00Z, in 13 days.`, and what to do. Empty
/// when there is nothing to warn of.
std::string describe_pat_end(std::string const& organization, PatEnd const& end, core::SystemTime now);
std::string pat_end_fix(std::string const& organization, PatEnd const& end);

} // namespace server
