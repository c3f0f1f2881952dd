#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace protocol {

/// MCP revisions this server speaks, oldest first: they compare by age.
enum class Revision { v2024_11_05, v2025_03_26, v2025_06_18, v2025_11_25, v2026_07_28 };

inline constexpr std::array<Revision, 5> kRevisions{Revision::v2024_11_05,
                                                    Revision::v2025_03_26,
                                                    Revision::v2025_06_18,
                                                    Revision::v2025_11_25,
                                                    Revision::v2026_07_28};
inline constexpr Revision kModernRevision = Revision::v2026_07_28;
inline constexpr Revision kLatestLegacyRevision = Revision::v2025_11_25;
/// What a request of the initialize era without a version header speaks (2025-03-26 had no such header).
inline constexpr Revision kRevisionWithoutHeader = Revision::v2025_03_26;

/// Stateless, every request carries its version: 2026-07-28. The others open with `initialize`.
constexpr bool is_modern(Revision revision) noexcept {
    return revision >= kModernRevision;
}
constexpr std::size_t index_of(Revision revision) noexcept {
    return static_cast<std::size_t>(revision);
}

std::string_view to_string(Revision revision) noexcept;
std::optional<Revision> parse_revision(std::string_view text) noexcept;

/// True for any revision date from 2026-07-28 on, known or not.
bool names_modern_revision(std::string_view text) noexcept;

/// What `initialize` answers to a client that asked for `requested`: the same when it is one of that era,
/// else our latest.
Revision negotiate_legacy(std::string_view requested) noexcept;

} // namespace protocol
