#include "protocol/schema.hpp"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <utility>

namespace protocol {
namespace {

std::string folded(std::string_view name) {
    std::string text;
    for (char const c : name) {
        if (c != '_' && c != '-') {
            text += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        }
    }
    return text;
}

/// Insertions, deletions, replacements and swaps of neighbours.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            std::size_t const replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before[j - 2] + 1);
            }
        }
        std::swap(before, last);
        std::swap(last, row);
    }
    return last[b.size()];
}

/// `repo` for `repository`, `project_name` for `project`.
bool begins_alike(std::string_view a, std::string_view b) {
    constexpr std::size_t kFewestLetters = 3;
    return std::min(a.size(), b.size()) >= kFewestLetters && (a.starts_with(b) || b.starts_with(a));
}

} // namespace

std::string_view nearest_name(std::string_view name, std::vector<std::string_view> const& candidates) {
    constexpr std::size_t kLongestName = 64; // the distance costs the product of both lengths
    std::string_view nearest;
    if (name.empty() || name.size() > kLongestName) {
        return nearest;
    }
    std::string const wanted = folded(name);
    std::size_t closest = std::max<std::size_t>(wanted.size() / 3, 1);
    for (std::string_view const candidate : candidates) {
        std::size_t const distance = edit_distance(wanted, folded(candidate));
        if (distance < closest || (distance == closest && nearest.empty())) {
            closest = distance;
            nearest = candidate;
        }
    }
    for (std::string_view const candidate : candidates) {
        if (nearest.empty() && begins_alike(wanted, folded(candidate))) {
            nearest = candidate;
        }
    }
    return nearest;
}

} // namespace protocol
