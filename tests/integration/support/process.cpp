#include "integration/support/process.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace test {
namespace {

constexpr std::chrono::milliseconds kPoll{5};

[[noreturn]] void give_up(std::string const& what) {
    throw std::runtime_error(what);
}

std::vector<std::string> environment_of(std::map<std::string, std::string> const& changes) {
    std::vector<std::string> result;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        std::string const text = *entry;
        if (!changes.contains(text.substr(0, text.find('=')))) {
            result.push_back(text);
        }
    }
    for (auto const& [name, value] : changes) {
        if (!value.empty()) {
            result.push_back(name + "=" + value);
        }
    }
    return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (std::string& text : texts) {
        result.push_back(text.data());
    }
    result.push_back(nullptr);
    return result;
}

int open_output(std::filesystem::path const& file) {
    int const fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        give_up("cannot write " + file.string());
    }
    return fd;
}

std::string binary(char const* variable, char const* built) {
    char const* const named = std::getenv(variable);
    return named != nullptr && *named != '\0' ? named : built;
}

} // namespace

Process::Process(ProcessOptions const& options) {
    std::vector<std::string> arguments = options.arguments;
    std::vector<std::string> environment = environment_of(options.environment);
    std::vector<char*> const argv = pointers(arguments);
    std::vector<char*> const envp = pointers(environment);
    int const out = open_output(options.stdout_file);
    int const err = open_output(options.stderr_file);
    std::array<int, 2> input{};
    if (::pipe2(input.data(), O_CLOEXEC) != 0) {
        give_up("pipe");
    }
    pid_t const parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) {
        // Only calls that are safe between fork and exec.
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) {
            ::_exit(126);
        }
        ::dup2(input[0], STDIN_FILENO);
        ::dup2(out, STDOUT_FILENO);
        ::dup2(err, STDERR_FILENO);
        ::execve(argv[0], argv.data(), envp.data());
        ::_exit(127);
    }
    ::close(out);
    ::close(err);
    ::close(input[0]);
    if (pid_ < 0) {
        give_up("fork");
    }
    // Less than a pipe holds, so this cannot block; a child that closed its end is its own affair.
    auto const before = std::signal(SIGPIPE, SIG_IGN);
    [[maybe_unused]] ssize_t const written = ::write(input[1], options.input.data(), options.input.size());
    std::signal(SIGPIPE, before);
    ::close(input[1]);
}

Process::~Process() {
    if (running()) {
        signal(SIGKILL);
        reap(true);
    }
}

bool Process::reap(bool block) {
    if (exit_code_) {
        return true;
    }
    int status = 0;
    pid_t got = 0;
    do {
        got = ::waitpid(pid_, &status, block ? 0 : WNOHANG);
    } while (got < 0 && errno == EINTR);
    if (got == pid_) {
        exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return exit_code_.has_value();
}

bool Process::running() {
    return !reap(false);
}

void Process::signal(int number) {
    if (!exit_code_) {
        ::kill(pid_, number);
    }
}

int Process::wait(std::chrono::milliseconds patience) {
    auto const end = std::chrono::steady_clock::now() + patience;
    while (!reap(false)) {
        if (std::chrono::steady_clock::now() > end) {
            give_up("process " + std::to_string(pid_) + " did not end");
        }
        std::this_thread::sleep_for(kPoll);
    }
    return *exit_code_;
}

int Process::terminate() {
    signal(SIGTERM);
    return wait();
}

void Process::kill_now() {
    signal(SIGKILL);
    reap(true);
}

std::string Process::wait_for_line(std::filesystem::path const& file, std::string const& text) {
    auto const end = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
        bool const alive = running();
        std::string const content = read_text(file);
        std::size_t const found = content.find(text);
        std::size_t const line_end = found == std::string::npos ? found : content.find('\n', found);
        if (line_end != std::string::npos) {
            std::size_t const before = content.rfind('\n', found);
            std::size_t const begin = before == std::string::npos ? 0 : before + 1;
            return content.substr(begin, line_end - begin);
        }
        if (!alive || std::chrono::steady_clock::now() > end) {
            give_up("no line with '" + text + "' in " + file.string() + ":\n" + content);
        }
        std::this_thread::sleep_for(kPoll);
    }
}

CommandResult run_command(std::filesystem::path const& directory,
                          std::vector<std::string> arguments,
                          std::string input,
                          std::map<std::string, std::string> environment) {
    static std::atomic<int> count{0};
    std::string const name = "command-" + std::to_string(++count);
    ProcessOptions options;
    options.arguments = std::move(arguments);
    options.environment = std::move(environment);
    options.input = std::move(input);
    options.stdout_file = directory / (name + ".out");
    options.stderr_file = directory / (name + ".err");
    Process process(options);
    CommandResult result;
    result.exit_code = process.wait();
    result.out = read_text(options.stdout_file);
    result.err = read_text(options.stderr_file);
    return result;
}

std::string read_text(std::filesystem::path const& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string daemon_binary() {
    return binary("ADO_MCPD_BINARY", ADO_MCPD_BINARY);
}

std::string simulator_binary() {
    return binary("ADO_SIMULATOR_BINARY", ADO_SIMULATOR_BINARY);
}

} // namespace test
