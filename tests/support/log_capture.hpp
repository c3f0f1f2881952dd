#pragma once

#include "core/log.hpp"

#include <string>
#include <string_view>

namespace test {

/// Catches every log line while it lives, instead of stderr. One at a time. Lower the level with
/// core::log::configure.
class LogCapture {
public:
    LogCapture() { core::log::set_capture(&text_); }
    ~LogCapture() { core::log::set_capture(nullptr); }
    LogCapture(LogCapture const&) = delete;
    LogCapture& operator=(LogCapture const&) = delete;

    std::string const& text() const noexcept { return text_; }
    bool contains(std::string_view part) const noexcept { return text_.find(part) != std::string::npos; }
    void clear() { text_.clear(); }

private:
    std::string text_;
};

} // namespace test
