#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace test {

/// Far beyond what anything here needs, on a busy machine and under a sanitizer: only a hang reaches it.
inline constexpr std::chrono::seconds kPatience{40};

class ProcessOptions {
public:
    std::vector<std::string> arguments;             ///< the first is the program
    std::map<std::string, std::string> environment; ///< beside this process's own; an empty value removes
    std::filesystem::path stdout_file;
    std::filesystem::path stderr_file;
    std::string input; ///< of standard input; a few kilobytes at most
};

/// A child process, ended (SIGKILL, by its id) with the object, and by the kernel when this process dies.
/// Start it from the test's main thread: the kernel's promise is tied to the thread that forked.
class Process {
public:
    explicit Process(ProcessOptions const& options);
    ~Process();
    Process(Process const&) = delete;
    Process& operator=(Process const&) = delete;

    pid_t id() const noexcept { return pid_; }
    bool running();
    void signal(int number);
    /// Waits for its end. Exit code, or 128 + signal. Throws after `patience`.
    int wait(std::chrono::milliseconds patience = kPatience);
    /// SIGTERM, then wait().
    int terminate();
    /// SIGKILL, then wait().
    void kill_now();
    /// The first line of the file that holds `text`. Throws when the process ends before it or after
    /// kPatience.
    std::string wait_for_line(std::filesystem::path const& file, std::string const& text);

private:
    bool reap(bool block);

    pid_t pid_ = -1;
    std::optional<int> exit_code_;
};

class CommandResult {
public:
    int exit_code = -1;
    std::string out;
    std::string err;
};

/// Runs a program to its end; its output is kept as files in `directory` too.
CommandResult run_command(std::filesystem::path const& directory,
                          std::vector<std::string> arguments,
                          std::string input = {},
                          std::map<std::string, std::string> environment = {});

std::string read_text(std::filesystem::path const& file);

/// What the build made, unless the environment names another: `ADO_MCPD_BINARY`, `ADO_SIMULATOR_BINARY`.
std::string daemon_binary();
std::string simulator_binary();

} // namespace test
