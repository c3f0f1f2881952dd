#include "core/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace core {

void check_failed(char const* condition, char const* file, int line) noexcept {
    std::fprintf(stderr, "invariant broken: %s at %s:%d\n", condition, file, line);
    std::abort();
}

} // namespace core
