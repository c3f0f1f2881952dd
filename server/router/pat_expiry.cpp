#include "server/router/pat_expiry.hpp"

namespace server {
namespace {

using std::chrono::days;

/// Whole days left, the one begun counted: 0 only when the end is past.
long days_left(core::SystemTime end, core::SystemTime now) noexcept {
    return end <= now ? 0 : std::chrono::ceil<days>(end - now).count();
}

std::string in_days(long count) {
    return count == 1 ? "within a day" : "in " + std::to_string(count) + " days";
}

} // namespace

std::optional<core::SystemTime> PatEnd::when() const noexcept {
    if (!everywhere) {
        return entered;
    }
    return entered ? std::min(*entered, kGlobalPatsEnd) : kGlobalPatsEnd;
}

std::optional<int> reached_warning(core::SystemTime end, core::SystemTime now) noexcept {
    std::optional<int> reached;
    if (end <= now) {
        return reached;
    }
    for (int const threshold : kPatWarningDays) {
        if (end - now <= days(threshold)) {
            reached = threshold;
        }
    }
    return reached;
}

std::string describe_pat_end(std::string const& organization, PatEnd const& end, core::SystemTime now) {
    std::optional<core::SystemTime> const when = end.when();
    if (!when) {
        return {};
    }
    if (end.everywhere && *when == kGlobalPatsEnd) {
        std::string text = "The personal access token for " + organization +
                           " is valid for all organizations of its owner. Such tokens ";
        return text + (*when <= now ? "stopped working on 2026-12-01."
                                    : "stop working on 2026-12-01, " + in_days(days_left(*when, now)) + ".");
    }
    if (*when <= now) {
        return "The personal access token for " + organization + " ended on " + core::format_utc(*when) + ".";
    }
    if (!reached_warning(*when, now)) {
        return {};
    }
    return "The personal access token for " + organization + " ends on " + core::format_utc(*when) + ", " +
           in_days(days_left(*when, now)) + ".";
}

std::string pat_end_fix(std::string const& organization, PatEnd const& end) {
    std::string fix = "Make a new token";
    fix += end.everywhere ? " for the organization " + organization + " alone" : std::string();
    return fix + " and store it: `ado-mcpd pat set --organization " + organization +
           "`, or POST /api/v1/azuredevops/auth/pat.";
}

} // namespace server
