#include "server/tools/date_argument.hpp"

#include "server/tools/answer.hpp"
#include "server/tools/list_answer.hpp"

#include <array>
#include <optional>

namespace server {

namespace {

/// Takes parts of a date off the front of a text.
class DateReader {
public:
    explicit DateReader(std::string_view text) : rest_(text) {}

    std::optional<int> number(std::size_t digits) {
        if (rest_.size() < digits) {
            return std::nullopt;
        }
        int value = 0;
        for (char const c : rest_.substr(0, digits)) {
            if (c < '0' || c > '9') {
                return std::nullopt;
            }
            value = value * 10 + (c - '0');
        }
        rest_.remove_prefix(digits);
        return value;
    }
    bool take(char c) {
        bool const there = rest_.starts_with(c);
        rest_.remove_prefix(there ? 1 : 0);
        return there;
    }
    bool between(std::size_t digits, int least, int most) {
        auto const value = number(digits);
        return value && *value >= least && *value <= most;
    }
    /// `.5`, when there is one.
    bool fraction() {
        if (!take('.')) {
            return true;
        }
        std::size_t const end = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
        rest_.remove_prefix(end);
        return end > 0 && end <= 7;
    }
    bool at_end() const { return rest_.empty(); }

private:
    std::string_view rest_;
};

bool is_day_of_month(int year, int month, int day) {
    constexpr std::array<int, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool const leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    int const last = kDays[static_cast<std::size_t>(month - 1)] + (leap && month == 2 ? 1 : 0);
    return day >= 1 && day <= last;
}

bool read_day(DateReader& reader) {
    auto const year = reader.number(4);
    if (!year || *year < 1970 || !reader.take('-')) {
        return false;
    }
    auto const month = reader.number(2);
    if (!month || *month < 1 || *month > 12 || !reader.take('-')) {
        return false;
    }
    auto const day = reader.number(2);
    return day && is_day_of_month(*year, *month, *day);
}

/// What stands behind the `T`; `zone` tells whether it names its zone.
bool read_time(DateReader& reader, bool& seconds, bool& zone) {
    if (!reader.between(2, 0, 23) || !reader.take(':') || !reader.between(2, 0, 59)) {
        return false;
    }
    seconds = reader.take(':');
    if (seconds && (!reader.between(2, 0, 59) || !reader.fraction())) {
        return false;
    }
    zone = reader.take('Z') || reader.take('z');
    if (!zone && (reader.take('+') || reader.take('-'))) {
        zone = reader.between(2, 0, 14) && reader.take(':') && reader.between(2, 0, 59);
        return zone && reader.at_end();
    }
    return reader.at_end();
}

} // namespace

core::Result<std::string> read_date(std::string_view name, std::string_view text, bool end_of_day) {
    constexpr std::size_t kDayBytes = 10;
    constexpr std::size_t kMinuteBytes = 16;
    if (text.empty()) {
        return std::string();
    }
    DateReader reader(text);
    bool good = read_day(reader);
    if (good && reader.at_end()) {
        return std::string(text) + (end_of_day ? "T23:59:59Z" : "T00:00:00Z");
    }
    bool seconds = false;
    bool zone = false;
    good = good && (reader.take('T') || reader.take('t') || reader.take(' ')) &&
           read_time(reader, seconds, zone);
    if (!good) {
        return core::fail(wrong_argument("`" + std::string(name) + "` is '" + shorten_text(text, 40) +
                                             "', which is not a date.",
                                         "Pass a day such as 2026-03-31, or a time such as "
                                         "2026-03-31T18:30:00Z."));
    }
    std::string out(text);
    out[kDayBytes] = 'T';
    if (!seconds) {
        out.insert(kMinuteBytes, ":00");
    }
    return zone ? out : out + "Z";
}

} // namespace server
