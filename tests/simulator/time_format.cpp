#include "simulator/time_format.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace simulator {
namespace {

std::tm to_utc(TimePoint time) {
    std::time_t const seconds = std::chrono::system_clock::to_time_t(time);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    return parts;
}

std::string formatted(TimePoint time, char const* format) {
    std::tm const parts = to_utc(time);
    std::array<char, 64> buffer{};
    // The format is one of the literals below.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    auto const length = std::strftime(buffer.data(), buffer.size(), format, &parts);
#pragma GCC diagnostic pop
    return {buffer.data(), length};
}

} // namespace

std::string iso_time(TimePoint time) {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    auto const ms = duration_cast<milliseconds>(time.time_since_epoch()).count() % 1000;
    std::string text = formatted(time, "%Y-%m-%dT%H:%M:%S");
    if (ms > 0) {
        std::array<char, 8> fraction{};
        std::snprintf(fraction.data(), fraction.size(), ".%03d", static_cast<int>(ms));
        text += fraction.data();
        while (text.ends_with('0')) {
            text.pop_back();
        }
    }
    return text + "Z";
}

std::string http_date(TimePoint time) {
    return formatted(time, "%a, %d %b %Y %H:%M:%S GMT");
}
std::string entra_time(TimePoint time) {
    return formatted(time, "%Y-%m-%d %H:%M:%SZ");
}

std::string us_time(TimePoint time) {
    std::tm const parts = to_utc(time);
    int const hour = parts.tm_hour % 12 == 0 ? 12 : parts.tm_hour % 12;
    std::array<char, 64> buffer{};
    std::snprintf(buffer.data(),
                  buffer.size(),
                  "%d/%d/%d %d:%02d:%02d %s +00:00",
                  parts.tm_mon + 1,
                  parts.tm_mday,
                  parts.tm_year + 1900,
                  hour,
                  parts.tm_min,
                  parts.tm_sec,
                  parts.tm_hour < 12 ? "AM" : "PM");
    return buffer.data();
}

long long unix_seconds(TimePoint time) noexcept {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

TimePoint from_unix(long long seconds) noexcept {
    return TimePoint(std::chrono::seconds(seconds));
}

std::optional<ParsedTime> parse_time(std::string_view text) {
    std::string const copy(text);
    int year = 0;
    int month = 0;
    int day = 0;
    int hour = 0;
    int minute = 0;
    double second = 0;
    int matched = std::sscanf(
        copy.c_str(), "%4d-%2d-%2d%*[T ]%2d:%2d:%lf", &year, &month, &day, &hour, &minute, &second);
    if (matched < 3) {
        matched = std::sscanf(
            copy.c_str(), "%2d/%2d/%4d %2d:%2d:%lf", &month, &day, &year, &hour, &minute, &second);
    }
    if (matched < 3 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 ||
        second >= 61) {
        return std::nullopt;
    }
    std::tm parts{};
    parts.tm_year = year - 1900;
    parts.tm_mon = month - 1;
    parts.tm_mday = day;
    parts.tm_hour = hour;
    parts.tm_min = minute;
    ParsedTime out;
    out.time = std::chrono::system_clock::from_time_t(timegm(&parts)) +
               std::chrono::milliseconds(static_cast<long long>(second * 1000.0 + 0.5));
    out.has_time_of_day = matched > 3;
    return out;
}

TimePoint start_of_day(TimePoint time) noexcept {
    return std::chrono::time_point_cast<TimePoint::duration>(std::chrono::floor<std::chrono::days>(time));
}

} // namespace simulator
