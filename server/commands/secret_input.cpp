#include "server/commands/secret_input.hpp"

#include "server/config/private_file.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <string_view>

#include <termios.h>
#include <unistd.h>

namespace server {
namespace {

constexpr std::size_t kMaxBytes = 64 * 1024;

/// Switches echo off, and on again however the reading ends.
class NoEcho {
public:
    NoEcho() {
        if (::tcgetattr(STDIN_FILENO, &before_) == 0) {
            termios quiet = before_;
            quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
            changed_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
        }
    }
    NoEcho(NoEcho const&) = delete;
    NoEcho& operator=(NoEcho const&) = delete;
    ~NoEcho() {
        if (changed_) {
            ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
            std::fputc('\n', stderr);
        }
    }
    bool is_quiet() const noexcept { return changed_; }

private:
    termios before_{};
    bool changed_ = false;
};

core::Result<core::Secret> read_input(bool one_line) {
    std::array<char, kMaxBytes> buffer{};
    std::size_t size = 0;
    core::Result<core::Secret> out =
        core::fail(core::Error(core::ErrorKind::invalid_argument, "more than 64 KiB on stdin")
                       .with_code("secret_input"));
    while (size < buffer.size()) {
        ssize_t const got = ::read(STDIN_FILENO, buffer.data() + size, buffer.size() - size);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            out = core::fail(core::Error(core::ErrorKind::internal, "cannot read stdin: " + errno_text(errno))
                                 .with_code("secret_input"));
            break;
        }
        size += static_cast<std::size_t>(got);
        std::string_view text(buffer.data(), size);
        if (got != 0 && !(one_line && text.find('\n') != std::string_view::npos)) {
            continue;
        }
        text = text.substr(0, text.find_last_not_of("\r\n") + 1);
        out = core::Secret(text);
        break;
    }
    core::wipe(buffer.data(), buffer.size());
    return out;
}

} // namespace

core::Result<core::Secret> read_secret_input(std::string const& prompt) {
    bool const terminal = ::isatty(STDIN_FILENO) == 1;
    core::Result<core::Secret> secret =
        core::fail(core::Error(core::ErrorKind::internal, "the terminal's echo cannot be switched off")
                       .with_code("secret_input"));
    if (terminal) {
        NoEcho const quiet;
        if (!quiet.is_quiet()) {
            return secret;
        }
        std::fputs(prompt.c_str(), stderr);
        std::fflush(stderr);
        secret = read_input(true);
    } else {
        secret = read_input(false);
    }
    if (secret && secret->empty()) {
        return core::fail(
            core::Error(core::ErrorKind::invalid_argument, "nothing was entered").with_code("secret_input"));
    }
    return secret;
}

} // namespace server
