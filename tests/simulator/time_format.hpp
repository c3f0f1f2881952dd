#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace simulator {

using TimePoint = std::chrono::system_clock::time_point;

/// 2026-03-31T18:36:26.23Z, with 0 to 3 fraction digits as the service writes them.
std::string iso_time(TimePoint time);
/// Sun, 06 Nov 1994 08:49:37 GMT
std::string http_date(TimePoint time);
/// 2026-11-23 04:12:00Z, the form of Entra's errors.
std::string entra_time(TimePoint time);
/// 11/23/2026 4:12:00 AM +00:00, the form of App Service's first version.
std::string us_time(TimePoint time);
long long unix_seconds(TimePoint time) noexcept;
TimePoint from_unix(long long seconds) noexcept;

class ParsedTime {
public:
    TimePoint time;
    bool has_time_of_day = false;
};
/// 2026-03-31, 2026-03-31T18:36[:26[.23]][Z], 3/31/2026.
std::optional<ParsedTime> parse_time(std::string_view text);
TimePoint start_of_day(TimePoint time) noexcept;

} // namespace simulator
