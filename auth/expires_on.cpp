#include "auth/expires_on.hpp"

#include "core/http/http_message.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <charconv>
#include <cstdint>

namespace auth {
namespace {

using core::SystemTime;
using std::chrono::seconds;

/// 2001-01-01: a smaller number cannot be a date of these services and counts from the request.
constexpr std::int64_t kFirstDate = 978307200;
constexpr std::int64_t kYear9999 = 253402300799;

/// Reads a date from the front, field by field.
class DateScanner {
public:
    explicit DateScanner(std::string_view text) : text_(text) {}

    bool number(int& out, std::size_t most_digits) noexcept {
        std::size_t digits = 0;
        while (digits < text_.size() && digits < most_digits && text_[digits] >= '0' &&
               text_[digits] <= '9') {
            ++digits;
        }
        auto const [end, failure] = std::from_chars(text_.data(), text_.data() + digits, out);
        text_.remove_prefix(digits);
        return digits != 0 && failure == std::errc();
    }
    bool literal(std::string_view expected) noexcept {
        if (!core::iequals(text_.substr(0, expected.size()), expected)) {
            return false;
        }
        text_.remove_prefix(expected.size());
        return true;
    }
    /// `,ddd` or `.ddd`: ignored, tokens do not live by fractions.
    void fraction() noexcept {
        if (text_.empty() || (text_.front() != '.' && text_.front() != ',')) {
            return;
        }
        text_.remove_prefix(1);
        while (!text_.empty() && text_.front() >= '0' && text_.front() <= '9') {
            text_.remove_prefix(1);
        }
    }
    void spaces() noexcept {
        while (!text_.empty() && text_.front() == ' ') {
            text_.remove_prefix(1);
        }
    }
    /// `Z`, `GMT`, `UTC`, nothing, or `±hh:mm` / `±hhmm`.
    bool zone(seconds& offset) noexcept {
        spaces();
        offset = seconds(0);
        if (text_.empty() || literal("Z") || literal("GMT") || literal("UTC")) {
            return text_.empty();
        }
        int const sign = text_.front() == '-' ? -1 : 1;
        if (!literal("+") && !literal("-")) {
            return false;
        }
        int hours = 0;
        int minutes = 0;
        bool const read = number(hours, 2) && (literal(":") || true) && number(minutes, 2);
        offset = seconds(sign * (hours * 3600 + minutes * 60));
        return read && hours < 24 && minutes < 60 && text_.empty();
    }
    bool month_name(int& month) noexcept {
        constexpr std::array<std::string_view, 12> kNames{
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        for (std::size_t i = 0; i < kNames.size(); ++i) {
            if (literal(kNames.at(i))) {
                month = static_cast<int>(i) + 1;
                return true;
            }
        }
        return false;
    }
    bool day_name() noexcept {
        for (std::string_view const name : {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}) {
            if (literal(name)) {
                return true;
            }
        }
        return false;
    }

private:
    std::string_view text_;
};

class Civil {
public:
    int year = 0;
    int month = 0;
    int day = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
    seconds offset{0};

    std::optional<SystemTime> to_time() const noexcept {
        std::chrono::year_month_day const date{std::chrono::year(year),
                                               std::chrono::month(static_cast<unsigned>(month)),
                                               std::chrono::day(static_cast<unsigned>(day))};
        if (!date.ok() || year < 1970 || hour > 23 || minute > 59 || second > 60) {
            return std::nullopt;
        }
        std::chrono::sys_days const days(date);
        return SystemTime(days) + std::chrono::hours(hour) + std::chrono::minutes(minute) + seconds(second) -
               offset;
    }
};

bool read_time(DateScanner& scan, Civil& civil) {
    return scan.number(civil.hour, 2) && scan.literal(":") && scan.number(civil.minute, 2) &&
           scan.literal(":") && scan.number(civil.second, 2);
}

/// 2026-11-23T05:00:00.0000000+00:00
std::optional<SystemTime> read_iso8601(std::string_view text) {
    DateScanner scan(text);
    Civil civil;
    bool const date = scan.number(civil.year, 4) && scan.literal("-") && scan.number(civil.month, 2) &&
                      scan.literal("-") && scan.number(civil.day, 2) &&
                      (scan.literal("T") || scan.literal(" "));
    if (!date || !read_time(scan, civil)) {
        return std::nullopt;
    }
    scan.fraction();
    return scan.zone(civil.offset) ? civil.to_time() : std::nullopt;
}

/// Mon, 23 Nov 2026 05:00:00 GMT
std::optional<SystemTime> read_rfc1123(std::string_view text) {
    DateScanner scan(text);
    Civil civil;
    if (!scan.day_name() || !scan.literal(",")) {
        return std::nullopt;
    }
    scan.spaces();
    bool const date = scan.number(civil.day, 2) && scan.literal(" ") && scan.month_name(civil.month) &&
                      scan.literal(" ") && scan.number(civil.year, 4) && scan.literal(" ");
    if (!date || !read_time(scan, civil)) {
        return std::nullopt;
    }
    return scan.zone(civil.offset) ? civil.to_time() : std::nullopt;
}

/// 11/23/2026 5:00:00 AM +00:00
std::optional<SystemTime> read_us(std::string_view text) {
    DateScanner scan(text);
    Civil civil;
    bool const date = scan.number(civil.month, 2) && scan.literal("/") && scan.number(civil.day, 2) &&
                      scan.literal("/") && scan.number(civil.year, 4) && scan.literal(" ");
    if (!date || !read_time(scan, civil)) {
        return std::nullopt;
    }
    scan.spaces();
    bool const afternoon = scan.literal("PM");
    bool const twelve_hours = afternoon || scan.literal("AM");
    if (twelve_hours) {
        if (civil.hour < 1 || civil.hour > 12) {
            return std::nullopt;
        }
        civil.hour = civil.hour % 12 + (afternoon ? 12 : 0);
    }
    return scan.zone(civil.offset) ? civil.to_time() : std::nullopt;
}

std::optional<SystemTime> of_number(std::int64_t number, SystemTime requested_at) {
    if (number <= 0 || number > kYear9999) {
        return std::nullopt;
    }
    return number < kFirstDate ? requested_at + seconds(number) : SystemTime(seconds(number));
}

} // namespace

std::optional<SystemTime> parse_expires_on(std::string_view text, SystemTime requested_at) {
    text = core::trim_ows(text);
    std::int64_t number = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure == std::errc()) {
        // `1795500000` and `1795500000.25` are numbers, `2026-…` and `11/23/…` only begin with one.
        std::string_view const rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
        bool const is_fraction =
            rest.starts_with('.') && rest.find_first_not_of("0123456789", 1) == rest.npos;
        if (rest.empty() || is_fraction) {
            return of_number(number, requested_at);
        }
    }
    if (std::optional<SystemTime> const time = read_iso8601(text)) {
        return time;
    }
    if (std::optional<SystemTime> const time = read_rfc1123(text)) {
        return time;
    }
    return read_us(text);
}

std::optional<SystemTime> parse_expires_on(core::Json const& value, SystemTime requested_at) {
    if (value.is_string()) {
        return parse_expires_on(std::string_view(value.get_ref<std::string const&>()), requested_at);
    }
    if (value.is_number_float()) {
        double const number = value.get<double>();
        bool const in_range = number > 0 && number <= static_cast<double>(kYear9999);
        return in_range ? of_number(static_cast<std::int64_t>(number), requested_at) : std::nullopt;
    }
    if (value.is_number_unsigned()) {
        std::uint64_t const number = value.get<std::uint64_t>();
        return number <= static_cast<std::uint64_t>(kYear9999)
                   ? of_number(static_cast<std::int64_t>(number), requested_at)
                   : std::nullopt;
    }
    return value.is_number_integer() ? of_number(value.get<std::int64_t>(), requested_at) : std::nullopt;
}

} // namespace auth
