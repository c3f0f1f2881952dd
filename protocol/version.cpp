#include "protocol/version.hpp"

namespace protocol {
namespace {

constexpr std::array<std::string_view, 5> kNames{
    "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"};
static_assert(kNames.size() == kRevisions.size());

bool is_date(std::string_view text) noexcept {
    constexpr std::string_view kShape = "dddd-dd-dd";
    if (text.size() != kShape.size()) {
        return false;
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
        bool const digit = text[i] >= '0' && text[i] <= '9';
        if (kShape[i] == 'd' ? !digit : text[i] != '-') {
            return false;
        }
    }
    return true;
}

} // namespace

std::string_view to_string(Revision revision) noexcept {
    return kNames[index_of(revision)];
}

std::optional<Revision> parse_revision(std::string_view text) noexcept {
    for (Revision const revision : kRevisions) {
        if (to_string(revision) == text) {
            return revision;
        }
    }
    return std::nullopt;
}

bool names_modern_revision(std::string_view text) noexcept {
    return is_date(text) && text >= to_string(kModernRevision); // dates of this form order as text
}

Revision negotiate_legacy(std::string_view requested) noexcept {
    auto const revision = parse_revision(requested);
    return revision && !is_modern(*revision) ? *revision : kLatestLegacyRevision;
}

} // namespace protocol
