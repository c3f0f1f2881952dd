#include "server/front/http_exchange.hpp"

#include "core/crypto/random.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

namespace server {
namespace {

constexpr std::size_t kLongestRequestId = 128;

bool is_alnum(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_lower_hex(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool is_plain_id(std::string_view id) noexcept {
    return !id.empty() && id.size() <= kLongestRequestId && std::all_of(id.begin(), id.end(), [](char c) {
        return is_alnum(c) || c == '-' || c == '_' || c == '.' || c == ':';
    });
}

bool is_hex_run(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), is_lower_hex) && text.find_first_not_of('0') != text.npos;
}

} // namespace

HttpReply::HttpReply(int status_, std::string content_type, std::string body_)
    : status(status_), body(std::move(body_)) {
    headers.add("Content-Type", std::move(content_type));
}

HttpReply json_reply(int status, core::Json const& body) {
    return {status, "application/json", core::dump_json(body)};
}

std::string_view InboundRequest::parameter(std::string_view name) const noexcept {
    for (auto const& [key, value] : parameters) {
        if (key == name) {
            return value;
        }
    }
    return {};
}

std::string InboundRequest::media_type() const {
    std::string_view const value = headers.get("Content-Type").value_or("");
    return core::to_lower_ascii(core::trim_ows(value.substr(0, value.find(';'))));
}

std::string choose_request_id(core::HttpHeaders const& headers) {
    std::string_view const given = headers.get("X-Request-Id").value_or("");
    return is_plain_id(given) ? std::string(given) : core::random_uuid();
}

std::string accept_traceparent(core::HttpHeaders const& headers) {
    // 00-<32 hex>-<16 hex>-<2 hex>; all-zero ids are invalid, later versions may append fields.
    std::string_view const given = headers.get("traceparent").value_or("");
    bool const shaped = given.size() >= 55 && given.size() <= 128 && given[2] == '-' && given[35] == '-' &&
                        given[52] == '-' &&
                        (given.size() == 55 || (given[55] == '-' && given.substr(0, 2) != "00"));
    if (!shaped || given.substr(0, 2) == "ff" || headers.count("traceparent") != 1) {
        return {};
    }
    bool const hex = is_lower_hex(given[0]) && is_lower_hex(given[1]) && is_hex_run(given.substr(3, 32)) &&
                     is_hex_run(given.substr(36, 16)) && is_lower_hex(given[53]) && is_lower_hex(given[54]);
    return hex ? std::string(given.substr(0, 55)) : std::string();
}

namespace {

std::string write_http_date(std::chrono::sys_seconds time) {
    // Not strftime: its names follow the locale.
    static constexpr std::array<char const*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array<char const*, 12> kMonths{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    auto const day = std::chrono::floor<std::chrono::days>(time);
    std::chrono::year_month_day const date(day);
    std::chrono::hh_mm_ss const clock(time - day);
    std::array<char, 64> text{};
    int const size = std::snprintf(text.data(),
                                   text.size(),
                                   "%s, %02u %s %04d %02d:%02d:%02d GMT",
                                   kDays.at(std::chrono::weekday(day).c_encoding()),
                                   static_cast<unsigned>(date.day()),
                                   kMonths.at(static_cast<unsigned>(date.month()) - 1),
                                   static_cast<int>(date.year()),
                                   static_cast<int>(clock.hours().count()),
                                   static_cast<int>(clock.minutes().count()),
                                   static_cast<int>(clock.seconds().count()));
    return {text.data(), static_cast<std::size_t>(std::max(size, 0))};
}

} // namespace

std::string format_http_date(core::SystemTime time) {
    // Every answer of one second carries the same text.
    thread_local std::chrono::sys_seconds written_for{};
    thread_local std::string written;
    auto const second = std::chrono::floor<std::chrono::seconds>(time);
    if (written.empty() || second != written_for) {
        written = write_http_date(second);
        written_for = second;
    }
    return written;
}

} // namespace server
