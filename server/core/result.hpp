#pragma once

#include "core/error.hpp"

#include <tl/expected.hpp>

#include <string>
#include <utility>

namespace core {

/// Everything the network, the user or the environment can cause comes back as a Result. Exceptions mean a
/// bug.
template <class T = void>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Error error) {
    return tl::unexpected<Error>(std::move(error));
}

inline tl::unexpected<Error> fail(ErrorKind kind, std::string message) {
    return tl::unexpected<Error>(Error(kind, std::move(message)));
}

} // namespace core

#define ADOMCPD_CONCAT_INNER(a, b) a##b
#define ADOMCPD_CONCAT(a, b) ADOMCPD_CONCAT_INNER(a, b)

// CO_TRY(auto item, co_await f(x)); binds the value or co_returns the error. One per line. The awaited
// expression stands alone in its statement: see the GCC 12 coroutine rules (no aggregate, capture or
// initializer-list temporaries in it).
#define CO_TRY(declaration, ...)                                                                             \
    auto ADOMCPD_CONCAT(adomcpd_result_, __LINE__) = __VA_ARGS__;                                            \
    if (!ADOMCPD_CONCAT(adomcpd_result_, __LINE__))                                                          \
        co_return core::fail(std::move(ADOMCPD_CONCAT(adomcpd_result_, __LINE__)).error());                  \
    declaration = std::move(*ADOMCPD_CONCAT(adomcpd_result_, __LINE__))

// The same for Result<void>.
#define CO_TRY_VOID(...)                                                                                     \
    do {                                                                                                     \
        auto adomcpd_result = __VA_ARGS__;                                                                   \
        if (!adomcpd_result)                                                                                 \
            co_return core::fail(std::move(adomcpd_result).error());                                         \
    } while (false)

// The same two for functions that are not coroutines.
#define ADOMCPD_TRY(declaration, ...)                                                                        \
    auto ADOMCPD_CONCAT(adomcpd_result_, __LINE__) = __VA_ARGS__;                                            \
    if (!ADOMCPD_CONCAT(adomcpd_result_, __LINE__))                                                          \
        return core::fail(std::move(ADOMCPD_CONCAT(adomcpd_result_, __LINE__)).error());                     \
    declaration = std::move(*ADOMCPD_CONCAT(adomcpd_result_, __LINE__))

#define ADOMCPD_TRY_VOID(...)                                                                                \
    do {                                                                                                     \
        auto adomcpd_result = __VA_ARGS__;                                                                   \
        if (!adomcpd_result)                                                                                 \
            return core::fail(std::move(adomcpd_result).error());                                            \
    } while (false)
