#include "server/config/expiry.hpp"

#include <charconv>
#include <cstddef>

namespace server {
namespace {

/// `count` digits at `at`, nothing else.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
    int value = 0;
    char const* const begin = text.data() + at;
    if (*begin < '0' || *begin > '9') {
        return std::nullopt;
    }
    auto const [stop, ec] = std::from_chars(begin, begin + count, value);
    return ec == std::errc() && stop == begin + count ? std::optional<int>(value) : std::nullopt;
}

std::optional<std::chrono::sys_days> parse_date(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') {
        return std::nullopt;
    }
    auto const year = digits(text, 0, 4);
    auto const month = digits(text, 5, 2);
    auto const day = digits(text, 8, 2);
    if (!year || !month || !day) {
        return std::nullopt;
    }
    std::chrono::year_month_day const date{std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    // The clock's nanoseconds end in 2262.
    if (!date.ok() || *year < 1970 || *year > 2200) {
        return std::nullopt;
    }
    return std::chrono::sys_days(date);
}

} // namespace

std::optional<core::SystemTime> parse_expiry(std::string_view text) {
    auto const date = parse_date(text.substr(0, 10));
    if (!date) {
        return std::nullopt;
    }
    if (text.size() == 10) {
        return *date + std::chrono::days(1) - std::chrono::seconds(1);
    }
    if (text.size() != 20 || text[10] != 'T' || text[13] != ':' || text[16] != ':' || text[19] != 'Z') {
        return std::nullopt;
    }
    auto const hour = digits(text, 11, 2);
    auto const minute = digits(text, 14, 2);
    auto const second = digits(text, 17, 2);
    if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59) {
        return std::nullopt;
    }
    return *date + std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(*second);
}

std::optional<core::SystemTime> parse_since(std::string_view text, core::SystemTime now) {
    if (auto const span = parse_lifetime(text)) {
        return now - *span;
    }
    if (auto const date = parse_date(text)) {
        return *date;
    }
    return parse_expiry(text);
}

std::optional<std::chrono::seconds> parse_lifetime(std::string_view text) {
    constexpr std::int64_t kTenYears = std::int64_t{3650} * 86'400;
    if (text.size() < 2) {
        return std::nullopt;
    }
    std::int64_t count = 0;
    char const* const end = text.data() + text.size() - 1;
    auto const [stop, ec] = std::from_chars(text.data(), end, count);
    if (ec != std::errc() || stop != end || count <= 0 || count > kTenYears) {
        return std::nullopt;
    }
    std::int64_t unit = 0;
    switch (text.back()) {
    case 'd':
        unit = 86'400;
        break;
    case 'h':
        unit = 3'600;
        break;
    case 'm':
        unit = 60;
        break;
    case 's':
        unit = 1;
        break;
    default:
        return std::nullopt;
    }
    return count * unit <= kTenYears ? std::optional(std::chrono::seconds(count * unit)) : std::nullopt;
}

} // namespace server
