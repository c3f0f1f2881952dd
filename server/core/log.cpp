#include "core/log.hpp"

#include "core/clock.hpp"
#include "core/json.hpp"

#include <nlohmann/json.hpp>
#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <memory>
#include <mutex>

namespace core::log {
namespace {

/// Its slots are made at once: 0.4 MB.
constexpr std::size_t kQueueLines = 1024;

std::atomic<Level> g_level{Level::info};
std::atomic<Format> g_format{Format::json};
std::string* g_capture = nullptr;
std::mutex g_capture_mutex;

/// The queue and its writer thread are made by the first event. Overrun drops the oldest line and never
/// blocks the loop.
spdlog::logger& sink() {
    static std::shared_ptr<spdlog::details::thread_pool> const pool =
        std::make_shared<spdlog::details::thread_pool>(kQueueLines, 1);
    static std::shared_ptr<spdlog::logger> const logger = [] {
        auto made = std::make_shared<spdlog::async_logger>("ado-mcpd",
                                                           std::make_shared<spdlog::sinks::stderr_sink_mt>(),
                                                           pool,
                                                           spdlog::async_overflow_policy::overrun_oldest);
        made->set_pattern("%v");
        made->set_level(spdlog::level::trace);
        made->flush_on(spdlog::level::trace);
        return made;
    }();
    return *logger;
}

std::string_view name_of(Level level) {
    static constexpr std::array<std::string_view, 5> kNames{"debug", "info", "warn", "error", "off"};
    return kNames.at(static_cast<std::size_t>(level));
}

std::string format_line(Level level, std::string_view event, Fields fields) {
    std::string line;
    auto const now = std::chrono::system_clock::now();
    auto const millis =
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
    std::string time = format_utc(now);
    time.pop_back();
    std::string const fraction = std::to_string(1000 + millis).substr(1);
    if (g_format.load(std::memory_order_relaxed) == Format::json) {
        line.append(R"({"time":")").append(time).append(".").append(fraction).append(R"(Z","level":")");
        line.append(name_of(level)).append(R"(","event":")").append(event).append("\"");
        for (Field const& field : fields) {
            line.append(",").append(field.encoded());
        }
        line.append("}");
    } else {
        line.append(time)
            .append(".")
            .append(fraction)
            .append("Z ")
            .append(name_of(level))
            .append(" ")
            .append(event);
        for (Field const& field : fields) {
            line.append(" ").append(field.encoded());
        }
    }
    return line;
}

void write(Level level, std::string_view event, Fields fields) {
    if (level < g_level.load(std::memory_order_relaxed)) {
        return;
    }
    std::string line = format_line(level, event, fields);
    {
        std::lock_guard const lock(g_capture_mutex);
        if (g_capture != nullptr) {
            g_capture->append(line).append("\n");
            return;
        }
    }
    sink().log(spdlog::level::info, "{}", line);
}

/// Keys are literals of ours: nothing in them needs an escape.
std::string begin_field(std::string_view key, std::size_t value_size) {
    std::string out;
    out.reserve(key.size() + value_size + 6);
    out.append("\"").append(key).append("\":");
    return out;
}

std::string encode_text(std::string_view key, std::string_view value) {
    bool const plain = std::all_of(
        value.begin(), value.end(), [](char c) { return c >= ' ' && c < '\x7f' && c != '"' && c != '\\'; });
    std::string out = begin_field(key, value.size());
    if (plain) {
        return out.append("\"").append(value).append("\"");
    }
    return out.append(dump_json(Json(value)));
}

std::string encode_number(std::string_view key, auto value) {
    std::array<char, 32> digits{};
    auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    return begin_field(key, digits.size()).append(digits.data(), end.ptr);
}

bool is_word(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_base64url(char c) noexcept {
    return is_word(c) || c == '-' || c == '_';
}

/// Looks like a credential: an Azure DevOps PAT (84 characters with the AZDO signature near the end, or 52 of
/// lower-case base32), or this daemon's own agent token.
bool is_secret_word(std::string_view word) noexcept {
    if (word.size() >= 80 && word.size() <= 88) {
        std::size_t const mark = word.find("AZDO", 70);
        if (mark != std::string_view::npos) {
            return true;
        }
    }
    if (word.size() != 52) {
        return false;
    }
    for (char const c : word) {
        if (!((c >= 'a' && c <= 'z') || (c >= '2' && c <= '7'))) {
            return false;
        }
    }
    return true;
}

/// Nothing that mask_secrets() looks for is this short, except a JWT, which begins with `eyJ`.
bool may_hold_secret(std::string_view text) noexcept {
    constexpr std::size_t kShortest = 40;
    return text.size() >= kShortest || text.find("eyJ") != std::string_view::npos;
}

} // namespace

Field::Field(std::string_view key, std::string_view value)
    : encoded_(may_hold_secret(value) ? encode_text(key, mask_secrets(value)) : encode_text(key, value)) {}
Field::Field(std::string_view key, bool value)
    : encoded_(begin_field(key, 5).append(value ? "true" : "false")) {}
Field::Field(std::string_view key, long long value) : encoded_(encode_number(key, value)) {}
Field::Field(std::string_view key, std::chrono::nanoseconds value)
    : encoded_(encode_number(key, static_cast<double>(value.count() / 1000) / 1000.0)) {}

void configure(Level level, Format format) {
    g_level.store(level);
    g_format.store(format);
}

Level level() noexcept {
    return g_level.load(std::memory_order_relaxed);
}

void flush() {
    sink().flush();
}

void debug(std::string_view event, Fields fields) {
    write(Level::debug, event, fields);
}
void info(std::string_view event, Fields fields) {
    write(Level::info, event, fields);
}
void warn(std::string_view event, Fields fields) {
    write(Level::warn, event, fields);
}
void error(std::string_view event, Fields fields) {
    write(Level::error, event, fields);
}

std::string mask_secrets(std::string_view text) {
    static constexpr std::string_view kMask = "[REDACTED]";
    std::string out;
    out.reserve(text.size());
    std::size_t i = 0;
    while (i < text.size()) {
        if (!is_base64url(text[i])) {
            out.push_back(text[i++]);
            continue;
        }
        std::size_t end = i;
        while (end < text.size() && is_base64url(text[end])) {
            ++end;
        }
        std::string_view const word = text.substr(i, end - i);
        if (word.starts_with("eyJ") && end < text.size() && text[end] == '.') {
            // A JWT: three dot-separated base64url parts.
            while (end < text.size() && (is_base64url(text[end]) || text[end] == '.')) {
                ++end;
            }
            out.append(kMask);
        } else if (is_secret_word(word) || (word.starts_with("adoc_") && word.size() > 40)) {
            out.append(kMask);
        } else if (word.size() == 1 && (word == "0" || word == "1") && text.substr(end).starts_with(".A") &&
                   text.size() - end > 50) {
            // An Entra refresh token: `1.A…` (or `0.A…`) followed by a long run.
            std::size_t tail = end + 1;
            while (tail < text.size() && (is_base64url(text[tail]) || text[tail] == '.')) {
                ++tail;
            }
            if (tail - end > 50) {
                out.append(kMask);
                end = tail;
            } else {
                out.append(word);
            }
        } else {
            out.append(word);
        }
        i = end;
    }
    return out;
}

void set_capture(std::string* capture) {
    std::lock_guard const lock(g_capture_mutex);
    g_capture = capture;
}

} // namespace core::log
