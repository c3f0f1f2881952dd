#include "server/commands/process_privacy.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

/// What is looked at is the process: each look is in one of its own. The bits of what did not hold.
int in_a_process(std::function<int()> const& look) {
    pid_t const child = ::fork();
    if (child == 0) {
        ::_exit(look());
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status)) << status;
    return WEXITSTATUS(status);
}

rlim_t core_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_CORE, &limit);
    return limit.rlim_cur;
}

bool shown_in_proc(std::string const& text) {
    std::ifstream file("/proc/self/environ", std::ios::binary);
    std::string const bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    return bytes.find(text) != std::string::npos;
}

TEST(ProcessPrivacy, LeavesNoCoreDumpAndCannotBeTraced) {
    EXPECT_EQ(in_a_process([] {
                  rlimit limit{};
                  ::getrlimit(RLIMIT_CORE, &limit);
                  limit.rlim_cur = limit.rlim_max;
                  ::setrlimit(RLIMIT_CORE, &limit);
                  server::keep_process_private();
                  return (core_limit() != 0 ? 1 : 0) | (::prctl(PR_GET_DUMPABLE) != 0 ? 2 : 0);
              }),
              0);
}

TEST(ProcessPrivacy, ConfigurationMayAllowDumpsAgain) {
    EXPECT_EQ(in_a_process([] {
                  rlim_t const before = core_limit();
                  server::keep_process_private();
                  server::allow_core_dumps();
                  return (core_limit() != before ? 1 : 0) | (::prctl(PR_GET_DUMPABLE) != 1 ? 2 : 0);
              }),
              0);
}

TEST(ProcessPrivacy, EnvironmentIsReadableByTheProgramOnly) {
    // PATH is in what the kernel shows of this process; a variable set later never is.
    char const* const path = std::getenv("PATH");
    ASSERT_NE(path, nullptr);
    std::string const before = path;
    EXPECT_EQ(in_a_process([&before] {
                  bool const shown = shown_in_proc("PATH=" + before);
                  server::keep_process_private();
                  char const* const after = std::getenv("PATH");
                  return (shown ? 0 : 1) | (shown_in_proc("PATH=" + before) ? 2 : 0) |
                         (after == nullptr || before != after ? 4 : 0);
              }),
              0);
}

} // namespace
