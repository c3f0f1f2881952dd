#pragma once

#include <chrono>
#include <initializer_list>
#include <string>
#include <string_view>

namespace core {
class Secret;
}

/// Structured logging: an event name and fields, one JSON object (or text line) each on stderr. This facade
/// keeps the logging library out of every other translation unit. Bodies are never logged, secrets cannot be.
namespace core::log {

enum class Level { debug, info, warn, error, off };
enum class Format { json, text };

class Field {
public:
    Field(std::string_view key, std::string_view value);
    Field(std::string_view key, char const* value) : Field(key, std::string_view(value)) {}
    Field(std::string_view key, std::string const& value) : Field(key, std::string_view(value)) {}
    Field(std::string_view key, bool value);
    Field(std::string_view key, int value) : Field(key, static_cast<long long>(value)) {}
    Field(std::string_view key, unsigned value) : Field(key, static_cast<long long>(value)) {}
    Field(std::string_view key, long value) : Field(key, static_cast<long long>(value)) {}
    Field(std::string_view key, long long value);
    Field(std::string_view key, unsigned long value) : Field(key, static_cast<long long>(value)) {}
    /// Written in milliseconds.
    Field(std::string_view key, std::chrono::nanoseconds value);
    Field(std::string_view key, Secret const& value) = delete;

    /// `"key":value` with both encoded as JSON; invalid UTF-8 is replaced, PAT- and JWT-shaped text masked.
    std::string const& encoded() const noexcept { return encoded_; }

private:
    std::string encoded_;
};

using Fields = std::initializer_list<Field>;

/// Before the first event. Without it, events of level info and up go to stderr as JSON.
void configure(Level level, Format format);
Level level() noexcept;
/// Writes what is queued; call before the process ends.
void flush();

void debug(std::string_view event, Fields fields = {});
void info(std::string_view event, Fields fields = {});
void warn(std::string_view event, Fields fields = {});
void error(std::string_view event, Fields fields = {});

/// Masks anything shaped like a PAT, a JWT or an Entra refresh token inside free text (upstream messages,
/// arguments).
std::string mask_secrets(std::string_view text);

/// Tests: every formatted line also goes here while set; nullptr ends it. Not thread-safe against running
/// events.
void set_capture(std::string* sink);

} // namespace core::log
