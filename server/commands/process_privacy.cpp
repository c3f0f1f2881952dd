#include "server/commands/process_privacy.hpp"

#include "core/secret.hpp"

#include <cstring>
#include <optional>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace server {
namespace {

std::optional<rlimit>& limit_before() {
    static std::optional<rlimit> limit;
    return limit;
}

void hide_environment() {
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        std::size_t const size = std::strlen(*entry);
        // Kept until the process ends, as the environment is.
        char* const copy = ::strdup(*entry);
        if (copy == nullptr) {
            return;
        }
        core::wipe(*entry, size);
        *entry = copy;
    }
}

} // namespace

void keep_process_private() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_CORE, &limit) == 0) {
        limit_before() = limit;
        limit.rlim_cur = 0; // the hard limit stays: core_dumps may take this back
        ::setrlimit(RLIMIT_CORE, &limit);
    }
    ::prctl(PR_SET_DUMPABLE, 0);
    hide_environment();
}

void allow_core_dumps() {
    if (limit_before()) {
        ::setrlimit(RLIMIT_CORE, &*limit_before());
    }
    ::prctl(PR_SET_DUMPABLE, 1);
}

} // namespace server
